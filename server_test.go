package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestTheWholeWay(t *testing.T) {
	i := newInside(t, settings{Introspection: "admin"})
	access := i.login(t)
	for authorization, code := range map[string]string{
		"Bearer " + access:     "",
		"bearer " + access:     "",
		"BEARER   " + access:   "",
		"Bearer " + access[1:]: "UNAUTHENTICATED",
		"Bearer":               "UNAUTHENTICATED",
		"Bearer ":              "UNAUTHENTICATED",
		access:                 "UNAUTHENTICATED",
		"Basic " + access:      "UNAUTHENTICATED",
		"":                     "UNAUTHENTICATED",
	} {
		r := i.ask(t, authorization, `{ me { id sessions { current ipAddress } } }`)
		if r.status != http.StatusOK || r.codes() != code {
			t.Errorf("%.12q: %d %s, want 200 %q", authorization, r.status, r.body, code)
		}
		if code == "" && !strings.Contains(r.body, `"sessions":[{"current":true,"ipAddress":"127.0.0.1"}]`) {
			t.Errorf("%.12q: %s", authorization, r.body)
		}
	}
}

func TestOneLineForEachRequest(t *testing.T) {
	i := newInside(t, settings{Introspection: "off"})
	access := i.login(t)
	i.ask(t, "Bearer "+access, `{ me { id } node(id: "x") { id } }`)
	i.ask(t, "", `{ me { id } }`)
	i.send(t, http.MethodGet, "/graphql?query=canary", "")
	lines := i.log.lines(t, "request")
	var got []string
	for _, line := range lines {
		got = append(got, fmt.Sprint(line["status"], line["operations"], line["codes"]))
	}
	want := []string{"200 [login] <nil>", "200 [me node] <nil>", "200 [me] [UNAUTHENTICATED]", "200 <nil> [GRAPHQL_PARSE_FAILED]"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("log lines %v, want %v", got, want)
	}
	for _, line := range lines {
		if text := fmt.Sprint(line); strings.Contains(text, access) || strings.Contains(text, "canary") {
			t.Errorf("a secret in the log: %s", text)
		}
	}
}

func TestTheRequestIDNamesTheLogEntry(t *testing.T) {
	i := newInside(t, settings{Introspection: "off"})
	access := i.login(t)
	if err := i.store.Close(); err != nil {
		t.Fatal(err)
	}
	r := i.ask(t, "Bearer "+access, `{ me { id } }`)
	failed := i.log.lines(t, "field failed")
	if r.codes() != "INTERNAL" || len(failed) != 1 {
		t.Fatalf("%s and %d log entries, want INTERNAL and one", r.body, len(failed))
	}
	id := r.Errors[0].Extensions.RequestID
	if id == "" || failed[0]["requestId"] != id || r.header.Get("X-Request-Id") != id {
		t.Errorf("request id %q, in the log %v, in the header %q", id, failed[0]["requestId"], r.header.Get("X-Request-Id"))
	}
}

func TestIntrospectionPolicies(t *testing.T) {
	for _, test := range []struct {
		policy         string
		anybody, admin bool
	}{{"on", true, true}, {"admin", false, true}, {"off", false, false}} {
		t.Run(test.policy, func(t *testing.T) {
			i := newInside(t, settings{Introspection: test.policy})
			for authorization, allowed := range map[string]bool{
				"": test.anybody, "Bearer " + i.login(t): test.anybody, "Bearer " + testAdminKey: test.admin,
			} {
				r := i.ask(t, authorization, `{ __schema { queryType { name } } __type(name: "User") { name } }`)
				if allowed != (r.codes() == "") || !allowed && r.codes() != "INTROSPECTION_DISABLED" {
					t.Errorf("%.12q: %s, want it allowed: %t", authorization, r.body, allowed)
				}
				if r := i.ask(t, authorization, `{ __typename }`); r.codes() != "" {
					t.Errorf("__typename is refused: %s", r.body)
				}
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	i := newInside(t, settings{Introspection: "on", Playground: "on"})
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/healthz", 200}, {"GET", "/readyz", 200}, {"GET", "/metrics", 200}, {"GET", "/.well-known/jwks.json", 200},
		{"GET", "/playground", 200}, {"GET", "/", 404}, {"GET", "/graphql/", 404}, {"POST", "/healthz", 405},
		{"POST", "/.well-known/jwks.json", 405}, {"GET", "/graphql", 400}, {"OPTIONS", "/graphql", 405},
	} {
		r := i.send(t, test.method, test.path, "")
		if r.status != test.status || r.header.Get("X-Request-Id") == "" {
			t.Errorf("%s %s: %d with request id %q, want %d with one", test.method, test.path, r.status, r.header.Get("X-Request-Id"), test.status)
		}
	}
	off := newInside(t, settings{Introspection: "off", Playground: "off"})
	for _, path := range []string{"/playground", "/playground/", "/playground/graphiql.min.js"} {
		if r := off.send(t, "GET", path, ""); r.status != http.StatusNotFound {
			t.Errorf("%s without a playground: %d", path, r.status)
		}
	}
}

func TestReadiness(t *testing.T) {
	i := newInside(t, settings{Introspection: "off"})
	i.readiness.draining.Store(true)
	if r := i.send(t, "GET", "/readyz", ""); r.status != http.StatusServiceUnavailable {
		t.Errorf("draining: %d, want 503", r.status)
	}
	i.readiness.draining.Store(false)
	if err := i.store.Close(); err != nil {
		t.Fatal(err)
	}
	if r := i.send(t, "GET", "/readyz", ""); r.status != http.StatusServiceUnavailable {
		t.Errorf("without a store: %d, want 503", r.status)
	}
	if r := i.send(t, "GET", "/healthz", ""); r.status != http.StatusOK {
		t.Errorf("alive without a store: %d, want 200", r.status)
	}
}

func TestPublicKeysAreCached(t *testing.T) {
	i := newInside(t, settings{Introspection: "off"})
	first := i.send(t, "GET", "/.well-known/jwks.json", "")
	var keys struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(first.body), &keys); err != nil || len(keys.Keys) != 1 {
		t.Fatalf("%v: %s", err, first.body)
	}
	for member := range keys.Keys[0] {
		if member == "d" {
			t.Error("the private key is published")
		}
	}
	if first.header.Get("Cache-Control") != jwksCacheControl || first.header.Get("ETag") == "" {
		t.Errorf("headers %v", first.header)
	}
	again := i.send(t, "GET", "/.well-known/jwks.json", "", "If-None-Match", first.header.Get("ETag"))
	if again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("unchanged keys: %d %q, want 304", again.status, again.body)
	}
}

func TestMetricsCountByOperationAndCode(t *testing.T) {
	i := newInside(t, settings{Introspection: "off"})
	i.login(t)
	i.ask(t, "", `{ me { id } }`)
	i.ask(t, "", `{ me { id } node(id: "x") { id } }`)
	i.ask(t, "", `{ canary }`)
	metrics := i.send(t, "GET", "/metrics", "").body
	for _, want := range []string{
		`menshen_graphql_requests_total{code="OK",operation="login"} 1`,
		`menshen_graphql_requests_total{code="UNAUTHENTICATED",operation="me"} 1`,
		`menshen_graphql_requests_total{code="UNAUTHENTICATED",operation="multiple"} 1`,
		`menshen_graphql_requests_total{code="GRAPHQL_VALIDATION_FAILED",operation="none"} 1`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(metrics, "canary") {
		t.Error("a client's word is a label")
	}
}

func TestAPanicIsSurvived(t *testing.T) {
	log := &journal{}
	h := everyRequest(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("canary") }), slog.New(slog.NewJSONHandler(log, nil)))
	r := (&inside{handler: h}).send(t, "GET", "/graphql", "")
	entries := log.lines(t, "panic")
	if r.status != http.StatusInternalServerError || strings.Contains(r.body, "canary") || len(entries) != 1 {
		t.Fatalf("%d %q and %d log entries, want 500 without the panic's words, and one", r.status, r.body, len(entries))
	}
	if id := r.header.Get("X-Request-Id"); id == "" || entries[0]["requestId"] != id || !strings.Contains(r.body, id) {
		t.Errorf("request id %q, in the log %v, in the answer %q", id, entries[0]["requestId"], r.body)
	}
}
