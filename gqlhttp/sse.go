package gqlhttp

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// serveEvents answers one operation with server-sent events, as the distinct
// connections mode of graphql-sse wants it
// (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): errors of
// the request too come as an event, and so does the end.
func (s *Streams) serveEvents(w http.ResponseWriter, r *http.Request, params *graphql.RawParams, exec graphql.GraphExecutor) {
	if s.closed() {
		turnAway(w, r, exec, shuttingDown())
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	out := openEvents(w, s.WriteTimeout)
	defer out.end()
	defer every(s.PingEvery, func() {
		if out.write(":\n\n") != nil {
			cancel()
		}
	})()
	ended := s.carry(ctx, params, exec, out.next)
	if ended.left || ended.errors != nil && out.next(ended.errors) != nil {
		return
	}
	out.write("event: complete\ndata: \n\n") // browsers drop an event without data
}

// events is the body of an answer of server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
type events struct {
	timeout time.Duration
	control *http.ResponseController

	mu    sync.Mutex
	w     http.ResponseWriter
	ended bool
}

// openEvents begins the answer. A stream outlives the server's ReadTimeout and
// WriteTimeout; each write has its own. The last one's deadline stays, for the
// end of the body: the server sets it anew for the connection's next request.
func openEvents(w http.ResponseWriter, timeout time.Duration) *events {
	e := &events{timeout: timeout, control: http.NewResponseController(w), w: w}
	header := w.Header()
	header.Set("Content-Type", mediaEvents)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would wait for more
	header.Set("X-Content-Type-Options", "nosniff")
	e.control.SetReadDeadline(time.Time{})
	e.write(":\n\n") // the client learns that it is heard
	return e
}

// next sends a result.
func (e *events) next(response *graphql.Response) error {
	return e.write("event: next\ndata: " + string(result(response)) + "\n\n")
}

// write sends an event, unless the request has been answered.
func (e *events) write(event string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return http.ErrHandlerTimeout
	}
	if e.timeout > 0 {
		e.control.SetWriteDeadline(time.Now().Add(e.timeout))
	}
	if _, err := e.w.Write([]byte(event)); err != nil {
		return err
	}
	return e.control.Flush()
}

// end keeps a late ping from a connection that may carry another request.
func (e *events) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = true
}
