package gqlhttp

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Introspection lets those ask for the schema whom Allow names; others get
// INTROSPECTION_DISABLED before anything runs. __typename is open to all.
type Introspection struct {
	Allow func(context.Context) bool
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = Introspection{}

// ExtensionName names the extension to gqlgen.
func (Introspection) ExtensionName() string { return "Introspection" }

// Validate has nothing to check.
func (Introspection) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext decides for one operation.
func (i Introspection) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	asked := false
	for _, field := range RootFields(operation) {
		asked = asked || field == "__schema" || field == "__type"
	}
	if !asked {
		return nil
	}
	if !i.Allow(ctx) {
		return codedError(CodeIntrospectionDisabled, "Introspection is not allowed here.")
	}
	operation.DisableIntrospection = false
	return nil
}

// RootFields returns the names of the fields an operation asks for at its
// root, each once, in order. All are names of the schema: the operation has
// been validated.
func RootFields(operation *graphql.OperationContext) []string {
	if operation == nil || operation.Operation == nil {
		return nil
	}
	var names []string
	seen := map[string]bool{}
	collect(operation.Operation.SelectionSet, seen, &names)
	return names
}

// collect notes the fields of a selection set and of the fragments in it, each
// fragment once.
func collect(set ast.SelectionSet, seen map[string]bool, names *[]string) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if !seen[s.Name] {
				seen[s.Name] = true
				*names = append(*names, s.Name)
			}
		case *ast.InlineFragment:
			collect(s.SelectionSet, seen, names)
		case *ast.FragmentSpread:
			if key := "..." + s.Name; !seen[key] && s.Definition != nil {
				seen[key] = true
				collect(s.Definition.SelectionSet, seen, names)
			}
		}
	}
}
