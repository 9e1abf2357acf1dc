package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"menshen/wechat/wechattest"
)

// dashboard is where web pages come from that may ask.
const dashboard = "https://dash.example"

// visitOnGuard meets a server that lets few in, and seldom.
func (tr *tour) visitOnGuard() {
	tr.serve("--untrusted-documents", "admin", "--trusted-documents", tr.manifest(), "--cors-origin", dashboard,
		"--trusted-proxies", "127.0.0.0/8", "--rate-limit", "400", "--rate-limit-user", "60", "--login-failures", "20")
	gil, page := tr.login("gil"), tr.open()
	tr.visitTrusted(gil)
	tr.visitForwarded()
	tr.visitPreflights(gil)
	tr.visitFloods(gil, page)
	tr.stop()
}

// manifest writes the documents that all may send.
func (tr *tour) manifest() string {
	tr.t.Helper()
	text, err := json.Marshal(map[string]string{
		"login": loginInApp, "refresh": refreshMutation, "me": wholeMe, "open": openTicket, "redeem": redeemTicket,
		"sha256:" + hashOf(watchTicket): watchTicket,
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	return writeFile(tr.t, string(text))
}

// visitTrusted sends documents that are trusted, by name and in full, and others.
func (tr *tour) visitTrusted(gil pair) {
	code := tr.code("gil")
	for _, document := range []string{
		wholeMe, askForKey, `mutation { login(code: "` + code + `") { accessToken } }`, `{ me { ` + code,
		`mutation { refreshLogin(refreshToken: "` + gil.RefreshToken + `") { accessToken } }`,
	} {
		tr.ask(gil.AccessToken, document, nil)
		tr.overhear(gil.AccessToken, document, nil)
		tr.sendQuery(gil.AccessToken, url.Values{"query": {document}})
	}
	variables := fmt.Sprintf(`"variables":{"app":%q,"id":%[2]q,"secret":%[2]q,"code":%[2]q,"token":%[2]q}`, wechattest.DevAppID, code)
	for _, name := range []string{"login", "refresh", "me", "redeem", "sha256:" + hashOf(watchTicket), code, "sha256:" + code} {
		for _, bearer := range []string{"", gil.AccessToken, tr.house.adminKey} {
			tr.post(fmt.Sprintf(`{"documentId":%q,%s}`, name, variables), forwarded(tr.elsewhere(), bearer))
		}
		s := tr.dial("", nil)
		s.say(greeting(nil))
		s.hear()
		s.subscribe("1", fmt.Sprintf(`{"extensions":{"documentId":%q},%s}`, name, variables))
		s.hear()
		s.hearOut()
	}
}

// forwarded is the header of a request that came by way of a proxy.
func forwarded(addresses, bearer string) map[string]string {
	return map[string]string{"X-Forwarded-For": addresses, "Authorization": "Bearer " + bearer}
}

// elsewhere is an address from which nothing has come.
func (tr *tour) elsewhere() string {
	tr.addresses++
	return fmt.Sprintf("198.51.%d.%d", tr.addresses>>8, tr.addresses&0xff)
}

// visitForwarded has proxies tell of addresses that are none.
func (tr *tour) visitForwarded() {
	for _, secret := range tr.vault.samples() {
		for _, addresses := range []string{
			secret, secret + ", " + tr.elsewhere(), tr.elsewhere() + ", " + secret, tr.elsewhere() + ":" + secret, "[" + secret + "]", "::1%" + secret,
		} {
			tr.post(bodyOf(openTicket, nil), forwarded(addresses, ""))
		}
	}
}

// visitPreflights has browsers ask for pages whether they may ask.
func (tr *tour) visitPreflights(gil pair) {
	for _, secret := range tr.vault.samples() {
		for _, origin := range []string{dashboard, "https://" + secret, secret} {
			for _, header := range []map[string]string{
				{"Access-Control-Request-Method": http.MethodPost, "Access-Control-Request-Headers": "authorization,content-type"},
				{"Access-Control-Request-Method": http.MethodPost, "Access-Control-Request-Headers": strings.ToLower(secret)},
				{"Access-Control-Request-Method": secret, "Access-Control-Request-Headers": secret},
			} {
				header["Origin"] = origin
				tr.send(http.MethodOptions, "/graphql?code="+url.QueryEscape(secret), "", header)
			}
		}
	}
	header := forwarded(tr.elsewhere(), gil.AccessToken)
	header["Origin"] = dashboard
	answer := tr.send(http.MethodPost, "/graphql", bodyOf(wholeMe, nil), header)
	if got := answer.header.Get("Access-Control-Allow-Origin"); got != dashboard {
		tr.t.Errorf("a page of %s may read what %q may", dashboard, got)
	}
}

// visitFloods asks until it is too much, for each limit.
func (tr *tour) visitFloods(gil pair, page ticket) {
	used := tr.code("gil")
	login := bodyOf(loginInApp, map[string]any{"app": wechattest.DevAppID, "code": used})
	guess := bodyOf(redeemTicket, map[string]any{"id": page.ID, "secret": page.Secret + "x"})
	tr.flood(http.StatusTooManyRequests, http.MethodGet, "/"+used, "", gil.AccessToken)
	tr.flood(http.StatusTooManyRequests, http.MethodPost, "/graphql", login, tr.house.adminKey)
	tr.flood(http.StatusOK, http.MethodPost, "/graphql", login, "")
	tr.flood(http.StatusTooManyRequests, http.MethodPost, "/graphql", guess, "")
	tr.flood(http.StatusOK, http.MethodPost, "/graphql", bodyOf(openTicket, nil), "")
	tr.flood(http.StatusOK, http.MethodPost, "/graphql", bodyOf(wholeMe, nil), gil.AccessToken)
}

// flood sends the same from one address until it is refused as too much.
func (tr *tour) flood(status int, method, path, body, bearer string) {
	tr.t.Helper()
	const enough = 1000
	header := forwarded(tr.elsewhere(), bearer)
	for range enough {
		answer := tr.send(method, path, body, header)
		if strings.Contains(answer.body, "Too many requests") && answer.status == status {
			return
		}
	}
	tr.t.Errorf("%d requests to %s are not too many", enough, path)
}
