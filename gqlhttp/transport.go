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
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// HTTP takes GraphQL requests as application/json in the body of a POST, and
// queries in the query string of a GET. It takes no forms: a browser sends those
// across origins without asking. It never repeats a request in an answer.
type HTTP struct {
	OperationTimeout time.Duration // of a query or mutation; 0 for none
	WriteTimeout     time.Duration // of an answer of more than 16 KB; 0: the server's
	Streams          *Streams      // nil: no subscriptions
	// Unavailable says of an error, as the presenter left it, that the server cannot
	// work for now; nil: of none. An answer with such an error and without data is 503.
	Unavailable func(*gqlerror.Error) bool
}

var _ graphql.Transport = HTTP{}

// Supports is true for every request: what is not a GraphQL request is told so
// in this transport's own words.
func (HTTP) Supports(*http.Request) bool { return true }

// Do answers one request. The body must be bounded by the caller
// (http.MaxBytesReader); one that was cut off there is answered 413. A request
// whose time ends before it is carried out is answered 503. A POST that prefers
// text/event-stream is answered with events.
func (t HTTP) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	media, ok := negotiate(r.Header.Values("Accept"), t.offers(r.Method))
	if !ok {
		refuse(w, r, exec, mediaJSON, notAcceptable())
		return
	}
	params, err := read(r)
	switch {
	case err != nil:
		refuse(w, r, exec, media, err)
	case media == mediaEvents:
		t.Streams.serveEvents(w, r, params, exec)
	default:
		t.answer(w, r, exec, media, params)
	}
}

// offers are the media types to choose from, the one for a client that does not
// care first.
func (t HTTP) offers(method string) []string {
	offers := []string{mediaJSON, mediaResponse}
	if t.Streams != nil && method == http.MethodPost {
		offers = append(offers, mediaEvents)
	}
	return offers
}

// answer carries out one query or mutation.
func (t HTTP) answer(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, media string, params *graphql.RawParams) {
	if t.OperationTimeout > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), t.OperationTimeout)
		defer cancel()
		r = r.WithContext(ctx)
	}
	operation, errs := admit(r.Context(), params, exec)
	ctx := graphql.WithOperationContext(r.Context(), operation)
	if errs != nil {
		write(w, media, requestErrorStatus(media, errs), exec.DispatchError(ctx, errs))
		return
	}
	if err := checkMethod(r.Method, operation.Operation.Operation); err != nil {
		refuse(w, r, exec, media, err)
		return
	}
	ctx, lease := withLease(ctx)
	defer lease.end()
	respond, ctx := exec.DispatchOperation(ctx, operation)
	response := respond(ctx)
	switch {
	case response == nil:
		late := gqlerror.List{gqlerror.Wrap(ctx.Err())}
		write(w, media, http.StatusServiceUnavailable, exec.DispatchError(context.WithoutCancel(ctx), late))
	case response.Data == nil && slices.ContainsFunc(response.Errors, isCrowded):
		write(w, media, http.StatusServiceUnavailable, response)
	default:
		t.execution(w, r, media, operation.Operation.Operation, response)
	}
}

// execution answers with what was carried out.
func (t HTTP) execution(w http.ResponseWriter, r *http.Request, media string, kind ast.Operation, response *graphql.Response) {
	content, errs := encode(response, true), response.Errors
	if t.WriteTimeout > 0 && len(content) > largeAnswer {
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(t.WriteTimeout))
	}
	if kind == ast.Query {
		content = compress(w.Header(), r.Header, content)
	}
	send(w, media, t.status(response), errs, content)
}

// status is 200 for what was carried out, errors and all, but where nothing came of it
// because the server cannot work: a load balancer and a client that tries again look
// at the status alone. Where there is data the specification wants 2xx.
func (t HTTP) status(response *graphql.Response) int {
	if t.Unavailable != nil && slices.ContainsFunc(response.Errors, t.Unavailable) && isEmpty(response.Data) {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// admit makes an operation of a request's parameters, under every rule that may
// refuse it. What it returns may leave.
func admit(ctx context.Context, params *graphql.RawParams, exec graphql.GraphExecutor) (*graphql.OperationContext, gqlerror.List) {
	ctx, lease := withLease(ctx)
	defer lease.end()
	operation, errs := exec.CreateOperationContext(ctx, params)
	if errs == nil {
		errs = checkDirectives(operation)
	}
	if errs != nil {
		errs = refine(errs, params)
	}
	return operation, errs
}

// checkMethod refuses what must not arrive so: with GET, which is safe (RFC 9110,
// section 9.2.1), anything that changes something, and a subscription where there
// is one answer.
func checkMethod(method string, operation ast.Operation) error {
	switch {
	case method == http.MethodGet && operation != ast.Query:
		return notAllowed("Only queries are sent with GET.", http.MethodPost)
	case operation == ast.Subscription:
		return badRequest("Subscriptions need Accept: text/event-stream, or a WebSocket.")
	}
	return nil
}

// refuse answers something that is not a GraphQL request.
func refuse(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, media string, err error) {
	broken := &fault{status: http.StatusBadRequest, message: "The request could not be read."}
	errors.As(err, &broken)
	if media == mediaEvents {
		media = mediaJSON // no stream has begun
	}
	maps.Copy(w.Header(), broken.header)
	response := exec.DispatchError(r.Context(), gqlerror.List{codedError(CodeBadRequest, broken.message)})
	write(w, media, broken.status, response)
}
