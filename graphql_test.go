package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"menshen/gqlhttp"
	"menshen/resolvers"
)

func TestBodyAndTokenLimits(t *testing.T) {
	i := newInside(t, settings{Introspection: "off"})
	around := `{"query":"{ __typename }","variables":{"a":""}}`
	for size, status := range map[int]int{maxBody: http.StatusOK, maxBody + 1: http.StatusRequestEntityTooLarge} {
		body := strings.Replace(around, `""`, `"`+strings.Repeat("x", size-len(around))+`"`, 1)
		r := i.send(t, "POST", "/graphql", body, "Content-Type", "application/json")
		if r.status != status {
			t.Errorf("%d bytes: %d, want %d: %s", len(body), r.status, status, r.body)
		}
	}
	r := i.ask(t, "", "{"+strings.Repeat(" __typename", gqlhttp.Defaults.Tokens)+" }")
	if r.codes() != "QUERY_TOO_COMPLEX" || !strings.Contains(r.body, fmt.Sprint(gqlhttp.Defaults.Tokens)) {
		t.Errorf("%d tokens and more: %s", gqlhttp.Defaults.Tokens, r.body)
	}
}

// TestStreamsOfANetworkCountTogether holds a caller's name against those of others:
// one customer has a /64 of IPv6 whole.
func TestStreamsOfANetworkCountTogether(t *testing.T) {
	streams := newStreams(settings{}, &resolvers.Resolver{})
	from := func(address string) string {
		note := &requestNote{Request: resolvers.Request{IPAddress: address}}
		return streams.Caller(context.WithValue(t.Context(), noteKey{}, note))
	}
	for other, want := range map[string]bool{"2001:db8::2": true, "2001:db8:0:1::1": false, "192.0.2.1": false} {
		if same := from("2001:db8::1") == from(other); same != want {
			t.Errorf("2001:db8::1 and %s are one caller: %t, want %t", other, same, want)
		}
	}
}

// attacks are documents that have hurt GraphQL servers. Each fits the limits
// on body and tokens or is refused by them, and is answered either way.
func attacks() map[string]string {
	var spreads, conflicts strings.Builder
	spreads.WriteString("{ me { ...f0 } }")
	conflicts.WriteString("{ me { ...a0 ...b0 } }")
	for n := range 55 {
		fmt.Fprintf(&spreads, " fragment f%d on User { ...f%d ...f%d }", n, n+1, n+1)
		fmt.Fprintf(&conflicts, " fragment a%d on User { x: id ...a%d } fragment b%d on User { x: id ...b%d }", n, n+1, n, n+1)
	}
	spreads.WriteString(" fragment f55 on User { id }")
	conflicts.WriteString(" fragment a55 on User { id } fragment b55 on User { id }")
	return map[string]string{
		"spreads without end":       spreads.String(),
		"conflicts in fragments":    conflicts.String(),
		"a circle":                  `{ me { ...a } } fragment a on User { ...b } fragment b on User { ...a }`,
		"a field over and over":     "{" + strings.Repeat(" me { id }", 240) + " }",
		"fragments over and over":   "{" + strings.Repeat(" ... { me { id } }", 120) + " }",
		"many names for one field":  aliased("me { id }", 150),
		"many names for the schema": aliased("__schema { types { name } }", 100),
		"depth":                     "{ me " + strings.Repeat("{ ... ", 450) + "{ id }" + strings.Repeat(" }", 450) + " }",
		"depth beyond the parser":   strings.Repeat("{a", 60_000),
		"a list in a list":          "{ node(id: " + strings.Repeat("[", 60_000),
		"directives":                "{ me" + strings.Repeat(" @skip(if: false)", 150) + " { id } }",
		"unknown directives":        "{ me" + strings.Repeat(" @a", 450) + " { id } }",
		"mistakes":                  "{" + strings.Repeat(" mee", 900) + " }",
		"a name without end":        "{ " + strings.Repeat("n", 100_000) + " }",
		"a name in every mistake":   "query " + strings.Repeat("n", 60_000) + " {" + strings.Repeat(" node(id: $a) { id }", 80) + " }",
		"commas":                    strings.Repeat(",", 120_000),
		"comments":                  strings.Repeat("#\n", 30_000) + "{ me { id } }",
		"a deferred part":           "{ me { ... @defer { sessions { id } } } }",
		"introspection in a circle": "{ __schema { types" + strings.Repeat(" { fields { type", 20) + " { name" + strings.Repeat(" } }", 20) + " } } }",
	}
}

// aliased asks for a field under many names.
func aliased(field string, count int) string {
	var b strings.Builder
	for n := range count {
		fmt.Fprintf(&b, " a%d: %s", n, field)
	}
	return "{" + b.String() + " }"
}

func TestAttacksAreAnswered(t *testing.T) {
	i := newInside(t, settings{Introspection: "on"})
	access := i.login(t)
	for name, document := range attacks() {
		t.Run(name, func(t *testing.T) {
			r := i.ask(t, "Bearer "+access, document)
			if r.status >= 500 || len(r.body) > 2<<20 {
				t.Errorf("%d bytes get %d with %d bytes", len(document), r.status, len(r.body))
			}
			for _, e := range r.Errors {
				if e.Extensions.Code == "" || e.Extensions.Code == "INTERNAL" {
					t.Errorf("%s", r.body[:min(len(r.body), 500)])
				}
			}
		})
	}
}

// TestNullForADefault is about variables that are null though they have a
// default: validation lets them into places where null may not stand.
func TestNullForADefault(t *testing.T) {
	i := newInside(t, settings{Introspection: "off"})
	access := i.login(t)
	for document, code := range map[string]string{
		`query($a: Boolean = true) { me @include(if: $a) { id } }`:                                                          "GRAPHQL_VALIDATION_FAILED",
		`query($a: ID = \"x\") { node(id: $a) { id } }`:                                                                     "",
		`mutation($a: String = \"x\") { refreshLogin(refreshToken: $a) { openId } }`:                                        "UNAUTHENTICATED",
		`mutation($a: String = \"x\") { login(code: $a) { openId } }`:                                                       "LOGIN_CODE_INVALID",
		`mutation($a: String = \"x\") { login(code: \"x\", profile: {encryptedData: $a, iv: $a}) { openId } }`:              "BAD_USER_INPUT",
		`mutation($a: String = \"x\") { decryptOpenData(encryptedData: $a, iv: $a) { __typename } }`:                        "BAD_USER_INPUT",
		`mutation($a: EncryptedDataInput = {encryptedData: \"\", iv: \"\"}) { login(code: \"x\", profile: $a) { openId } }`: "LOGIN_CODE_INVALID",
	} {
		r := i.send(t, "POST", "/graphql", `{"query":"`+document+`","variables":{"a":null}}`, "Content-Type", "application/json", "Authorization", "Bearer "+access)
		if err := json.Unmarshal([]byte(r.body), &r.graphQL); err != nil || r.status != http.StatusOK || r.codes() != code {
			t.Errorf("%s: %v %d %s, want %q", document, err, r.status, r.body, code)
		}
	}
}

// FuzzHTTP sends any body with any headers to /graphql, with and without a
// login state. No answer is a 5xx, each is JSON, and each error has a code,
// which is never INTERNAL: nothing a client sends is the server's fault.
func FuzzHTTP(f *testing.F) {
	i := newInside(f, settings{Introspection: "on", Playground: "on"})
	for _, document := range []string{
		`{ me { id sessions { id current } identities { openId } profile { gender } } }`, `{ node(id: \"usr_0\") { id } }`,
		`mutation { login(code: \"x\", profile: {encryptedData: \"AAAA\", iv: \"\"}) { accessToken } }`,
		`mutation { refreshLogin(refreshToken: \"mrt_\") { accessToken user { id } } }`,
		`mutation { logout(everywhere: true) { endedSessions } revokeSession(id: \"ses_0\") { id } }`,
		`mutation { decryptProfile(encryptedData: \"AAAAAAAAAAAAAAAAAAAAAA==\", iv: \"AAAAAAAAAAAAAAAAAAAAAA==\") { user { id } } }`,
		`query($a: Boolean = true) { me @skip(if: $a) { ... @defer { id } } }`, `{ __schema { types { name } } }`,
	} {
		for _, signedIn := range []bool{true, false} {
			f.Add([]byte(`{"query":"`+document+`","variables":{"a":null}}`), "application/json", "*/*", "Bearer "+testAdminKey, signedIn)
		}
	}
	var access string
	f.Fuzz(func(t *testing.T, body []byte, contentType, accept, authorization string, signedIn bool) {
		if signedIn && access == "" {
			access = i.login(t)
		}
		if signedIn {
			authorization = "Bearer " + access
		}
		r := httptest.NewRequest("POST", "/graphql", strings.NewReader(string(body)))
		r.Header = http.Header{"Content-Type": {contentType}, "Accept": {accept}, "Authorization": {authorization}}
		w := httptest.NewRecorder()
		i.handler.ServeHTTP(w, r)
		var got graphQL
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code >= 500 {
			t.Fatalf("%v: %d %q", err, w.Code, w.Body)
		}
		for _, e := range got.Errors {
			if e.Extensions.Code == "" || e.Extensions.Code == "INTERNAL" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		if strings.Contains(w.Body.String(), `"endedSessions"`) || strings.Contains(w.Body.String(), `"revokeSession"`) {
			access = ""
		}
		i.log.reset()
	})
}
