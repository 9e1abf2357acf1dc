package main

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOriginsAreRead(t *testing.T) {
	var o origins
	if err := o.UnmarshalText([]byte("https://dash.example; http://localhost:3000\nhttp://[::1]:8080;https://例.example")); err == nil {
		t.Error("an origin that no browser sends is taken")
	}
	o = nil
	if err := o.UnmarshalText([]byte("https://dash.example; http://localhost:3000\nhttp://[::1]:8080;")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(origins{"https://dash.example", "http://localhost:3000", "http://[::1]:8080"}, o); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, bad := range []string{
		"*", "null", "dash.example", "https://", "https://dash.example/", "https://dash.example/path", "https://*.example",
		"https://me@dash.example", "https://dash.example?q", "https://dash.example#f", "https://Dash.example",
		"https://dash.example:443", "http://dash.example:80", "https://dash.example:", "ftp://dash.example", "https://a.example,https://b.example",
	} {
		if err := new(origins).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	const ours = "https://dash.example"
	i := newInside(t, settings{Introspection: "off", gateSettings: gateSettings{CORSOrigins: origins{ours}, RateLimit: 1}})
	preflight := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"}
	tests := []struct {
		name, method, path, origin string
		headers                    []string
		status                     int
		allowed                    string
	}{
		{"a preflight of ours", "OPTIONS", "/graphql", ours, preflight, 204, ours},
		{"a preflight of another", "OPTIONS", "/graphql", "https://evil.example", preflight, 204, ""},
		{"a preflight of nobody", "OPTIONS", "/graphql", "null", preflight, 204, ""},
		{"a preflight of ours without its scheme", "OPTIONS", "/graphql", "http://dash.example", preflight, 204, ""},
		{"a preflight of another method", "OPTIONS", "/graphql", ours, []string{"Access-Control-Request-Method", "DELETE"}, 204, ""},
		{"a preflight of another path", "OPTIONS", "/healthz", ours, preflight, 405, ""},
		{"a request of ours", "GET", "/graphql", ours, nil, 400, ours},
		{"a refused request of ours", "GET", "/graphql", ours, nil, 429, ours},
		{"a request of another", "GET", "/graphql", "https://evil.example", nil, 429, ""},
		{"public keys", "GET", "/healthz", ours, nil, 200, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := i.send(t, test.method, test.path, "", append(test.headers, "Origin", test.origin)...)
			if allowed := r.header.Get("Access-Control-Allow-Origin"); r.status != test.status || allowed != test.allowed {
				t.Errorf("%d, allowed %q, want %d, %q", r.status, allowed, test.status, test.allowed)
			}
			if got := r.header.Get("Access-Control-Allow-Credentials"); got != "" {
				t.Errorf("credentials are allowed: %s", got)
			}
			if exposed := r.header.Get("Access-Control-Expose-Headers"); test.allowed != "" && test.method == "GET" && exposed != "Retry-After, Ratelimit, Ratelimit-Policy, X-Request-Id" {
				t.Errorf("exposed headers: %q", exposed)
			}
		})
	}
}

func TestWithoutOriginsNobodyIsAllowed(t *testing.T) {
	i := newInside(t, settings{Introspection: "off"})
	r := i.send(t, "OPTIONS", "/graphql", "", "Origin", "https://dash.example", "Access-Control-Request-Method", "POST")
	if got := r.header.Get("Access-Control-Allow-Origin"); got != "" || r.status != http.StatusMethodNotAllowed {
		t.Errorf("%d, allowed %q", r.status, got)
	}
}

func TestDevAllowsItsSimulator(t *testing.T) {
	want := origins{"http://127.0.0.2:8081", "http://localhost:8081", "http://127.0.0.1:8081"}
	if diff := cmp.Diff(want, namesOf("http://127.0.0.2:8081")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	i := newInside(t, settings{Introspection: "off", Playground: "on"})
	for path, own := range map[string]map[string]string{
		"/graphql":               {"Cache-Control": "no-store"},
		"/playground":            {},
		"/healthz":               {},
		"/nowhere":               {},
		"/.well-known/jwks.json": {"Cross-Origin-Resource-Policy": "cross-origin"},
	} {
		want := map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Resource-Policy": "same-origin", "Set-Cookie": "",
		}
		for name, value := range own {
			want[name] = value
		}
		h := i.send(t, "GET", path, "").header
		for name, value := range want {
			if got := h.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", path, name, got, value)
			}
		}
	}
}
