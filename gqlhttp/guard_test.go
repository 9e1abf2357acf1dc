package gqlhttp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"menshen/gqlhttp"
)

// tight are limits that a short document reaches.
var tight = gqlhttp.Limits{
	Tokens: 100, NameLength: 16, Nesting: 12, Definitions: 4,
	Fields: 10, Depth: 4, Repeats: 3, Aliases: 2, Directives: 2, Mutations: 2, ListLength: 3,
	Cost: 200, ListSize: 5, VariableBytes: 60, VariableValues: 6,
}

// measured lets a tight guard look at a request.
func measured(t *testing.T, limits gqlhttp.Limits, document string, variables map[string]any) *gqlerror.Error {
	t.Helper()
	g := &gqlhttp.Guard{Limits: limits}
	return g.MutateOperationParameters(t.Context(), &graphql.RawParams{Query: document, Variables: variables})
}

// refused checks that a request is too complex in these words, or not if there
// are none.
func refused(t *testing.T, err *gqlerror.Error, message string) {
	t.Helper()
	switch {
	case message == "" && err != nil:
		t.Errorf("refused: %v", err)
	case message != "" && (err == nil || err.Message != message || gqlhttp.CodeOf(err) != gqlhttp.CodeQueryTooComplex):
		t.Errorf("%v, want QUERY_TOO_COMPLEX, %q", err, message)
	}
}

// fields are n fields, none twice.
func fields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " f%d", i)
	}
	return b.String()
}

func TestGuard(t *testing.T) {
	for name, test := range map[string]struct{ document, message string }{
		"as many tokens as may be":      {"{ a } #" + strings.Repeat("\n#", 95), ""},
		"one token more":                {"{ a }" + strings.Repeat("\n#", 98), "The document has more than 100 tokens, which is the limit."},
		"as long a name as may be":      {"{ " + strings.Repeat("n", 16) + " }", ""},
		"a longer name":                 {"{ " + strings.Repeat("n", 17) + " }", "The document has 17 bytes in a name; the limit is 16."},
		"a longer name of a variable":   {"query($" + strings.Repeat("n", 17) + ": Int) { a }", "The document has 17 bytes in a name; the limit is 16."},
		"a long text":                   {`{ a(b: "` + strings.Repeat("n", 1000) + `") }`, ""},
		"as many fields as may be":      {"{" + fields(10) + " }", ""},
		"one field more":                {"{" + fields(11) + " }", "The document has 11 fields, with fragments expanded; the limit is 10."},
		"one inline fragment more":      {"{" + fields(9) + " ... { b } }", "The document has 11 fields, with fragments expanded; the limit is 10."},
		"a fragment spread often":       {"{ ...f ...f ...f } fragment f on Query { a b c }", "The document has 15 fields, with fragments expanded; the limit is 10."},
		"a fragment that nobody uses":   {"{ a } fragment f on Query {" + fields(10) + " }", "The document has 11 fields, with fragments expanded; the limit is 10."},
		"an operation beside":           {"query a { a } query b {" + fields(10) + " }", "The document has 11 fields, with fragments expanded; the limit is 10."},
		"as deep as may be":             {"{ a { b { c { d } } } }", ""},
		"one level more":                {"{ a { b { c { d { e } } } } }", "The document has 5 levels of fields; the limit is 4."},
		"one level more in a fragment":  {"{ a { ...f } } fragment f on A { b { c { d { e } } } }", "The document has 5 levels of fields; the limit is 4."},
		"depth of inline fragments":     {"{ ... { ... { ... { ... { ... { a } } } } } }", ""},
		"brackets in brackets":          {"{ a(b: " + strings.Repeat("[", 10) + strings.Repeat("]", 10) + ") }", ""},
		"one bracket more":              {"{ a(b: " + strings.Repeat("[", 11) + strings.Repeat("]", 11) + ") }", "The document has 13 levels of brackets; the limit is 12."},
		"one object more":               {"{ a(b: " + strings.Repeat("{c:", 11), "The document has 13 levels of brackets; the limit is 12."},
		"one bracket more in a type":    {"query($a: " + strings.Repeat("[", 12) + "Int", "The document has 13 levels of brackets; the limit is 12."},
		"as many definitions as may be": {"{ a } fragment f on Q { a } fragment g on Q { a } fragment h on Q { a }", ""},
		"one definition more":           {"{ a }" + strings.Repeat(" fragment f on Q { a }", 4), "The document has 5 operations and fragments; the limit is 4."},
		"as many aliases as may be":     {"{ a: a b: a c: b }", ""},
		"one alias more":                {"{ b: a c: a d: a }", "The document has 3 aliases; the limit is 2."},
		"one alias more in a fragment":  {"{ b: a c: a } fragment f on Q { ... { d: a } }", "The document has 3 aliases; the limit is 2."},
		"as many directives as may be":  {"{ a @b ... @c { d } }", ""},
		"one directive more":            {"query($a: A @b) @c { a @d }", "The document has 3 directives; the limit is 2."},
		"one more on a spread":          {"{ a @b ...f @c } fragment f on Q @d { a }", "The document has 3 directives; the limit is 2."},
		"as long a list as may be":      {"{ a(b: [1, 2, 3]) }", ""},
		"a longer list":                 {"{ a(b: {c: [[1, 2, 3, 4]]}) }", "The document has 4 values in a list; the limit is 3."},
		"a longer list as a default":    {"query($a: [Int] = [1, 2, 3, 4]) { a }", "The document has 4 values in a list; the limit is 3."},
		"a longer list for a directive": {"{ a @b(c: [1, 2, 3, 4]) }", "The document has 4 values in a list; the limit is 3."},
		"as many repeats as may be":     {"{ a a a a }", ""},
		"one repeat more":               {"{ a a a a a }", "The document has 4 repetitions of fields; the limit is 3."},
		"one under an alias":            {"{ a b: a a: c a a a }", "The document has 4 repetitions of fields; the limit is 3."},
		"repeats in fields that merge":  {"{ a { b { c } } a { b { c c } } }", "The document has 4 repetitions of fields; the limit is 3."},
		"repeats by fragments":          {"{ a ...f ... { a } a } fragment f on Q { a a }", "The document has 5 repetitions of fields; the limit is 3."},
		"repeats of a spread":           {"{ ...f ...f ...f ...f ...f } fragment f on Q { __typename }", "The document has 11 fields, with fragments expanded; the limit is 10."},
		"the same name elsewhere":       {"{ a { a { a } } b { a } c { a } d { a } }", ""},
		"as many mutations as may be":   {"mutation { a { b b b } a }", ""},
		"one mutation more":             {"mutation { a b c }", "The document has 3 root fields in a mutation; the limit is 2."},
		"one more in a fragment":        {"mutation { a ...f } fragment f on Mutation { a ... { b } }", "The document has 3 root fields in a mutation; the limit is 2."},
		"one more under an alias":       {"mutation { a b: a c: a }", "The document has 3 root fields in a mutation; the limit is 2."},
		"one more in the second":        {"mutation a { a } mutation b { a b c }", "The document has 3 root fields in a mutation; the limit is 2."},
		"a fragment that is not":        {"{ ...f }", ""},
		"no GraphQL":                    {"{{{", ""},
		"closed before it is open":      {"}])", ""},
		"nothing":                       {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, measured(t, tight, test.document, nil), test.message)
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
	limits := gqlhttp.Defaults
	limits.Tokens, limits.Definitions = 2000, 200
	refused(t, measured(t, limits, document.String(), nil),
		"The document has at least 1073741824 fields, with fragments expanded; the limit is 1000.")
}

// TestCycles are refused before anything follows them.
func TestCycles(t *testing.T) {
	for document, name := range map[string]string{
		"{ ...f } fragment f on Q { ...f }":                                     "f",
		"{ a } fragment f on Q { b { ... { ...g } } } fragment g on Q { ...f }": "g",
	} {
		err := measured(t, tight, document, nil)
		if err == nil || err.Message != `Cannot spread fragment "`+name+`" within itself.` || gqlhttp.CodeOf(err) != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("%s: %v", document, err)
		}
	}
}

func TestVariables(t *testing.T) {
	for name, test := range map[string]struct{ variables, message string }{
		"none":                      {`null`, ""},
		"as many bytes as may be":   {`{"abc":"` + strings.Repeat("x", 50) + `"}`, ""},
		"one byte more":             {`{"abc":"` + strings.Repeat("x", 51) + `"}`, "The variables have 61 bytes; the limit is 60."},
		"a longer name":             {`{"` + strings.Repeat("x", 56) + `":1}`, "The variables have 62 bytes; the limit is 60."},
		"a longer number":           {`{"a":1` + strings.Repeat("0", 60) + `}`, "The variables have 67 bytes; the limit is 60."},
		"as many values as may be":  {`{"a":[1,true,null],"b":{"c":1}}`, ""},
		"one value more":            {`{"a":[1,2,3],"b":{"c":1,"d":2}}`, "The variables have 7 values; the limit is 6."},
		"as long a list as may be":  {`{"a":{"b":[1,2,3]}}`, ""},
		"a longer list":             {`{"a":[[1,2,3,4]]}`, "The variables have 4 values in a list; the limit is 3."},
		"as deep as may be":         {`{"a":[[[{}]]]}`, ""},
		"a list deeper":             {`{"a":[[[[[]]]]]}`, "The variables have 5 levels of brackets; the limit is 4."},
		"an object deeper":          {`{"a":{"a":{"a":{"a":{"a":{}}}}}}`, "The variables have 5 levels of brackets; the limit is 4."},
		"a number for each bracket": {`{"a":[],"b":[],"c":[],"d":[],"e":[]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			limits := tight
			limits.Nesting = 4
			var variables map[string]any
			decoder := json.NewDecoder(strings.NewReader(test.variables))
			decoder.UseNumber()
			if err := decoder.Decode(&variables); err != nil {
				t.Fatal(err)
			}
			refused(t, measured(t, limits, "{ a }", variables), test.message)
		})
	}
}

// passed are documents that have been measured before.
type passed map[string]bool

func (p passed) Has(text string) bool { return p[text] }

func TestMeasuredOnce(t *testing.T) {
	const known, other = "{ a a a a a }", "{ b b b b b }"
	g := &gqlhttp.Guard{Limits: tight, Documents: passed{known: true}}
	refused(t, g.MutateOperationParameters(t.Context(), &graphql.RawParams{Query: known}), "")
	refused(t, g.MutateOperationParameters(t.Context(), &graphql.RawParams{Query: other}),
		"The document has 4 repetitions of fields; the limit is 3.")
	refused(t, g.MutateOperationParameters(t.Context(), &graphql.RawParams{Query: known, Variables: map[string]any{"a": strings.Repeat("x", 100)}}),
		"The variables have 108 bytes; the limit is 60.")
}
