package gqlhttp_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestContentType(t *testing.T) {
	for value, status := range map[string]int{
		"application/json":                         200,
		"application/json; charset=utf-8":          200,
		"application/json;charset=UTF-8":           200,
		`Application/JSON; charset="utf-8"`:        200,
		"application/json; charset=utf-8; other=1": 200,
		"":                                          415,
		"application/json; charset=latin1":          415,
		"application/json; charset=utf-16":          415,
		"application/json; charset":                 415,
		"application/json, text/plain":              415,
		"application/graphql":                       415,
		"application/graphql-response+json":         415,
		"application/jsonx":                         415,
		"text/plain":                                415,
		"text/json":                                 415,
		"application/x-www-form-urlencoded":         415,
		"multipart/form-data; boundary=b":           415,
		"application/json; charset=utf-8; charset=": 415,
	} {
		t.Run(value, func(t *testing.T) {
			s := newServer(false)
			r := post(`{"query":"{ name }"}`)
			r.Header.Set("Content-Type", value)
			got := s.do(t, r)
			if got.status != status {
				t.Errorf("status %d, want %d: %s", got.status, status, got.body)
			}
			if status != http.StatusOK {
				got.refusal(t, status, "BAD_REQUEST")
			}
		})
	}
}

// TestForms proves that a page of another origin cannot send a mutation
// without asking first: what a browser sends unasked is refused.
func TestForms(t *testing.T) {
	s := newServer(false)
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", ""} {
		r := post(`{"query":"mutation { feed(name: \"Rex\") { name } }"}`)
		r.Header.Set("Content-Type", kind)
		got := s.do(t, r)
		got.refusal(t, http.StatusUnsupportedMediaType, "BAD_REQUEST")
	}
	if n := s.executed.Load(); n != 0 {
		t.Errorf("%d mutations ran", n)
	}
}

func TestAccept(t *testing.T) {
	for _, test := range []struct {
		name   string
		accept []string
		want   string // "" for 406
	}{
		{"none", nil, plain},
		{"empty", []string{""}, plain},
		{"everything", []string{"*/*"}, plain},
		{"every application", []string{"application/*"}, plain},
		{"the old", []string{plain}, plain},
		{"the new", []string{response}, response},
		{"both, the new first", []string{response + ", " + plain}, response},
		{"both, the old first", []string{plain + ", " + response}, plain},
		{"both, by weight", []string{plain + ";q=0.5, " + response + ";q=0.9"}, response},
		{"the new and all else", []string{response + ", */*;q=0.1"}, response},
		{"in two headers", []string{"text/html", response}, response},
		{"with a charset", []string{response + "; charset=utf-8, application/json; charset=utf-8;q=0.9"}, response},
		{"a browser", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, plain},
		{"spelt large", []string{"APPLICATION/GraphQL-Response+JSON"}, response},
		{"a page", []string{"text/html"}, ""},
		{"a stream of events", []string{"text/event-stream"}, ""},
		{"the exact decides", []string{"*/*;q=0.9, " + plain + ";q=0.1"}, response},
		{"the exact forbids", []string{"*/*, " + plain + ";q=0, application/*;q=0.5"}, response},
		{"the exact forbids all", []string{"*/*, " + plain + ";q=0, " + response + ";q=0"}, ""},
		{"with its charset more exact", []string{response + ";q=0.5, " + plain + ";q=0.1, " + plain + ";charset=utf-8"}, plain},
		{"in another charset", []string{plain + ";charset=utf-16"}, ""},
		{"every text", []string{"text/*"}, ""},
		{"a weight above all", []string{plain + ";q=7, " + response + ";q=0.1"}, response},
		{"a weight below nothing", []string{plain + ";q=-1"}, ""},
		{"garbage before", []string{"/;q, " + response}, response},
		{"forbidden by weight", []string{plain + ";q=0"}, ""},
		{"a weight that is none", []string{plain + ";q=much"}, ""},
		{"a weight that is not a number", []string{plain + ";q=NaN"}, ""},
		{"garbage", []string{";;;,/,"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := post(`{"query":"{ name }"}`)
			r.Header["Accept"] = test.accept
			got := newServer(false).do(t, r)
			if test.want == "" {
				got.refusal(t, http.StatusNotAcceptable, "BAD_REQUEST")
				if list := got.header.Get("Accept"); !strings.Contains(list, plain) || !strings.Contains(list, response) {
					t.Errorf("Accept %q does not say what there is", list)
				}
				return
			}
			if media, _, _ := strings.Cut(got.header.Get("Content-Type"), ";"); got.status != 200 || media != test.want {
				t.Errorf("%d %s, want 200 %s", got.status, media, test.want)
			}
		})
	}
}
