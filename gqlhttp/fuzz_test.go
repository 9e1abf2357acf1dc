package gqlhttp_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"menshen/gqlhttp"
)

// FuzzHTTP sends any body or query string with any headers. Whatever it is, the
// answer is a well-formed response with a code for each error, it is as long as
// is decent, and a value of the request comes back in no message of it.
func FuzzHTTP(f *testing.F) {
	for _, document := range []string{
		`{ name }`, `{ dog(name: \"` + canary + `\") { cat } }`, `query($a: Breed) { dog(breed: $a) { name } }`,
		`{ ...f } fragment f on Query { ...f }`, `mutation { feed(name: ` + canary + `) { name } }`,
		`query($a: Boolean = true) { name @include(if: $a) }`, `{ dog { ... @defer { name } } }`,
		`{ dog(tag: {number: \"\\u00e9` + canary + `\"}) { name } }`, `{ __schema { types { name } } }`,
		`subscription { name }`,
	} {
		f.Add([]byte(`{"query":"`+document+`","variables":{"a":"`+canary+`"}}`), plain, response, "", "gzip")
		f.Add([]byte(`{"query":"`+document+`","variables":{"a":null},"operationName":"`+canary+`"}`), "application/json; charset=utf-8", "*/*", "", "")
	}
	f.Add([]byte(`[{"query":"{ name }"}]`), "text/plain", "text/html;q=NaN", "gzip", "*;q=0")
	f.Add([]byte(`{"documentId":"sha256:`+canary+`","extensions":{"persistedQuery":{"version":1}}}`), plain, plain, "", "")
	f.Add([]byte(`query={name}&variables={"a":"`+canary+`"}`), "", "text/event-stream, */*;q=0.1", "", "")
	f.Add([]byte(`query=%7Bname%7D&extensions={"persistedQuery":{"version":1,"sha256Hash":"`+canary+`"}}`), "", plain, "", "")
	f.Add([]byte(`query=%ff&query=;`), "", plain, "", "")
	f.Fuzz(func(t *testing.T, content []byte, contentType, accept, contentEncoding, acceptEncoding string) {
		post := httptest.NewRequest("POST", "/graphql", bytes.NewReader(content))
		get := httptest.NewRequest("GET", "/graphql", nil)
		get.URL.RawQuery = string(content)
		for _, r := range []*http.Request{post, get} {
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("Accept", accept)
			r.Header.Set("Content-Encoding", contentEncoding)
			r.Header.Set("Accept-Encoding", acceptEncoding)
			s := newServer(false, gqlhttp.Persisted{Texts: gqlhttp.NewTexts(1 << 20)})
			got := record(t, s, r)
			got.harmless(t, content)
			if len(s.answered) != 1 {
				t.Errorf("reported %d times", len(s.answered))
			}
		}
	})
}

// harmless checks what holds for the answer to whatever was sent.
func (a *answer) harmless(t *testing.T, sent []byte) {
	t.Helper()
	if a.status >= 500 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	if len(a.body) > 64<<10 {
		t.Errorf("%d bytes get %d bytes", len(sent), len(a.body))
	}
	if !strings.Contains(string(sent), `:"`+canary+`"`) { // else it is a whole value, and so no name of the document
		return
	}
	for _, e := range a.errors {
		if strings.Contains(e.Message, canary) {
			t.Errorf("repeats a value: %s", a.body)
		}
	}
}
