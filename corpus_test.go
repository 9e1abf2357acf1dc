package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"menshen/gqlhttp"
	"menshen/graph"
	"menshen/wechat/wechattest"
)

// TestCorpus sends 10,000 small operations that are valid. None is refused as
// too complex or as wrong, and none is the server's fault.
func TestCorpus(t *testing.T) {
	i := newInside(t, settings{Introspection: "off"})
	a := &author{schema: graph.NewExecutableSchema(graph.Config{}).Schema(), random: rand.New(rand.NewPCG(3, 14))}
	a.ids = append(a.ids, wechattest.DevAppID)
	for range 5 {
		i.login(t)
	}
	seen := regexp.MustCompile(`"id":"(usr_\w+)"`)
	for _, match := range seen.FindAllStringSubmatch(i.ask(t, "Bearer "+testAdminKey, "{ users { edges { node { id } } } }").body, -1) {
		a.ids = append(a.ids, match[1])
	}
	answered := 0
	for range 10_000 {
		body := a.operation()
		r := i.direct(t, body)
		for _, e := range r.Errors {
			if slices.Contains(faults, e.Extensions.Code) {
				t.Fatalf("%s: %s\n%s", e.Extensions.Code, r.body, body)
			}
		}
		if r.Data != nil {
			answered++
		}
	}
	if answered < 9_000 {
		t.Errorf("%d operations are carried out, too few to prove anything", answered)
	}
}

// faults are codes that no valid operation gets.
var faults = []string{
	"", "INTERNAL", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED",
	gqlhttp.CodeBadRequest, gqlhttp.CodeQueryTooComplex, gqlhttp.CodeIntrospectionDisabled,
}

// direct sends a body without a connection, as an administrator.
func (i *inside) direct(t *testing.T, body []byte) response {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+testAdminKey)
	w := httptest.NewRecorder()
	i.handler.ServeHTTP(w, request)
	r := response{status: w.Code, header: w.Header(), body: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &r.graphQL); err != nil {
		t.Fatalf("%v: %q", err, r.body)
	}
	return r
}

// TestRoomUnderTheLimits tells how many times smaller the limits could be without
// refusing what people send.
func TestRoomUnderTheLimits(t *testing.T) {
	room := map[string]int{introspectionQuery: 1, dashboard: 1}
	for file, operations := range map[string]*regexp.Regexp{
		"README.md":                  regexp.MustCompile(`"query":"((?:[^"\\]|\\.)*)"|graphql\('([^']*)'`),
		"web/playground/examples.js": regexp.MustCompile("`([^`]*)`"),
		"web/phone/phone.js":         regexp.MustCompile("`((?:query|mutation) [^`]*)`"),
	} {
		for _, match := range operations.FindAllStringSubmatch(readFile(t, file), -1) {
			room[strings.ReplaceAll(strings.Join(match[1:], ""), `\"`, `"`)] = 4
		}
	}
	if len(room) < 10 {
		t.Fatalf("found %d documents, want all", len(room))
	}
	for document, times := range room {
		limits := gqlhttp.Defaults
		for n, values := 0, reflect.ValueOf(&limits).Elem(); n < values.NumField(); n++ {
			values.Field(n).SetInt(values.Field(n).Int() / int64(times))
		}
		exec := executor.New(graph.NewExecutableSchema(graph.Config{}))
		exec.Use(&gqlhttp.Guard{Limits: limits, Lists: listSizes})
		params := &graphql.RawParams{Query: document}
		_, errs := exec.CreateOperationContext(graphql.StartOperationTrace(t.Context()), params)
		for _, err := range errs {
			if gqlhttp.CodeOf(err) == gqlhttp.CodeQueryTooComplex {
				t.Errorf("with 1/%d of the limits: %s\n%s", times, err.Message, document)
			}
		}
	}
}

// TestTheLargestQueries sends what the largest documents of people ask for.
func TestTheLargestQueries(t *testing.T) {
	i := newInside(t, settings{Introspection: "admin"})
	i.login(t)
	for _, document := range []string{introspectionQuery, dashboard} {
		if r := i.ask(t, "Bearer "+testAdminKey, document); len(r.Errors) > 0 {
			t.Errorf("%s", r.body)
		}
	}
}
