package gqlhttp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"menshen/gqlhttp"
)

// shelter is a schema with lists of every kind.
var shelter = gqlparser.MustLoadSchema(&ast.Source{Input: `
	type Query {
		dogs(first: Int, last: Int, after: String): DogConnection
		litter(limit: Int = 8): [Dog!]
		named(first: String): DogConnection
		dog: Dog
		barks: [Bark!]!
	}
	type DogConnection { edges: [DogEdge!]! total: Int }
	type DogEdge { node: Dog! }
	type Dog { name: String! tags: [String!]! friends: [Dog!]! barks: [Bark!]! }
	type Bark { at: Int! }
`})

// priced returns the cost of an operation in the words of its refusal, by a guard
// that lets nothing pass.
func priced(t *testing.T, document, variables string) string {
	t.Helper()
	g := &gqlhttp.Guard{Limits: gqlhttp.Defaults, Lists: map[string]int{"Dog.barks": 7}}
	g.Limits.Cost, g.Limits.ListSize = -1, 5
	exec := executor.New(&kennel{schema: shelter})
	exec.Use(g)
	params := &graphql.RawParams{Query: document}
	decoder := json.NewDecoder(strings.NewReader(variables))
	decoder.UseNumber()
	if err := decoder.Decode(&params.Variables); err != nil {
		t.Fatal(err)
	}
	ctx := graphql.StartOperationTrace(t.Context())
	_, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) != 1 || gqlhttp.CodeOf(errs[0]) != gqlhttp.CodeQueryTooComplex {
		t.Fatalf("%s: %v, want QUERY_TOO_COMPLEX", document, errs)
	}
	found, _ := strings.CutPrefix(errs[0].Message, "The operation has ")
	found, _ = strings.CutSuffix(found, " objects and values to answer; the limit is -1.")
	return found
}

func TestCost(t *testing.T) {
	const most = "at least 1073741824"
	for name, test := range map[string]struct{ document, variables, want string }{
		"a field":                       {"{ dog { name } }", `{}`, "2"},
		"a list of values":              {"{ dog { tags } }", `{}`, "2"},
		"a list":                        {"{ dog { friends { name } } }", `{}`, "7"},
		"a list in a list":              {"{ dog { friends { friends { name } } } }", `{}`, "32"},
		"a list of known size":          {"{ dog { barks { at } } }", `{}`, "9"},
		"the same elsewhere":            {"{ barks { at } }", `{}`, "6"},
		"a connection":                  {"{ dogs(first: 100) { total edges { node { name } } } }", `{}`, "203"},
		"a connection of unknown size":  {"{ dogs { edges { node { name } } } }", `{}`, "12"},
		"two edges":                     {"{ dogs(first: 100) { edges { node { name } } e: edges { node { name } } } }", `{}`, "403"},
		"edges in fragments":            {"{ dogs(first: 9) { ...f ... { edges { node { name } } } } } fragment f on DogConnection { edges { node { name } } }", `{}`, "39"},
		"a fragment in two sizes":       {"{ a: dogs(first: 9) { ...f } b: dogs(last: 2) { ...f } } fragment f on DogConnection { edges { node { name } } }", `{}`, "26"},
		"a list below edges":            {"{ dogs(first: 10) { edges { node { friends { name } } } } }", `{}`, "72"},
		"the larger of two":             {"{ dogs(first: 3, last: 4) { edges { node { name } } } }", `{}`, "10"},
		"a variable":                    {"query($n: Int) { dogs(first: $n) { edges { node { name } } } }", `{"n": 50}`, "102"},
		"a variable as a text":          {"query($n: Int) { dogs(first: $n) { edges { node { name } } } }", `{"n": "50"}`, "102"},
		"a variable's default":          {"query($n: Int = 30) { dogs(first: $n) { edges { node { name } } } }", `{}`, "62"},
		"a variable of null":            {"query($n: Int = 30) { dogs(first: $n) { edges { node { name } } } }", `{"n": null}`, "12"},
		"a variable left out":           {"query($n: Int) { dogs(first: $n) { edges { node { name } } } }", `{}`, "12"},
		"an argument's default":         {"{ litter { name } }", `{}`, "9"},
		"an argument over its default":  {"{ litter(limit: 3) { name } }", `{}`, "4"},
		"nothing":                       {"{ dogs(first: 0) { edges { node { name } } } }", `{}`, "4"},
		"less than nothing":             {"{ dogs(first: -7) { edges { node { name } } } }", `{}`, "4"},
		"an argument of another type":   {`{ named(first: "100") { edges { node { name } } } }`, `{}`, "12"},
		"all numbers":                   {"{ dogs(first: 2147483647) { edges { node { name } } } }", `{}`, most},
		"the names of a schema's types": {"{ __schema { types { name } } }", `{}`, "20"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := priced(t, test.document, test.variables); got != test.want {
				t.Errorf("%s objects and values, want %s", got, test.want)
			}
		})
	}
}
