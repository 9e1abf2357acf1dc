package gqlhttp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// get is a request with parameters in its query string, names and values in turn.
func get(parameters ...string) *http.Request {
	values := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		values.Add(parameters[i], parameters[i+1])
	}
	return httptest.NewRequest(http.MethodGet, "/graphql?"+values.Encode(), nil)
}

func TestGet(t *testing.T) {
	for name, r := range map[string]*http.Request{
		"a query":                get("query", "{ name }"),
		"with all parameters":    get("query", "query q($n: String) { dog(name: $n) { name } }", "operationName", "q", "variables", `{"n":"Rex"}`, "extensions", `{"x":[1]}`),
		"with empty ones":        get("query", "{ name }", "operationName", "", "variables", "", "extensions", "", "documentId", ""),
		"with null":              get("query", "{ name }", "variables", "null", "extensions", "null"),
		"with an unknown one":    get("query", "{ name }", "unknown", "1", "unknown", "2"),
		"without percent signs":  httptest.NewRequest(http.MethodGet, "/graphql?query={name}", nil),
		"a query beside another": get("query", "query a { name } mutation b { feed(name: \"Rex\") { name } }", "operationName", "a"),
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(false)
			got := s.do(t, r)
			if got.status != http.StatusOK || len(got.errors) > 0 || s.executed.Load() != 1 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
}

func TestGetThatIsNoRequest(t *testing.T) {
	raw := func(query string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/graphql", nil)
		r.URL.RawQuery = query
		return r
	}
	for name, test := range map[string]struct {
		request *http.Request
		message string
	}{
		"nothing":               {get(), "The request has no query."},
		"an empty query":        {get("query", ""), "The request has no query."},
		"two queries":           {get("query", "{ name }", "query", "{ canary }"), "query comes more than once."},
		"two operations":        {get("query", "{ name }", "operationName", "", "operationName", ""), "operationName comes more than once."},
		"variables twice":       {get("query", "{ name }", "variables", "{}", "variables", "{}"), "variables comes more than once."},
		"variables of a list":   {get("query", "{ name }", "variables", `["canary"]`), "variables must be an object in JSON."},
		"variables of no JSON":  {get("query", "{ name }", "variables", "canary"), "variables must be an object in JSON."},
		"something behind":      {get("query", "{ name }", "variables", "{} canary"), "variables must be an object in JSON."},
		"extensions of a text":  {get("query", "{ name }", "extensions", `"canary"`), "extensions must be an object in JSON."},
		"invalid UTF-8":         {raw("query={name}&operationName=canary%ff"), "operationName is not valid UTF-8."},
		"invalid UTF-8 in JSON": {raw("query={name}&variables={%22a%22:%22canary%ff%22}"), "variables is not valid UTF-8."},
		"half a percent sign":   {raw("query={name}&variables=canary%2"), "The query string cannot be read."},
		"a semicolon":           {raw("query={name};canary"), "The query string cannot be read."},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(false)
			got := s.do(t, test.request)
			got.refusal(t, http.StatusBadRequest, "BAD_REQUEST")
			if got.errors[0].Message != test.message || s.executed.Load() != 0 {
				t.Errorf("%s, want %q and nothing executed", got.body, test.message)
			}
		})
	}
}

// TestGetChangesNothing is about what a page of another origin can have a
// browser fetch.
func TestGetChangesNothing(t *testing.T) {
	for _, document := range []string{`mutation { feed(name: "Rex") { name } }`, "subscription { name }"} {
		for _, media := range []string{plain, response} {
			s := newServer(false)
			r := get("query", document)
			r.Header.Set("Accept", media)
			got := s.do(t, r)
			got.refusal(t, http.StatusMethodNotAllowed, "BAD_REQUEST")
			if allow := got.header.Get("Allow"); allow != http.MethodPost || s.executed.Load() != 0 {
				t.Errorf("%s: Allow %q, executed %d times", document, allow, s.executed.Load())
			}
		}
	}
}
