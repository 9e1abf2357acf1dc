package gqlhttp_test

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzPOST sends any body with any headers. Whatever it is, the answer is a
// well-formed response with a code for each error, it is as long as is decent,
// and a value of the request comes back in no message of it.
func FuzzPOST(f *testing.F) {
	for _, document := range []string{
		`{ name }`, `{ dog(name: \"` + canary + `\") { cat } }`, `query($a: Breed) { dog(breed: $a) { name } }`,
		`{ ...f } fragment f on Query { ...f }`, `mutation { feed(name: ` + canary + `) { name } }`,
		`query($a: Boolean = true) { name @include(if: $a) }`, `{ dog { ... @defer { name } } }`,
		`{ dog(tag: {number: \"\\u00e9` + canary + `\"}) { name } }`, `{ __schema { types { name } } }`,
	} {
		f.Add([]byte(`{"query":"`+document+`","variables":{"a":"`+canary+`"}}`), plain, response)
		f.Add([]byte(`{"query":"`+document+`","variables":{"a":null},"operationName":"`+canary+`"}`), "application/json; charset=utf-8", "*/*")
	}
	f.Add([]byte(`[{"query":"{ name }"}]`), "text/plain", "text/html;q=NaN")
	f.Fuzz(func(t *testing.T, body []byte, contentType, accept string) {
		s := newServer(false)
		r := httptest.NewRequest("POST", "/graphql", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Accept", accept)
		got := record(t, s, r)
		if got.status >= 500 {
			t.Errorf("status %d: %s", got.status, got.body)
		}
		if len(got.body) > 64<<10 {
			t.Errorf("%d bytes get %d bytes", len(body), len(got.body))
		}
		if len(s.answered) != 1 {
			t.Errorf("reported %d times", len(s.answered))
		}
		if strings.Contains(string(body), `:"`+canary+`"`) { // a whole value, so no name of the document
			for _, e := range got.errors {
				if strings.Contains(e.Message, canary) {
					t.Errorf("repeats a value: %s", got.body)
				}
			}
		}
	})
}
