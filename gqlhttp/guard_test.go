package gqlhttp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"menshen/gqlhttp"
)

var guard = gqlhttp.Guard{Tokens: 1000, Name: 16, Fields: 10, Depth: 4, Mutations: 2}

func TestGuard(t *testing.T) {
	for name, test := range map[string]struct{ document, message string }{
		"as many fields as may be":     {"{" + strings.Repeat(" a", 10) + " }", ""},
		"one field more":               {"{" + strings.Repeat(" a", 11) + " }", "The document has more than 10 fields, fragments counted out."},
		"one inline fragment more":     {"{" + strings.Repeat(" a", 10) + " ... { b } }", "The document has more than 10 fields, fragments counted out."},
		"a fragment spread often":      {"{ ...f ...f ...f } fragment f on Query { a b c }", "The document has more than 10 fields, fragments counted out."},
		"a fragment that nobody uses":  {"{ a } fragment f on Query {" + strings.Repeat(" a", 10) + " }", "The document has more than 10 fields, fragments counted out."},
		"an operation beside":          {"query a { a } query b {" + strings.Repeat(" a", 10) + " }", "The document has more than 10 fields, fragments counted out."},
		"as deep as may be":            {"{ a { b { c { d } } } }", ""},
		"one level more":               {"{ a { b { c { d { e } } } } }", "The document has more than 4 levels of fields."},
		"one level more in a fragment": {"{ a { ...f } } fragment f on A { b { c { d { e } } } }", "The document has more than 4 levels of fields."},
		"depth of inline fragments":    {"{ ... { ... { ... { ... { ... { a } } } } } }", ""},
		"a circle of fragments":        {"{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }", ""},
		"a fragment that is not":       {"{ ...f }", ""},
		"as long a name as may be":     {"{ " + strings.Repeat("n", 16) + " }", ""},
		"a longer name":                {"{ " + strings.Repeat("n", 17) + " }", "The document has more than 16 bytes in a name."},
		"a longer name of a variable":  {"query($" + strings.Repeat("n", 17) + ": Int) { a }", "The document has more than 16 bytes in a name."},
		"a long text":                  {`{ a(b: "` + strings.Repeat("n", 1000) + `") }`, ""},
		"as many mutations as may be":  {"mutation { a { b b b } a }", ""},
		"one mutation more":            {"mutation { a b c }", "The document has more than 2 root fields in a mutation."},
		"one more in a fragment":       {"mutation { a ...f } fragment f on Mutation { a ... { b } }", "The document has more than 2 root fields in a mutation."},
		"one more in the second":       {"mutation a { a } mutation b { a b c }", "The document has more than 2 root fields in a mutation."},
		"no GraphQL":                   {"{{{", ""},
		"nothing":                      {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := guard.MutateOperationParameters(t.Context(), &graphql.RawParams{Query: test.document})
			switch {
			case test.message == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.message != "" && (err == nil || err.Message != test.message || gqlhttp.CodeOf(err) != gqlhttp.CodeQueryTooComplex):
				t.Errorf("%v, want QUERY_TOO_COMPLEX, %q", err, test.message)
			}
		})
	}
}

// TestGuardCountsBeyondAllNumbers would not end if each spread were read, and
// would wrap around if it were counted.
func TestGuardCountsBeyondAllNumbers(t *testing.T) {
	var document strings.Builder
	document.WriteString("{ ...f0 }")
	for i := range 100 {
		fmt.Fprintf(&document, " fragment f%d on Q { ...f%d ...f%d }", i, i+1, i+1)
	}
	document.WriteString(" fragment f100 on Q { a }")
	err := gqlhttp.Guard{Tokens: 2000, Name: 16, Fields: 1 << 20, Depth: 4}.MutateOperationParameters(t.Context(), &graphql.RawParams{Query: document.String()})
	if err == nil || gqlhttp.CodeOf(err) != gqlhttp.CodeQueryTooComplex {
		t.Errorf("%v, want QUERY_TOO_COMPLEX", err)
	}
}
