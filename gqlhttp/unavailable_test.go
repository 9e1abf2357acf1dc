package gqlhttp_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// away answers with this data, and an error with this code.
type away struct{ data, code string }

func (away) ExtensionName() string                   { return "away" }
func (away) Validate(graphql.ExecutableSchema) error { return nil }
func (a away) InterceptResponse(context.Context, graphql.ResponseHandler) *graphql.Response {
	return &graphql.Response{
		Data:   json.RawMessage(a.data),
		Errors: gqlerror.List{{Message: "Come again.", Extensions: map[string]any{"code": a.code, "retryAfter": 3}}},
	}
}

// TestNothingCameOfIt has fields fail because the server cannot work for now.
func TestNothingCameOfIt(t *testing.T) {
	for name, test := range map[string]struct {
		away
		status int
	}{
		"no data":               {away{`null`, "AWAY"}, 503},
		"a field without value": {away{`{"name":null}`, "AWAY"}, 503},
		"none with a value":     {away{`{"name":null,"dog":null}`, "AWAY"}, 503},
		"one with a value":      {away{`{"name":null,"dog":{"name":"Rex"}}`, "AWAY"}, 200},
		"a value that is false": {away{`{"good":false}`, "AWAY"}, 200},
		"another error":         {away{`null`, "GONE"}, 200},
	} {
		for _, media := range []string{plain, response} {
			t.Run(name+" as "+media, func(t *testing.T) {
				s := newServer(false, test.away)
				got := s.do(t, asking(media, "{ name }", nil))
				if got.status != test.status || string(got.members["data"]) != test.data {
					t.Errorf("%d %s, want %d and the data", got.status, got.body, test.status)
				}
				if got.header.Get("Retry-After") != "3" {
					t.Errorf("Retry-After %q, want 3", got.header.Get("Retry-After"))
				}
			})
		}
	}
}
