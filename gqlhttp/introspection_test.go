package gqlhttp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"menshen/gqlhttp"
)

func TestIntrospection(t *testing.T) {
	for name, test := range map[string]struct {
		document string
		asks     bool
	}{
		"the schema":                  {`{ __schema { queryType { name } } }`, true},
		"a type":                      {`{ __type(name: "Dog") { name } }`, true},
		"under another name":          {`{ name: __schema { queryType { name } } }`, true},
		"beside something else":       {`{ name __type(name: "Dog") { name } }`, true},
		"in a fragment":               {`{ ...f } fragment f on Query { __schema { queryType { name } } }`, true},
		"in a fragment of a fragment": {`{ ...f } fragment f on Query { ...g } fragment g on Query { s: __type(name: "Dog") { name } }`, true},
		"in an inline fragment":       {`{ ... on Query { ... { __schema { queryType { name } } } } }`, true},
		"in a skipped field":          {`{ name __schema @skip(if: true) { queryType { name } } }`, true},
		"__typename":                  {`{ __typename }`, false},
		"__typename deep down":        {`{ __typename dog { __typename friends { kind: __typename } } }`, false},
		"a field that is called so":   {`{ __schema: name }`, false},
		"in another operation":        {`query a { name } query b { __schema { queryType { name } } }`, false},
	} {
		for _, allow := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, allowed %t", name, allow), func(t *testing.T) {
				s := newServer(allow)
				r := asking(plain, test.document, nil)
				if strings.HasPrefix(test.document, "query a") {
					r = post(`{"operationName":"a","query":"` + test.document + `"}`)
				}
				got := s.do(t, r)
				if test.asks && !allow {
					got.refusal(t, 200, "INTROSPECTION_DISABLED")
				} else if len(got.errors) > 0 || s.executed.Load() != 1 {
					t.Errorf("refused: %s", got.body)
				}
			})
		}
	}
}

// operationOf parses a document without validating it, so that it may be what
// validation would have refused.
func operationOf(t *testing.T, document string) *graphql.OperationContext {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: document})
	if err != nil {
		t.Fatal(err)
	}
	for _, fragment := range doc.Fragments {
		link(doc, fragment.SelectionSet)
	}
	link(doc, doc.Operations[0].SelectionSet)
	return &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}
}

// link gives the spreads of a selection set their fragments, as validation does.
func link(doc *ast.QueryDocument, set ast.SelectionSet) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.FragmentSpread:
			s.Definition = doc.Fragments.ForName(s.Name)
		case *ast.InlineFragment:
			link(doc, s.SelectionSet)
		}
	}
}

func TestRootFields(t *testing.T) {
	for document, want := range map[string][]string{
		`{ a b a c: a }`:                     {"a", "b"},
		`{ a { inner } }`:                    {"a"},
		`{ b ... { a ... on Query { c } } }`: {"b", "a", "c"},
		`{ ...f a } fragment f on Query { z ...g } fragment g on Query { a y }`:  {"z", "a", "y"},
		`{ ...f } fragment f on Query { a ...f }`:                                {"a"},
		`{ ...f b } fragment f on Query { ...g a } fragment g on Query { ...f }`: {"a", "b"},
		`{ ...absent a }`: {"a"},
	} {
		if diff := cmp.Diff(want, gqlhttp.RootFields(operationOf(t, document))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", document, diff)
		}
	}
	if got := gqlhttp.RootFields(nil); got != nil {
		t.Errorf("no operation has %v", got)
	}
	if got := gqlhttp.RootFields(&graphql.OperationContext{}); got != nil {
		t.Errorf("an operation that never was has %v", got)
	}
}

// TestRootFieldsOfExponentialSpreads would not end in a lifetime if a fragment
// were read as often as it is spread.
func TestRootFieldsOfExponentialSpreads(t *testing.T) {
	var document strings.Builder
	document.WriteString("{ ...f0 }")
	for i := range 100 {
		fmt.Fprintf(&document, " fragment f%d on Query { ...f%d ...f%d }", i, i+1, i+1)
	}
	document.WriteString(" fragment f100 on Query { a }")
	if got := gqlhttp.RootFields(operationOf(t, document.String())); !slices.Equal(got, []string{"a"}) {
		t.Errorf("root fields %v, want a", got)
	}
}

func TestReport(t *testing.T) {
	for name, test := range map[string]struct {
		document string
		fails    bool
		want     gqlhttp.Answered
	}{
		"an answer":         {`{ name n: name dog { name } }`, false, gqlhttp.Answered{RootFields: []string{"name", "dog"}}},
		"a failing field":   {`{ name }`, true, gqlhttp.Answered{RootFields: []string{"name"}, Codes: []string{"GONE"}}},
		"no GraphQL":        {`{`, false, gqlhttp.Answered{Codes: []string{"GRAPHQL_PARSE_FAILED"}}},
		"several mistakes":  {`{ a b c }`, false, gqlhttp.Answered{Codes: []string{"GRAPHQL_VALIDATION_FAILED"}}},
		"the schema":        {`{ __schema { queryType { name } } }`, false, gqlhttp.Answered{RootFields: []string{"__schema"}, Codes: []string{"INTROSPECTION_DISABLED"}}},
		"nothing but space": {` `, false, gqlhttp.Answered{Codes: []string{"GRAPHQL_VALIDATION_FAILED"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(false)
			s.fails = test.fails
			s.do(t, asking(plain, test.document, nil))
			s.reported(t, test.want)
		})
	}
	t.Run("what is no request", func(t *testing.T) {
		s := newServer(false)
		s.do(t, post("canary"))
		s.reported(t, gqlhttp.Answered{Codes: []string{"BAD_REQUEST"}})
	})
}

// reported checks what Report told, but for how long it took.
func (s *server) reported(t *testing.T, want gqlhttp.Answered) {
	t.Helper()
	for i := range s.answered {
		s.answered[i].Elapsed = 0
	}
	if diff := cmp.Diff([]gqlhttp.Answered{want}, s.answered); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

// TestDirectives is about what validation lets through and gqlgen would panic
// at or leave out.
func TestDirectives(t *testing.T) {
	for name, test := range map[string]struct {
		document, message string
		variables         map[string]any
	}{
		"@include of null":                {`query($a: Boolean = true) { name @include(if: $a) }`, "@include is given null.", map[string]any{"a": nil}},
		"@skip of null in a fragment":     {`query($a: Boolean = true) { ...f } fragment f on Query { ... @skip(if: $a) { name } }`, "@skip is given null.", map[string]any{"a": nil}},
		"@skip of null on a spread":       {`query($a: Boolean = true) { ...f @skip(if: $a) } fragment f on Query { name }`, "@skip is given null.", map[string]any{"a": nil}},
		"@defer":                          {`{ dog { ... @defer { name } } }`, "@defer is not supported.", nil},
		"@defer on a spread":              {`{ dog { ...f @defer(if: true) } } fragment f on Dog { name }`, "@defer is not supported.", nil},
		"@include of its default":         {`query($a: Boolean = true) { name @include(if: $a) }`, "", nil},
		"@include of what it is given":    {`query($a: Boolean!) { name @include(if: $a) }`, "", map[string]any{"a": false}},
		"@skip and @include of a literal": {`{ name @skip(if: false) @include(if: true) }`, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(false)
			got := s.do(t, asking(plain, test.document, test.variables))
			if test.message == "" {
				if len(got.errors) > 0 {
					t.Errorf("refused: %s", got.body)
				}
				return
			}
			got.refusal(t, 200, "GRAPHQL_VALIDATION_FAILED")
			if got.errors[0].Message != test.message || s.executed.Load() != 0 {
				t.Errorf("%s, want %q and nothing executed", got.body, test.message)
			}
		})
	}
}
