package gqlhttp_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"menshen/gqlhttp"
)

const (
	known    = "query known { name }" // a document of the manifest
	stranger = "query stranger { name }"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// apq is a body with the extension of automatic persisted queries, and with a
// query if there is one.
func apq(query, hash string) string {
	body := `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}`
	if query != "" {
		body += `,"query":"` + query + `"`
	}
	return body + "}"
}

func byID(id string) string { return `{"documentId":"` + id + `"}` }

// persisting serves a kennel that trusts one document, under a name beside its
// hash, and lets nobody send another if it is strict.
func persisting(t *testing.T, strict bool) *server {
	t.Helper()
	return newServer(false, gqlhttp.Persisted{
		Trusted:     manifest(t, map[string]string{"the-known": known}),
		TrustedOnly: func(context.Context) bool { return strict },
		Texts:       gqlhttp.NewTexts(1 << 20),
	})
}

func TestPersistedDocuments(t *testing.T) {
	for name, test := range map[string]struct {
		body   string
		open   string // the code that it gets, "" for an answer
		strict string // the same where only trusted documents may be sent
	}{
		"a trusted name":              {byID("the-known"), "", ""},
		"a trusted hash":              {byID("sha256:" + hashOf(known)), "", ""},
		"a trusted hash, Apollo's":    {apq("", hashOf(known)), "", ""},
		"a trusted text":              {`{"query":"` + known + `"}`, "", ""},
		"a trusted text and its name": {`{"query":"` + known + `","documentId":"the-known"}`, "", ""},
		"a trusted text and its hash": {apq(known, hashOf(known)), "", ""},
		"another text":                {`{"query":"` + stranger + `"}`, "", "DOCUMENT_NOT_TRUSTED"},
		"another text and its hash":   {apq(stranger, hashOf(stranger)), "", "DOCUMENT_NOT_TRUSTED"},
		"a trusted text, with spaces": {`{"query":"` + known + ` "}`, "", "DOCUMENT_NOT_TRUSTED"},
		"an unknown name":             {byID("canary"), "PERSISTED_QUERY_NOT_FOUND", "DOCUMENT_NOT_TRUSTED"},
		"an unknown hash":             {byID("sha256:" + hashOf(stranger)), "PERSISTED_QUERY_NOT_FOUND", "DOCUMENT_NOT_TRUSTED"},
		"an unknown hash, Apollo's":   {apq("", hashOf(stranger)), "PERSISTED_QUERY_NOT_FOUND", "DOCUMENT_NOT_TRUSTED"},
		"a hash of something else":    {apq(stranger, hashOf(known)), "BAD_REQUEST", "BAD_REQUEST"},
		"a name of something else":    {`{"query":"` + stranger + `","documentId":"the-known"}`, "BAD_REQUEST", "BAD_REQUEST"},
		"a hash in capitals":          {apq(stranger, strings.ToUpper(hashOf(stranger))), "BAD_REQUEST", "BAD_REQUEST"},
		"two names":                   {`{"documentId":"the-known",` + apq("", hashOf(known))[1:], "BAD_REQUEST", "BAD_REQUEST"},
	} {
		for strict, code := range map[bool]string{false: test.open, true: test.strict} {
			t.Run(name, func(t *testing.T) {
				s := persisting(t, strict)
				got := s.do(t, post(test.body))
				if strings.Join(got.codes(), " ") != code || (s.executed.Load() == 1) != (code == "") {
					t.Errorf("strict %t: %d %s, want %q", strict, got.status, got.body, code)
				}
			})
		}
	}
}

func TestExtensionsThatNameNothing(t *testing.T) {
	for _, extensions := range []string{
		`{"persistedQuery":true}`, `{"persistedQuery":[]}`, `{"persistedQuery":{}}`, `{"persistedQuery":"canary"}`,
		`{"persistedQuery":{"version":1}}`, `{"persistedQuery":{"version":1,"sha256Hash":""}}`,
		`{"persistedQuery":{"version":1,"sha256Hash":7}}`, `{"persistedQuery":{"version":2,"sha256Hash":"canary"}}`,
		`{"persistedQuery":{"version":"1","sha256Hash":"canary"}}`, `{"persistedQuery":{"version":{"a":[]},"sha256Hash":{}}}`,
		`{"documentId":7}`, `{"documentId":""}`, `{"documentId":{"canary":1}}`,
	} {
		for media, r := range map[string]*http.Request{
			plain:    post(`{"query":"{ name }","extensions":` + extensions + `}`),
			response: get("query", "{ name }", "extensions", extensions),
		} {
			r.Header.Set("Accept", media)
			s := persisting(t, false)
			got := s.do(t, r)
			got.refusal(t, http.StatusBadRequest, "BAD_REQUEST")
			if s.executed.Load() != 0 || strings.Contains(got.body, "canary") {
				t.Errorf("%s: %s, executed %d times", extensions, got.body, s.executed.Load())
			}
		}
	}
}

// TestAutomaticPersistedQueries is how Apollo's clients go about it.
func TestAutomaticPersistedQueries(t *testing.T) {
	s := persisting(t, false)
	hash := hashOf(stranger)
	extensions := `{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}`

	got := s.do(t, get("extensions", extensions))
	got.refusal(t, http.StatusOK, "PERSISTED_QUERY_NOT_FOUND")
	if message := got.errors[0].Message; message != "PersistedQueryNotFound" {
		t.Errorf("%q is not what clients wait for", message)
	}
	for _, r := range []*http.Request{
		post(apq(stranger, hash)), // with its text, once
		post(apq("", hash)),
		get("extensions", extensions),
		post(byID("sha256:" + hash)),
		get("documentId", "sha256:"+hash),
		get("query", stranger, "extensions", extensions),
	} {
		if got := s.do(t, r); got.status != http.StatusOK || len(got.errors) > 0 {
			t.Errorf("%s %s: %d %s", r.Method, r.URL.RawQuery, got.status, got.body)
		}
	}
}

// TestTheMessageStays has a request carry parts of the message as values, which
// are taken out of other messages.
func TestTheMessageStays(t *testing.T) {
	body := apq("", hashOf(stranger))
	got := persisting(t, false).do(t, post(`{"operationName":"Persisted",`+body[1:]))
	if len(got.errors) != 1 || got.errors[0].Message != "PersistedQueryNotFound" {
		t.Errorf("%s, want PersistedQueryNotFound", got.body)
	}
}

// TestRefusedTextsAreNotRemembered proves that what a rule refuses takes no room.
func TestRefusedTextsAreNotRemembered(t *testing.T) {
	for name, document := range map[string]string{
		"no GraphQL":      "{ name",
		"no valid field":  "{ cat }",
		"too many tokens": "{" + strings.Repeat(" name", tokenLimit) + " }",
		"a wrong hash":    stranger,
	} {
		texts := gqlhttp.NewTexts(1 << 20)
		s := newServer(false, gqlhttp.Persisted{Texts: texts})
		hash := hashOf(document)
		sent := hash
		if document == stranger {
			sent = hashOf(known)
		}
		if got := s.do(t, post(apq(document, sent))); len(got.errors) == 0 {
			t.Errorf("%s: %s", name, got.body)
		}
		if texts.Has(hash) || texts.Has(sent) {
			t.Errorf("%s: it is remembered", name)
		}
	}
}

// TestTextsStayInTheirBound tells the server of more than it has room for.
func TestTextsStayInTheirBound(t *testing.T) {
	const room = 16
	texts := gqlhttp.NewTexts(room * (512 + 20))
	s := newServer(false, gqlhttp.Persisted{Texts: texts})
	document := func(i int) string { return "query q" + string(rune('a'+i)) + "   { name }" } // of 20 bytes
	for i := range room + 1 {
		s.do(t, post(apq(document(i), hashOf(document(i)))))
	}
	for i := range room + 1 {
		if remembered := texts.Has(hashOf(document(i))); remembered != (i > 0) {
			t.Errorf("document %d is remembered: %t", i, remembered)
		}
	}
}

// TestTheSpecificationsExample is of appendix A of the branch persisted-documents.
func TestTheSpecificationsExample(t *testing.T) {
	const document = "query($id:ID!){dog(id:$id){name}}"
	s := newServer(false, gqlhttp.Persisted{Trusted: manifest(t, map[string]string{"sha256:" + hashOf(document): document})})
	got := s.do(t, get("documentId", "sha256:"+hashOf(document), "variables", `{"id":"QVBJcy5ndXJ1"}`))
	if got.status != http.StatusOK || len(got.errors) > 0 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// inJSON encodes what cannot fail.
func inJSON(value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		panic(err) // the test's own mistake
	}
	return string(b)
}
