package gqlhttp

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"golang.org/x/time/rate"
)

// WebSocket takes GraphQL operations over a WebSocket that speaks
// graphql-transport-ws, by the letter of its protocol
// (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). It goes
// before HTTP among a server's transports. A bound of 0 is none; Operations must
// be at least 1.
type WebSocket struct {
	Streams *Streams
	// Connect authenticates connection_init; its payload is nil if it has none. The
	// context that it returns, made of ctx, is that of the socket's operations. Any
	// error closes the socket with 4403. Nil lets everybody in.
	Connect func(ctx context.Context, payload map[string]any) (context.Context, error)
	// Begin admits one operation and returns its context, made of ctx. Nil admits all.
	Begin func(ctx context.Context) (context.Context, error)
	// Origins are those whose pages may connect, as scheme://host[:port], beside the
	// server's own. Who sends no Origin is no browser, and may.
	Origins []string

	InitTimeout       time.Duration // to connection_init
	MessageTimeout    time.Duration // from the first frame of a message to its last
	MessageBytes      int64         // of one message
	BytesPerSecond    int           // of one socket, in frames of any kind; twice MessageBytes may come at once
	MessagesPerSecond int           // of one socket, pings and pongs included, and as many at once
	Operations        int           // of one socket at once
}

var _ graphql.Transport = WebSocket{}

const subprotocol = "graphql-transport-ws"

// Supports is true for a request to become a WebSocket.
func (WebSocket) Supports(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// Do makes the request's connection a socket and returns; the socket lives until
// either side or Streams.Close ends it. It keeps the values of the request's
// context and not its end.
func (t WebSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if !t.admits(r) {
		refuse(w, r, exec, mediaJSON, &fault{status: http.StatusForbidden, message: "This origin may not connect."})
		return
	}
	if why := t.Streams.full(); why != nil {
		turnAway(w, r, exec, why)
		return
	}
	s := newSocket(t, context.WithoutCancel(r.Context()), exec)
	shake := &handshake{ResponseWriter: w, allowance: t.allowance()}
	conn, err := websocket.Accept(shake, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // admits has looked
		OnPingReceived:     func(context.Context, []byte) bool { return s.tolerates() },
		OnPongReceived:     func(context.Context, []byte) { s.tolerates() },
	})
	if err != nil {
		refuse(w, r, exec, mediaJSON, &fault{status: shake.status, message: "This is no handshake of a WebSocket."})
		return
	}
	s.conn = conn
	// A goroutine of its own lets go of the request and of the handler's stack,
	// which an idle socket would keep.
	go s.serve()
}

// admits looks at the page that a browser connects for. A browser sends cookies
// and reaches private networks for any page, so that the server must choose.
func (t WebSocket) admits(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(t.Origins, origin) {
		return true
	}
	page, err := url.Parse(origin)
	return err == nil && page.Host != "" && strings.EqualFold(page.Host, r.Host)
}

// limiter bounds the messages and control frames of one socket.
func (t WebSocket) limiter() *rate.Limiter {
	if t.MessagesPerSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(t.MessagesPerSecond), t.MessagesPerSecond)
}

// allowance bounds the bytes of one socket, among them those of frames that are
// only a part of a message and that nothing else counts.
func (t WebSocket) allowance() *rate.Limiter {
	if t.BytesPerSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(t.BytesPerSecond), max(int(2*t.MessageBytes), t.BytesPerSecond))
}
