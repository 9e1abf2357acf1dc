package gqlhttp_test

import (
	"net/http"
	"strings"
	"testing"

	"menshen/gqlhttp"
)

// room has so many bytes for everybody, and is asked by one request at a time.
type room struct {
	left int
	keys []string // that have entered
}

func (r *room) Enter(key string, bytes int) bool {
	if bytes > r.left {
		return false
	}
	r.left -= bytes
	r.keys = append(r.keys, key)
	return true
}

func (r *room) Leave(_ string, bytes int) { r.left += bytes }

func TestAnswersAreBounded(t *testing.T) {
	const large = 20 << 10
	for name, test := range map[string]struct {
		answers gqlhttp.Answers
		length  int
		status  int
		code    string
	}{
		"any":                      {gqlhttp.Answers{}, large, 200, ""},
		"as long as may be":        {gqlhttp.Answers{Bytes: large}, large, 200, ""},
		"one byte more":            {gqlhttp.Answers{Bytes: large}, large + 1, 200, "QUERY_TOO_COMPLEX"},
		"room for it":              {gqlhttp.Answers{Room: &room{left: large}}, large, 200, ""},
		"no room for it":           {gqlhttp.Answers{Room: &room{left: large - 1}}, large, 503, "RATE_LIMITED"},
		"a small one, and no room": {gqlhttp.Answers{Room: &room{}}, 16 << 10, 200, ""},
	} {
		for _, document := range []string{"{ name }", `mutation { feed(name: "Rex") { name } }`} {
			t.Run(name+" to "+document, func(t *testing.T) {
				s := newServer(false, test.answers)
				s.data = `{"name":"` + strings.Repeat("x", test.length-len(`{"name":""}`)) + `"}`
				before := test.answers
				got := s.do(t, asking(plain, document, nil))
				if got.status != test.status || strings.Join(got.codes(), " ") != test.code {
					t.Errorf("%d %.200s, want %d %s", got.status, got.body, test.status, test.code)
				}
				if test.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") == "" {
					t.Error("no word when to come again")
				}
				if r, ok := before.Room.(*room); ok && len(r.keys) > 0 && r.left != large {
					t.Errorf("%d bytes left, want all %d again", r.left, large)
				}
			})
		}
	}
}
