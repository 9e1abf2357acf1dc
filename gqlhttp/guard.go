package gqlhttp

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
)

// Guard refuses documents that would cost more to validate and run than their
// size tells, before either is tried: fragments that spread fragments make a
// thousand bytes stand for a billion fields. It takes one pass over the document,
// each fragment once.
type Guard struct {
	Tokens    int // in the document
	Name      int // bytes of a name: each error about it would repeat it
	Fields    int // asked for, each spread of a fragment counted out
	Depth     int // of fields in fields
	Mutations int // root fields of a mutation: each may be a write, or a call elsewhere
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = Guard{}

// ExtensionName names the extension to gqlgen.
func (Guard) ExtensionName() string { return "Guard" }

// Validate has nothing to check.
func (Guard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters looks at a document before gqlgen does. It changes
// nothing.
func (g Guard) MutateOperationParameters(_ context.Context, params *graphql.RawParams) *gqlerror.Error {
	if longestName(params.Query, g.Tokens) > g.Name {
		return tooComplex(g.Name, "bytes in a name")
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: params.Query}, g.Tokens)
	if err != nil {
		return nil // gqlgen will say what is wrong with it
	}
	m := measurer{fragments: document.Fragments, known: map[string]measure{}}
	var whole measure
	mutations := 0
	for _, operation := range document.Operations {
		size := m.set(operation.SelectionSet)
		whole = whole.beside(size)
		if operation.Operation == ast.Mutation {
			mutations = max(mutations, size.width)
		}
	}
	for _, fragment := range document.Fragments { // also those that nothing spreads are validated
		whole = whole.beside(m.fragment(fragment.Name))
	}
	switch {
	case whole.fields > g.Fields:
		return tooComplex(g.Fields, "fields, fragments counted out")
	case whole.depth > g.Depth:
		return tooComplex(g.Depth, "levels of fields")
	case mutations > g.Mutations:
		return tooComplex(g.Mutations, "root fields in a mutation")
	}
	return nil
}

func tooComplex(limit int, of string) *gqlerror.Error {
	return codedError(CodeQueryTooComplex, fmt.Sprintf("The document has more than %d %s.", limit, of))
}

// longestName returns the length of the longest of a document's first names.
func longestName(document string, tokens int) (longest int) {
	l := lexer.New(&ast.Source{Input: document})
	for range tokens {
		token, err := l.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			break
		}
		if token.Kind == lexer.Name {
			longest = max(longest, len(token.Value))
		}
	}
	return longest
}

// measure is the size of a selection set; width is its fields but for those in
// fields.
type measure struct{ fields, depth, width int }

// manyFields is where counting stops, far above any limit and far below overflow.
const manyFields = 1 << 30

func (m measure) beside(other measure) measure {
	return measure{
		fields: min(m.fields+other.fields, manyFields), depth: max(m.depth, other.depth), width: min(m.width+other.width, manyFields),
	}
}

// measurer remembers the fragments that it has measured.
type measurer struct {
	fragments ast.FragmentDefinitionList
	known     map[string]measure
}

func (m measurer) set(selections ast.SelectionSet) (whole measure) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			inner := m.set(s.SelectionSet)
			whole = whole.beside(measure{inner.fields + 1, inner.depth + 1, 1})
		case *ast.InlineFragment:
			// It counts as a field, since validation compares it with its neighbours.
			whole = whole.beside(measure{fields: 1}).beside(m.set(s.SelectionSet))
		case *ast.FragmentSpread:
			whole = whole.beside(measure{fields: 1}).beside(m.fragment(s.Name))
		}
	}
	return whole
}

func (m measurer) fragment(name string) measure {
	if size, ok := m.known[name]; ok {
		return size
	}
	definition := m.fragments.ForName(name)
	if definition == nil {
		return measure{}
	}
	m.known[name] = measure{} // for a fragment that spreads itself, which validation refuses
	m.known[name] = m.set(definition.SelectionSet)
	return m.known[name]
}
