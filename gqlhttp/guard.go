package gqlhttp

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Guard refuses requests that would cost more to validate and run than their
// size tells, before either is tried: fragments that spread fragments make a
// thousand bytes stand for a billion fields. Each of its passes over a document
// takes time in proportion to its length. What it refuses gets QUERY_TOO_COMPLEX,
// with the limit and what was found in the message. It must be used after Report,
// which is to hear of it.
type Guard struct {
	Limits Limits

	// Documents says which documents have passed before, so that they are not
	// measured again. Nil for none.
	Documents interface{ Has(text string) bool }

	// Lists holds the size of lists that have no argument for it, by type and
	// field, for example "User.sessions": the most they may have, or a usual
	// number. Other lists are assumed to have Limits.ListSize.
	Lists map[string]int

	// Turns is where documents that are not remembered wait to be measured and
	// validated, and queries of more than a tenth of Limits.Cost to be carried out.
	// Nil: nobody waits.
	Turns *Turns

	introspection map[string]int // like Lists, for the schema's own
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
	graphql.OperationInterceptor
	graphql.ResponseInterceptor
} = (*Guard)(nil)

// ExtensionName names the extension to gqlgen.
func (*Guard) ExtensionName() string { return "Guard" }

// Validate looks at the schema once, to know what introspection costs.
func (g *Guard) Validate(schema graphql.ExecutableSchema) error {
	g.introspection = introspectionSizes(schema.Schema())
	return nil
}

// MutateOperationParameters looks at a document and its variables before gqlgen
// does. It changes nothing.
func (g *Guard) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	if err := g.checkVariables(params.Variables); err != nil {
		return err
	}
	if g.Documents != nil && g.Documents.Has(params.Query) {
		return nil
	}
	if err := g.Turns.admission(ctx); err != nil {
		return err
	}
	if err := g.checkText(params.Query); err != nil {
		return err
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: params.Query}, g.Limits.Tokens)
	if err != nil {
		return nil // gqlgen will say what is wrong with it
	}
	return g.checkDocument(document)
}

// MutateOperationContext looks at what an operation may cost with its variables.
// It changes nothing.
func (g *Guard) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	p := pricer{guard: g, variables: operation.Variables, known: map[visit]int{}}
	cost := p.set(operation.Operation.SelectionSet, 0)
	operation.Stats.SetExtension(g.ExtensionName(), cost)
	return exceeded("The operation has", bound{cost, g.Limits.Cost, "objects and values to answer"})
}

func (g *Guard) checkText(text string) *gqlerror.Error {
	t := readText(text, g.Limits.Tokens)
	if t.tokens > g.Limits.Tokens {
		return tooComplex("The document has more than %d tokens, which is the limit.", g.Limits.Tokens)
	}
	return exceeded("The document has",
		bound{t.name, g.Limits.NameLength, "bytes in a name"},
		bound{t.nesting, g.Limits.Nesting, "levels of brackets"})
}

func (g *Guard) checkDocument(document *ast.QueryDocument) *gqlerror.Error {
	if err := exceeded("The document has",
		bound{len(document.Operations) + len(document.Fragments), g.Limits.Definitions, "operations and fragments"}); err != nil {
		return err
	}
	var w written
	w.document(document)
	m := newMeasurer(document)
	whole, mutations := m.document(document)
	if m.cycle != "" {
		return codedError(errcode.ValidationFailed, fmt.Sprintf("Cannot spread fragment %q within itself.", m.cycle))
	}
	if err := exceeded("The document has",
		bound{w.aliases, g.Limits.Aliases, "aliases"},
		bound{w.directives, g.Limits.Directives, "directives"},
		bound{w.list, g.Limits.ListLength, "values in a list"},
		bound{whole.fields, g.Limits.Fields, "fields, with fragments expanded"},
		bound{whole.depth, g.Limits.Depth, "levels of fields"},
		bound{mutations, g.Limits.Mutations, "root fields in a mutation"}); err != nil {
		return err
	}
	// Last: it reads every spread, of which there are now known to be few.
	return exceeded("The document has", bound{m.repeats(document), g.Limits.Repeats, "repetitions of fields"})
}

// bound is a limit and the number that was found.
type bound struct {
	found, limit int
	of           string
}

// exceeded returns an error about the first limit that something exceeds, nil for
// none. Its message begins with what.
func exceeded(what string, bounds ...bound) *gqlerror.Error {
	for _, b := range bounds {
		switch {
		case b.found >= countless:
			return tooComplex("%s at least %d %s; the limit is %d.", what, b.found, b.of, b.limit)
		case b.found > b.limit:
			return tooComplex("%s %d %s; the limit is %d.", what, b.found, b.of, b.limit)
		}
	}
	return nil
}

func tooComplex(format string, values ...any) *gqlerror.Error {
	return codedError(CodeQueryTooComplex, fmt.Sprintf(format, values...))
}

// countless is where counting stops, far above any limit and far below overflow.
const countless = 1 << 30

func plus(a, b int) int { return min(a+b, countless) }

func times(a, b int) int {
	if a > 0 && b > countless/a {
		return countless
	}
	return a * b
}
