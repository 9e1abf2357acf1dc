package gqlhttp

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
)

// subscriber is one operation on a socket; the protocol calls those of queries
// and mutations so too.
type subscriber struct {
	id     string
	params *graphql.RawParams
	ctx    context.Context
	cancel context.CancelFunc
}

// begin begins an operation, with a goroutine of its own, if Begin admits it. What
// is refused is not decoded: that costs more than the refusal.
func (s *socket) begin(m message) *violation {
	if !s.acknowledged {
		return &violation{closeUnauthorized, "Unauthorized"}
	}
	s.mu.Lock()
	taken, full := s.operations[m.ID] != nil, len(s.operations) >= s.transport.Operations
	s.mu.Unlock()
	if taken {
		return &violation{closeSubscriberTaken, "Subscriber already exists"}
	}
	ctx, err := s.admitted()
	if err == nil && full {
		err = crowded("This socket has as many operations as it may.")
	}
	if err != nil {
		s.fail(m.ID, s.exec.DispatchError(ctx, listOf(err)))
		return nil
	}
	params, err := decode(m.Payload)
	if err != nil {
		return &violation{closeBadMessage, err.Error()}
	}
	s.start(ctx, m.ID, params)
	return nil
}

// admitted returns the context of an operation, or why there is none in the
// socket's own.
func (s *socket) admitted() (context.Context, error) {
	if s.transport.Begin == nil {
		return s.ctx, nil
	}
	ctx, err := s.transport.Begin(s.ctx)
	if err != nil {
		return s.ctx, err
	}
	return ctx, nil
}

// start waits for operations that have ended to be gone, so that a client cannot
// heap them up, and starts another.
func (s *socket) start(ctx context.Context, id string, params *graphql.RawParams) {
	select {
	case s.slots <- struct{}{}:
	case <-s.ctx.Done():
		return
	}
	sub := &subscriber{id: id, params: params}
	sub.ctx, sub.cancel = context.WithCancel(ctx)
	s.mu.Lock()
	s.operations[id] = sub
	s.mu.Unlock()
	s.idle.Go(func() { s.run(sub) })
}

// run carries an operation to its end and tells the client, unless it was the
// client who ended it.
func (s *socket) run(sub *subscriber) {
	defer func() { <-s.slots }()
	defer s.survive(sub.ctx)
	defer sub.cancel()
	ended := s.carry(sub)
	if !s.forget(sub) || ended.left {
		return
	}
	if ended.errors == nil {
		s.write(message{ID: sub.id, Type: complete})
		return
	}
	s.fail(sub.id, ended.errors)
	if ended.revoked { // the client should come back with another login state
		s.close(closeForbidden, "Forbidden")
	}
}

// carry carries an operation out.
func (s *socket) carry(sub *subscriber) ending {
	return s.transport.Streams.carry(sub.ctx, sub.params, s.exec, func(response *graphql.Response) error {
		return s.write(message{sub.id, next, result(response)})
	})
}

// fail ends an operation with errors.
func (s *socket) fail(id string, response *graphql.Response) {
	s.write(message{id, failed, json.RawMessage(line(response.Errors))})
}

// forget lets the client use an operation's id again. False: it could already.
func (s *socket) forget(sub *subscriber) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[sub.id] != sub {
		return false
	}
	delete(s.operations, sub.id)
	return true
}

// end ends the operation that the client wants no more.
func (s *socket) end(id string) {
	s.mu.Lock()
	sub := s.operations[id]
	s.mu.Unlock()
	if sub != nil { // the client may have sent this before our own reached it
		s.forget(sub)
		sub.cancel()
	}
}
