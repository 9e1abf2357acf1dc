package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// limited are settings with so many requests a minute, behind a proxy on loopback.
func limited(t *testing.T, perMinute int) settings {
	t.Helper()
	s := settings{Introspection: "off", gateSettings: gateSettings{RateLimit: perMinute}}
	if err := s.TrustedProxies.UnmarshalText([]byte("127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTooManyRequestsAreRefused(t *testing.T) {
	i := newInside(t, limited(t, 1))
	i.send(t, "GET", "/graphql", "", "X-Forwarded-For", "198.51.100.1")
	i.send(t, "GET", "/nowhere", "", "X-Forwarded-For", "198.51.100.2")
	tests := []struct {
		method, path, from string
		status             int
		contentType        string
	}{
		{"POST", "/graphql", "198.51.100.1", 429, "application/json; charset=utf-8"},
		{"GET", "/graphql", "198.51.100.1", 429, "application/json; charset=utf-8"},
		{"GET", "/.well-known/jwks.json", "198.51.100.1", 429, "text/plain; charset=utf-8"},
		{"GET", "/playground", "198.51.100.1", 429, "text/plain; charset=utf-8"},
		{"GET", "/nowhere", "198.51.100.2", 429, "text/plain; charset=utf-8"},
		{"GET", "/.well-known/jwks.json", "198.51.100.3", 200, "application/jwk-set+json"},
		{"GET", "/healthz", "198.51.100.1", 200, "text/plain; charset=utf-8"},
		{"GET", "/readyz", "198.51.100.1", 200, "text/plain; charset=utf-8"},
		{"GET", "/metrics", "198.51.100.1", 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"},
		{"GET", "/wechat/push/wxone", "198.51.100.1", 404, "text/plain; charset=utf-8"},
	}
	for _, test := range tests {
		r := i.send(t, test.method, test.path, "", "X-Forwarded-For", test.from)
		if r.status != test.status || r.header.Get("Content-Type") != test.contentType {
			t.Errorf("%s %s: %d %s, want %d %s", test.method, test.path, r.status, r.header.Get("Content-Type"), test.status, test.contentType)
		}
		if refused := r.status == http.StatusTooManyRequests; refused != (r.header.Get("Retry-After") == "60") {
			t.Errorf("%s %s: %d with Retry-After %q", test.method, test.path, r.status, r.header.Get("Retry-After"))
		}
	}
	if got := len(i.log.lines(t, "rate limit reached; said once a minute of one address")); got != 2 {
		t.Errorf("%d lines in the log, want one for each address", got)
	}
	if metrics := i.send(t, "GET", "/metrics", "").body; !strings.Contains(metrics, `menshen_rate_limited_total{limit="address"} 5`+"\n") {
		t.Error("the metrics do not tell of five refusals")
	}
}

func TestARefusalIsAGraphQLError(t *testing.T) {
	i := newInside(t, limited(t, 4))
	for range 4 {
		i.ask(t, "", "{ __typename }")
	}
	r := i.ask(t, "", "{ __typename }")
	want := `{"errors":[{"message":"Too many requests. Wait before trying again.","extensions":{"code":"RATE_LIMITED","retryAfter":15}}]}`
	if got := strings.TrimSpace(r.body); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestTheQuotaIsTold reads the fields as draft-ietf-httpapi-ratelimit-headers-11
// writes them.
func TestTheQuotaIsTold(t *testing.T) {
	i := newInside(t, limited(t, 2))
	var got []string
	for range 3 {
		r := i.ask(t, "", "{ __typename }")
		got = append(got, fmt.Sprint(r.status, " ", r.header.Get("RateLimit-Policy"), " ", r.header.Get("RateLimit")))
	}
	want := []string{
		`200 "address";q=2;w=60 "address";r=1;t=30`,
		`200 "address";q=2;w=60 "address";r=0;t=30`,
		`429 "address";q=2;w=60 "address";r=0;t=30`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if h := newInside(t, settings{}).ask(t, "", "{ __typename }").header; h.Get("RateLimit") != "" {
		t.Errorf("without a limit RateLimit is %s", h.Get("RateLimit"))
	}
}

func TestForwardedByStrangers(t *testing.T) {
	s := limited(t, 0)
	s.TrustedProxies = nil
	i := newInside(t, s)
	for range 3 {
		i.send(t, "GET", "/graphql", "", "X-Forwarded-For", "198.51.100.1")
	}
	for _, line := range i.log.lines(t, "request") {
		if line["address"] != "127.0.0.1" {
			t.Errorf("a stranger is taken for %s", line["address"])
		}
	}
	if got := len(i.log.lines(t, "X-Forwarded-For from an address that is not in --trusted-proxies is ignored, now and later")); got != 1 {
		t.Errorf("%d lines in the log, want one for the process", got)
	}
}

func TestTheClientBehindAProxyIsNoted(t *testing.T) {
	i := newInside(t, limited(t, 0))
	i.send(t, "GET", "/graphql", "", "X-Forwarded-For", "192.0.2.1, 198.51.100.1")
	if line := i.log.lines(t, "request")[0]; line["address"] != "198.51.100.1" {
		t.Errorf("the log says %s", line["address"])
	}
}

// TestOperationsOfASocketCount counts one request and the operations that came after it.
func TestOperationsOfASocketCount(t *testing.T) {
	e := newEntrance(parts{settings: limited(t, 3), meters: newMeters(), log: slog.New(slog.DiscardHandler)})
	var got []string
	h := e.admit(everyRequest(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for range 3 {
			body, err := json.Marshal(e.operation(r.Context()))
			if err != nil {
				t.Error(err)
			}
			got = append(got, string(body))
		}
	}), e.log))
	(&inside{handler: h}).send(t, "GET", "/graphql", "")
	want := []string{"null", "null", `{"message":"Too many requests. Wait before trying again.","extensions":{"code":"RATE_LIMITED","retryAfter":20}}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLimitsOfTheResolvers(t *testing.T) {
	m := newMeters()
	l := newLimits(settings{gateSettings: gateSettings{LoginFailures: 1, RateLimitUser: 1}}, m)
	for range 2 {
		l.LoginFailures.Begin("2001:db8::1")
		l.Users.Take("usr_1")
		l.Apps.Take("wxone")
	}
	if wait := l.LoginFailures.Begin("2001:db8::2"); wait == 0 {
		t.Error("a neighbour of the same /64 has a count of its own")
	}
	metrics := httptest.NewRecorder()
	m.handler().ServeHTTP(metrics, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`{limit="login_failures"} 2`, `{limit="user"} 1`, `{limit="app"} 0`, `{limit="scan_logins"} 0`} {
		if !strings.Contains(metrics.Body.String(), "menshen_rate_limited_total"+want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
