// Package gqlhttp is how a GraphQL request gets in over HTTP: reading it,
// refusing what is not one, and writing the answer with the right status and
// media type. It knows gqlgen and nothing of any particular schema.
//
// It follows the GraphQL-over-HTTP draft (https://graphql.github.io/graphql-over-http/draft/)
// as its audit suite (npm graphql-http) reads it.
package gqlhttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// POST takes GraphQL requests as application/json in the body of a POST. It
// takes no forms: a browser sends those across origins without asking. It never
// repeats a request's body in an answer.
type POST struct{}

var _ graphql.Transport = POST{}

// Supports is true for every request: what is not a GraphQL request is told so
// in this transport's own words.
func (POST) Supports(*http.Request) bool { return true }

// Do answers one request. The body must be bounded by the caller
// (http.MaxBytesReader); one that was cut off there is answered 413. A request
// whose context ends before it is carried out is answered 503.
func (POST) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	media, ok := negotiate(r.Header.Values("Accept"))
	if !ok {
		w.Header().Set("Accept", mediaResponse+", "+mediaJSON)
		refuse(w, r, exec, mediaJSON, &fault{http.StatusNotAcceptable, "Accept leaves nothing this server can answer with."})
		return
	}
	params, err := read(r)
	if err != nil {
		refuse(w, r, exec, media, err)
		return
	}
	operation, errs := exec.CreateOperationContext(r.Context(), params)
	ctx := graphql.WithOperationContext(r.Context(), operation)
	if errs == nil {
		errs = checkDirectives(operation)
	}
	if errs != nil {
		write(w, media, requestErrorStatus(media), exec.DispatchError(ctx, refine(errs, params)), false)
		return
	}
	respond, ctx := exec.DispatchOperation(ctx, operation)
	if response := respond(ctx); response != nil {
		write(w, media, http.StatusOK, response, true)
		return
	}
	late := gqlerror.List{gqlerror.Wrap(ctx.Err())}
	write(w, media, http.StatusServiceUnavailable, exec.DispatchError(context.WithoutCancel(ctx), late), false)
}

// refuse answers something that is not a GraphQL request.
func refuse(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, media string, err error) {
	broken := &fault{status: http.StatusBadRequest, message: "The request could not be read."}
	errors.As(err, &broken)
	if broken.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	response := exec.DispatchError(r.Context(), gqlerror.List{codedError(CodeBadRequest, broken.message)})
	write(w, media, broken.status, response, false)
}
