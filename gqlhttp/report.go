package gqlhttp

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Answered is one request that was answered.
type Answered struct {
	RootFields   []string      // what it asked for; none when it was refused before it ran
	Codes        []string      // of its errors, each once, in their order
	Subscription bool          // a subscription that began: Elapsed is how long it lived
	Canceled     bool          // its client left or ended it before, and the errors are nobody's fault
	Elapsed      time.Duration // from the request's arrival
}

// Report tells To about every answer, for logs and metrics. A subscription is one
// request, and reported once: at its first error or at its end, whichever comes
// first. Its transport therefore asks for events until there are none, or
// dispatches the error for which it ends the stream.
type Report struct {
	To func(context.Context, Answered)
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
	graphql.ResponseInterceptor
} = Report{}

// ExtensionName names the extension to gqlgen.
func (Report) ExtensionName() string { return "Report" }

// Validate has nothing to check.
func (Report) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation watches a subscription for its end. An error of the field
// that was to begin it passes here only.
func (r Report) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	if operation.Operation.Operation != ast.Subscription {
		return next(ctx)
	}
	operation.Stats.SetExtension(r.ExtensionName(), new(atomic.Bool))
	event := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		response := event(ctx)
		if response == nil {
			r.once(ctx, operation, nil)
		} else if len(response.Errors) > 0 {
			r.once(ctx, operation, response.Errors)
		}
		return response
	}
}

// InterceptResponse looks at an answer on its way out. An event without errors
// is not the answer to a subscription, only a part of it.
func (r Report) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil {
		return nil
	}
	var operation *graphql.OperationContext
	if graphql.HasOperationContext(ctx) {
		operation = graphql.GetOperationContext(ctx)
	}
	if len(response.Errors) > 0 || r.mark(operation) == nil {
		r.once(ctx, operation, response.Errors)
	}
	return response
}

// mark returns what says whether a subscription that has begun was reported, nil
// for anything else.
func (r Report) mark(operation *graphql.OperationContext) *atomic.Bool {
	if operation == nil {
		return nil
	}
	reported, _ := operation.Stats.GetExtension(r.ExtensionName()).(*atomic.Bool)
	return reported
}

// once reports, but for a subscription that was reported already. operation is
// nil when the request was none.
func (r Report) once(ctx context.Context, operation *graphql.OperationContext, errs gqlerror.List) {
	reported := r.mark(operation)
	if reported != nil && reported.Swap(true) {
		return
	}
	answered := Answered{Subscription: reported != nil, Canceled: errors.Is(ctx.Err(), context.Canceled)}
	if operation != nil {
		answered.RootFields = RootFields(operation)
		answered.Elapsed = time.Since(operation.Stats.OperationStart)
	}
	for _, err := range errs {
		if code := CodeOf(err); !slices.Contains(answered.Codes, code) {
			answered.Codes = append(answered.Codes, code)
		}
	}
	r.To(ctx, answered)
}
