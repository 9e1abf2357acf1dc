package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
)

// visitQueryStrings asks with GET, so that everything stands where proxies and
// logs see it.
func (tr *tour) visitQueryStrings() {
	geo := tr.bindPhone("geo", "13912340051")
	for _, bearer := range []string{geo.AccessToken, tr.house.adminKey, geo.AccessToken + "x", ""} {
		for _, query := range []url.Values{
			{"query": {wholeMe}}, {"query": {listUsers}}, {"query": {wholeNode}, "variables": {`{"id":"` + geo.User.ID + `"}`}},
		} {
			tr.sendQuery(bearer, query)
		}
	}
	for _, secret := range tr.vault.samples() {
		for _, query := range oddQueryStrings(secret) {
			tr.sendQuery(geo.AccessToken, query)
			tr.sendQuery(tr.house.adminKey, query)
		}
	}
}

func oddQueryStrings(secret string) []url.Values {
	inJSON := []string{`{"id":"` + secret + `","secret":"` + secret + `","code":"` + secret + `","phone":"` + secret + `"}`}
	return []url.Values{
		{"query": {findUser}, "variables": inJSON}, {"query": {wholeNode}, "variables": inJSON},
		{"query": {loginMutation}, "variables": inJSON}, {"query": {redeemTicket}, "variables": inJSON}, {"query": {watchTicket}, "variables": inJSON},
		{"query": {`mutation { login(code: "` + secret + `") { accessToken } }`}}, {"query": {`{ me(token: "` + secret + `") { id } }`}},
		{"query": {secret}}, {"query": {wholeMe, secret}}, {"query": {wholeMe}, "variables": {secret}}, {"query": {wholeMe}, "extensions": {secret}},
		{"query": {wholeMe}, "operationName": {secret}}, {"query": {wholeMe}, "documentId": {secret}}, {"documentId": {secret}},
		{"query": {wholeMe}, "access_token": {secret}}, {secret: {secret}}, {},
	}
}

func (tr *tour) sendQuery(bearer string, query url.Values) {
	tr.t.Helper()
	tr.send(http.MethodGet, "/graphql?"+query.Encode(), "", map[string]string{"Authorization": "Bearer " + bearer})
}

// visitPersisted names documents, some of which have a secret in them, before and
// after the server knows them.
func (tr *tour) visitPersisted() {
	code := tr.code("mei")
	text := `mutation { login(code: "` + code + `") { accessToken refreshToken } }`
	hash := hashOf(text)
	for _, beside := range []string{"", fmt.Sprintf(`"query":%q,`, text), ""} {
		tr.post(`{`+beside+`"extensions":{"persistedQuery":{"version":1,"sha256Hash":"`+hash+`"}}}`, nil)
	}
	tr.post(`{"documentId":"sha256:`+hash+`"}`, nil)
	tr.post(`{"documentId":"sha256:`+hash+`","query":"{ me { id } }"}`, nil)
	for _, secret := range tr.vault.samples() {
		for _, naming := range []string{
			`"documentId":"` + secret + `"`, `"documentId":"sha256:` + secret + `"`, `"documentId":["` + secret + `"]`,
			`"extensions":{"persistedQuery":"` + secret + `"}`, `"extensions":{"documentId":"` + secret + `"}`, `"extensions":"` + secret + `"`,
			`"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + secret + `"}}`,
			`"extensions":{"persistedQuery":{"version":"` + secret + `","sha256Hash":"` + hash + `"}}`,
		} {
			tr.post("{"+naming+"}", nil)
			tr.post(`{"query":"{ me { id } }",`+naming+"}", nil)
		}
	}
}

// hashOf is the name of a document.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
