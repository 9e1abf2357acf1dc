package gqlhttp

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"golang.org/x/time/rate"
)

// The protocol's close codes, and two from IANA's registry of WebSocket close codes.
const (
	closeGoingAway       = websocket.StatusGoingAway
	closeTryLater        = websocket.StatusTryAgainLater
	closeBadMessage      = websocket.StatusCode(4400)
	closeUnauthorized    = websocket.StatusCode(4401)
	closeForbidden       = websocket.StatusCode(4403)
	closeSubprotocol     = websocket.StatusCode(4406)
	closeInitTimeout     = websocket.StatusCode(4408)
	closeSubscriberTaken = websocket.StatusCode(4409)
	closeTooMany         = websocket.StatusCode(4429)
	closeInternal        = websocket.StatusCode(4500)
)

// socket is one connection. Its own goroutine reads, and each operation has one.
type socket struct {
	transport WebSocket
	exec      graphql.GraphExecutor
	conn      *websocket.Conn
	limiter   *rate.Limiter

	// Of the goroutine that reads.
	ctx          context.Context // of the operations
	acknowledged bool
	place        *place
	late         *time.Timer // to connection_init; nil for never

	cancel context.CancelFunc // of ctx: nothing more is read or begun

	mu         sync.Mutex
	operations map[string]*subscriber // by id; those that the client has not ended
	slots      chan struct{}          // one for each, also for those that it has
	idle       sync.WaitGroup
}

func newSocket(t WebSocket, ctx context.Context, exec graphql.GraphExecutor) *socket {
	s := &socket{
		transport: t, exec: exec, limiter: t.limiter(),
		operations: map[string]*subscriber{}, slots: make(chan struct{}, t.Operations),
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s
}

// violation is why a socket must be closed.
type violation struct {
	code   websocket.StatusCode
	reason string
}

// serve carries the socket to its end.
func (s *socket) serve() {
	defer s.survive(s.ctx)
	place, crowded := s.transport.Streams.enter("", func() { s.close(closeGoingAway, "Going away") })
	if crowded != nil {
		s.close(closeTryLater, "Try again later")
		return
	}
	s.place = place
	defer place.leave()
	defer s.idle.Wait()
	defer s.cancel() // also when Connect panics
	if s.conn.Subprotocol() == "" {
		s.close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	if limit := s.transport.MessageBytes; limit > 0 {
		s.conn.SetReadLimit(limit)
	}
	defer every(s.transport.Streams.PingEvery, s.ping)()
	s.converse()
}

// converse reads until the socket ends, and says why it does.
func (s *socket) converse() {
	if wait := s.transport.InitTimeout; wait > 0 {
		s.late = time.AfterFunc(wait, func() { s.close(closeInitTimeout, "Connection initialisation timeout") })
		defer s.late.Stop()
	}
	for {
		kind, text, err := s.read()
		switch {
		case errors.Is(err, errTooMuch):
			s.close(tooManyMessages.code, tooManyMessages.reason)
			return
		case err != nil:
			s.close(websocket.StatusProtocolError, "") // unless either side has closed
			return
		}
		if err := s.take(kind, text); err != nil {
			s.close(err.code, err.reason)
			return
		}
		if s.ctx.Err() != nil {
			return
		}
	}
}

// read returns the next message. One that begins must end in time, since half of
// it takes as much memory.
func (s *socket) read() (websocket.MessageType, []byte, error) {
	kind, in, err := s.conn.Reader(context.Background()) // close ends it, in order
	if err != nil {
		return 0, nil, err
	}
	if wait := s.transport.MessageTimeout; wait > 0 {
		defer time.AfterFunc(wait, s.cut).Stop()
	}
	text, err := io.ReadAll(in)
	return kind, text, err
}

// take carries out what a message asks for.
func (s *socket) take(kind websocket.MessageType, text []byte) *violation {
	if !s.limiter.Allow() {
		return tooManyMessages
	}
	if kind != websocket.MessageText {
		return &violation{closeBadMessage, "Messages are text."}
	}
	m, err := parseMessage(text)
	if err != nil {
		return &violation{closeBadMessage, err.Error()}
	}
	switch m.Type {
	case connectionInit:
		return s.connect(m)
	case ping:
		s.write(message{Type: pong})
	case subscribe:
		return s.begin(m)
	case complete:
		s.end(m.ID)
	}
	return nil
}

// connect lets the client in, or not.
func (s *socket) connect(m message) *violation {
	if s.acknowledged {
		return &violation{closeTooMany, "Too many initialisation requests"}
	}
	if s.late != nil && !s.late.Stop() {
		return &violation{closeInitTimeout, "Connection initialisation timeout"}
	}
	if s.transport.Connect != nil {
		payload, _ := m.object() // parseMessage has looked
		ctx, err := s.transport.Connect(s.ctx, payload)
		if err != nil {
			return &violation{closeForbidden, "Forbidden"}
		}
		s.ctx = ctx
	}
	if s.place.belongTo(s.transport.Streams.caller(s.ctx)) != nil {
		return &violation{closeTryLater, "Try again later"}
	}
	s.acknowledged = true
	s.write(message{Type: connectionAck})
	return nil
}

// tooManyMessages is also said of pings and pongs, which cost as much.
var tooManyMessages = &violation{closeTooMany, "Too many messages"}

// tolerates counts a control frame. It is called in the middle of a read, which
// would keep close waiting.
func (s *socket) tolerates() bool {
	if s.limiter.Allow() {
		return true
	}
	if s.ctx.Err() == nil {
		s.cancel()
		go s.close(tooManyMessages.code, tooManyMessages.reason)
	}
	return false
}

// ping cuts off a peer that shows no sign of life until the next ping is due. It
// is a frame and not the protocol's message, since every client answers frames.
func (s *socket) ping() {
	ctx, cancel := context.WithTimeout(context.Background(), s.transport.Streams.PingEvery)
	defer cancel()
	if s.conn.Ping(ctx) != nil {
		s.cut()
	}
}

// write sends a message, one at a time. A peer that does not read it in time is
// cut off.
func (s *socket) write(m message) error {
	ctx := context.Background() // not the operation's, whose end would cut the frame in two
	if limit := s.transport.Streams.WriteTimeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	err := s.conn.Write(ctx, websocket.MessageText, line(m))
	if err != nil {
		s.cut()
	}
	return err
}

// close ends the socket and tells the peer why. It waits some seconds for the
// peer's answer.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.cancel()
	s.conn.Close(code, reason)
}

// cut ends the socket without a word.
func (s *socket) cut() {
	s.cancel()
	s.conn.CloseNow()
}

// survive ends the socket when a part of the server panicked on it.
func (s *socket) survive(ctx context.Context) {
	p := recover()
	if p == nil {
		return
	}
	defer func() { recover() }() // the presenter's own panic, if it was that
	defer s.close(closeInternal, "Internal server error")
	if reporter, ok := s.exec.(interface {
		PresentRecoveredError(context.Context, any) error
	}); ok {
		reporter.PresentRecoveredError(ctx, p)
	}
}
