package gqlhttp

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The marks of an operation: it is to wait for its turn, or waited in vain.
type (
	costly  struct{}
	refused struct{}
)

// InterceptOperation marks queries that cost much, and sees that one that is
// refused is not carried out after all when its transport asks for more. Mutations
// and subscriptions are not marked: they wait for others, and would keep their turn.
func (g *Guard) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	cost, _ := operation.Stats.GetExtension(g.ExtensionName()).(int)
	if cost <= g.Limits.Cost/10 || operation.Operation.Operation != ast.Query {
		return next(ctx)
	}
	operation.Stats.SetExtension(g.ExtensionName(), costly{})
	respond := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		if operation.Stats.GetExtension(g.ExtensionName()) == (refused{}) {
			return nil
		}
		return respond(ctx)
	}
}

// InterceptResponse has an operation that is marked wait, and then carried out.
func (g *Guard) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if g.Turns == nil || !g.unmark(ctx) {
		return next(ctx)
	}
	leave, err := g.Turns.take(ctx)
	defer leave()
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		graphql.GetOperationContext(ctx).Stats.SetExtension(g.ExtensionName(), refused{})
		return &graphql.Response{Errors: gqlerror.List{err}}
	}
	return next(ctx)
}

// unmark says whether an operation was marked. An error's answer after it need not
// wait again.
func (g *Guard) unmark(ctx context.Context) bool {
	if !graphql.HasOperationContext(ctx) {
		return false
	}
	stats := &graphql.GetOperationContext(ctx).Stats
	if _, marked := stats.GetExtension(g.ExtensionName()).(costly); !marked {
		return false
	}
	stats.SetExtension(g.ExtensionName(), nil)
	return true
}
