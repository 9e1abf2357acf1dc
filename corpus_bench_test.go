package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// evil are the worst documents that were found to pass the guard: what they cost
// is what its limits allow.
var evil = map[string]string{
	"repeats in inline fragments": "{ me " + strings.Repeat("{ ...", 36) + "{" + strings.Repeat(" id", 100) + " }" + strings.Repeat(" }", 37),
	"spreads that overlap":        "{ me {" + numbered(45, " ...f%d") + " } }" + numbered(45, " fragment f%d on User { id }"),
	"mistakes with long names":    "{ me {" + numbered(980, " "+strings.Repeat("n", 120)+"%d") + " } }",
	"a long text in a fragment":   numbered(48, " query q%d { ...f }") + ` fragment f on Query { users(first: "` + strings.Repeat("x", 100_000) + `") { totalCount } }`,
	"a block of text":             `{ user(id: """` + strings.Repeat("\n x", 30_000) + `""") { id } }`,
	"variables":                   "query(" + numbered(240, " $v%d: Int") + ") { me { id } }",
	"types in types":              "query(" + numbered(12, " $v%d: "+strings.Repeat("[", 38)+"Int"+strings.Repeat("]", 38)) + ") { me { id } }",
	"the same page often":         "{" + numbered(30, " a%d: users(first: 100) { edges { node { id } } }") + " }",
	"days":                        "{" + numbered(14, ` a%d: userActivity(from: "2025-10-19", to: "2026-11-21") { day newUsers activeUsers logins }`) + " }",
	"the schema":                  introspectionQuery,
	"the schema often":            "{" + numbered(30, " a%d: __schema { types { name } }") + " }",
	"a dashboard":                 dashboard,
}

// numbered repeats a format with the numbers from 0.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// BenchmarkEvil is what a document may cost that is sent for the first time.
func BenchmarkEvil(b *testing.B) {
	i := newInside(b, settings{Introspection: "on"})
	for range 100 {
		i.login(b)
	}
	for name, document := range evil {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			start := processorTime()
			for n := 0; b.Loop(); n++ {
				body, err := json.Marshal(map[string]string{"query": fmt.Sprintf("%s #%d", document, n)})
				if err != nil {
					b.Fatal(err)
				}
				r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", "Bearer "+testAdminKey)
				w := httptest.NewRecorder()
				i.handler.ServeHTTP(w, r)
				if strings.Contains(w.Body.String(), "QUERY_TOO_COMPLEX") {
					b.Fatal(w.Body.String())
				}
			}
			b.ReportMetric(float64((processorTime()-start).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // never, for this process
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
