package gqlhttp

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Answers bounds the memory of answers that are not read. One that is too large
// becomes QUERY_TOO_COMPLEX; one for which there is no room becomes RATE_LIMITED,
// with the status 503 over HTTP. A mutation has been carried out by then all the
// same: its client learns the bound while it is written, since its own document
// makes the answer large. It must be used after Report, which is to hear of that.
type Answers struct {
	Bytes int  // of one answer; 0 for any number
	Room  Room // for answers of more than 16 KB, until they are written; nil: for all
	// Caller names whose room an answer takes; nil: nobody has a share of their own.
	Caller func(ctx context.Context) string
}

// Room is what answers take together. Its methods are called by several goroutines.
type Room interface {
	// Enter takes so many bytes for a key, if they are there.
	Enter(key string, bytes int) bool
	// Leave gives them back.
	Leave(key string, bytes int)
}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
} = Answers{}

const (
	// largeAnswer in bytes. A smaller one fits into the kernel's buffers of its
	// connection, so that nobody need read it.
	largeAnswer = 16 << 10
	// errorWeight is about what an error has in an answer.
	errorWeight = 256
)

// ExtensionName names the extension to gqlgen.
func (Answers) ExtensionName() string { return "Answers" }

// Validate has nothing to check.
func (Answers) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse weighs one answer, or one event of a subscription.
func (a Answers) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil {
		return nil
	}
	bytes := len(response.Data) + errorWeight*len(response.Errors)
	switch {
	case a.Bytes > 0 && bytes > a.Bytes:
		return &graphql.Response{
			Data:   json.RawMessage("null"),
			Errors: gqlerror.List{tooComplex("The answer has more than %d bytes; ask for less.", a.Bytes)},
		}
	case bytes > largeAnswer && !a.enter(ctx, bytes):
		return &graphql.Response{Errors: gqlerror.List{crowded("There is no room for this answer before others are read.")}}
	}
	return response
}

// enter takes room for as long as the transport writes the answer.
func (a Answers) enter(ctx context.Context, bytes int) bool {
	lease := leaseOf(ctx)
	if a.Room == nil || lease == nil {
		return true
	}
	key := ""
	if a.Caller != nil {
		key = a.Caller(ctx)
	}
	if !a.Room.Enter(key, bytes) {
		return false
	}
	lease.add(func() { a.Room.Leave(key, bytes) })
	return true
}
