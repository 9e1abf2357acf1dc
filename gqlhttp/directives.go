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
	c := directiveChecker{variables: operation.Variables, seen: map[string]bool{}}
	c.set(operation.Operation.SelectionSet)
	return c.errs
}

// directiveChecker looks at each fragment of an operation once, and at none of
// the operations beside it, whose variables are others.
type directiveChecker struct {
	variables map[string]any
	seen      map[string]bool
	errs      gqlerror.List
}

func (c *directiveChecker) set(set ast.SelectionSet) {
	for _, selection := range set {
		directives, nested := within(selection)
		for _, directive := range directives {
			c.directive(directive)
		}
		c.set(nested)
		if spread, ok := selection.(*ast.FragmentSpread); ok && !c.seen[spread.Name] {
			c.seen[spread.Name] = true
			c.set(spread.Definition.SelectionSet)
		}
	}
}

func (c *directiveChecker) directive(directive *ast.Directive) {
	switch directive.Name {
	case "defer":
		c.refuse("@defer is not supported.")
	case "skip", "include":
		condition := directive.Arguments.ForName("if").Value
		if condition.Kind == ast.Variable && c.variables[condition.Raw] == nil {
			c.refuse(fmt.Sprintf("@%s is given null.", directive.Name))
		}
	}
}

func (c *directiveChecker) refuse(message string) {
	c.errs = append(c.errs, codedError(errcode.ValidationFailed, message))
}
