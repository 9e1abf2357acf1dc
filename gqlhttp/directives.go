package gqlhttp

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkDirectives refuses what validation lets through and gqlgen cannot carry
// out: @defer, since there is one answer to a request and the deferred part
// would be missing in it, and @skip or @include of a variable that is null
// though it has a default, at which gqlgen panics.
func checkDirectives(operation *graphql.OperationContext) gqlerror.List {
	errs := checkSet(operation.Operation.SelectionSet, operation.Variables)
	for _, fragment := range operation.Doc.Fragments {
		errs = append(errs, checkSet(fragment.SelectionSet, operation.Variables)...)
	}
	return errs
}

// checkSet looks at a selection set and what is nested in it, but not at the
// fragments that it names.
func checkSet(set ast.SelectionSet, variables map[string]any) (errs gqlerror.List) {
	for _, selection := range set {
		var directives ast.DirectiveList
		var nested ast.SelectionSet
		switch s := selection.(type) {
		case *ast.Field:
			directives, nested = s.Directives, s.SelectionSet
		case *ast.InlineFragment:
			directives, nested = s.Directives, s.SelectionSet
		case *ast.FragmentSpread:
			directives = s.Directives
		}
		for _, directive := range directives {
			errs = append(errs, checkDirective(directive, variables)...)
		}
		errs = append(errs, checkSet(nested, variables)...)
	}
	return errs
}

func checkDirective(directive *ast.Directive, variables map[string]any) gqlerror.List {
	switch directive.Name {
	case "defer":
		return gqlerror.List{codedError(errcode.ValidationFailed, "@defer is not supported.")}
	case "skip", "include":
		condition := directive.Arguments.ForName("if").Value
		if condition.Kind == ast.Variable && variables[condition.Raw] == nil {
			return gqlerror.List{codedError(errcode.ValidationFailed, fmt.Sprintf("@%s is given null.", directive.Name))}
		}
	}
	return nil
}
