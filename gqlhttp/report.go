package gqlhttp

import (
	"context"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// Answered is one request that was answered.
type Answered struct {
	RootFields []string      // what it asked for; none when it was refused before it ran
	Codes      []string      // of its errors, each once, in their order
	Elapsed    time.Duration // from the request's arrival
}

// Report tells To about every answer, for logs and metrics.
type Report struct {
	To func(context.Context, Answered)
}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
} = Report{}

// ExtensionName names the extension to gqlgen.
func (Report) ExtensionName() string { return "Report" }

// Validate has nothing to check.
func (Report) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse looks at an answer on its way out.
func (r Report) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil {
		return nil
	}
	answered := Answered{}
	if graphql.HasOperationContext(ctx) {
		operation := graphql.GetOperationContext(ctx)
		answered.RootFields = RootFields(operation)
		answered.Elapsed = time.Since(operation.Stats.OperationStart)
	}
	for _, err := range response.Errors {
		if code := CodeOf(err); !slices.Contains(answered.Codes, code) {
			answered.Codes = append(answered.Codes, code)
		}
	}
	r.To(ctx, answered)
	return response
}
