package gqlhttp

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

var (
	// errLeft means that nobody is there for the results: the client does not read.
	errLeft = errors.New("gqlhttp: nobody reads the results")
	// errClosing means that Streams.Close ended a subscription.
	errClosing = errors.New("gqlhttp: the server is shutting down")
)

// revoked means that Recheck ended a subscription.
type revoked struct{ why error }

func (r *revoked) Error() string { return "gqlhttp: the subscription was revoked" }
func (r *revoked) Unwrap() error { return r.why }

// ending is how an operation ended: all its results went out, if nothing is set.
type ending struct {
	errors  *graphql.Response // to end it with, instead of results or after them
	revoked bool              // Recheck gave the errors
	left    bool              // there is nobody to tell
}

// operation is one that is carried out on a stream.
type operation struct {
	*graphql.OperationContext
	streams *Streams
	exec    graphql.GraphExecutor
	send    func(*graphql.Response) error // one result
}

// carry carries out the operation of a request and hands each result to send,
// which must not keep it, since the next takes its memory.
func (s *Streams) carry(ctx context.Context, params *graphql.RawParams, exec graphql.GraphExecutor, send func(*graphql.Response) error) ending {
	ctx = graphql.StartOperationTrace(ctx)
	admitted, errs := admit(ctx, params, exec)
	ctx = graphql.WithOperationContext(ctx, admitted)
	if errs != nil {
		return ending{errors: exec.DispatchError(ctx, errs)}
	}
	err := (&operation{admitted, s, exec, send}).run(ctx)
	switch {
	case err == nil:
		return ending{}
	case errors.Is(err, errLeft), errors.Is(err, errClosing), errors.Is(err, context.Canceled):
		return ending{left: true}
	}
	return ending{
		errors:  exec.DispatchError(context.WithoutCancel(ctx), listOf(err)),
		revoked: errors.As(err, new(*revoked)),
	}
}

// listOf keeps the code of an error that has one.
func listOf(err error) gqlerror.List {
	if coded := new(gqlerror.Error); errors.As(err, &coded) {
		return gqlerror.List{coded}
	}
	return gqlerror.List{gqlerror.Wrap(err)}
}

// run carries the operation out within its bounds. gqlgen survives the panics of
// fields; run survives those of what lies around them.
func (o *operation) run(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = o.Recover(ctx, p)
		}
	}()
	if o.Operation.Operation == ast.Subscription {
		return o.subscribe(ctx)
	}
	if o.streams.OperationTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.streams.OperationTimeout)
		defer cancel()
	}
	return o.results(ctx, func() error { return nil })
}

// subscribe takes a place for as long as the subscription may and does last.
func (o *operation) subscribe(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	place, crowded := o.streams.enter(o.streams.caller(ctx), func() { cancel(errClosing) })
	if crowded != nil {
		return crowded
	}
	defer place.leave()
	check := func() error { return o.recheck(ctx) }
	defer every(o.streams.RecheckEvery, func() {
		if err := check(); err != nil {
			cancel(err)
		}
	})()
	return o.results(ctx, check)
}

// results hands on what the operation yields, each after a check, until there is
// no more or ctx ends.
func (o *operation) results(ctx context.Context, check func() error) error {
	ctx, lease := withLease(ctx)
	defer lease.end()
	respond, ctx := o.exec.DispatchOperation(ctx, o.OperationContext)
	for {
		response := respond(ctx)
		if response == nil {
			return context.Cause(ctx)
		}
		if err := check(); err != nil {
			return err
		}
		err := o.send(response)
		lease.end()
		if err != nil {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			respond(ctx) // Report waits for the end
			return errLeft
		}
	}
}

// recheck asks Recheck, unless the stream has ended already.
func (o *operation) recheck(ctx context.Context) (err error) {
	if o.streams.Recheck == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = &revoked{o.Recover(ctx, p)}
		}
	}()
	why := o.streams.Recheck(ctx)
	if ended := context.Cause(ctx); ended != nil {
		return ended
	}
	if why != nil {
		return &revoked{why}
	}
	return nil
}
