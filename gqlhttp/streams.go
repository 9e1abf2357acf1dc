package gqlhttp

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Streams are the subscriptions that a server carries, as server-sent events and
// over WebSockets, and what bounds them. A Caller or Recheck that is nil does
// nothing; a bound of 0 is none. It must not be copied.
//
// A subscription's resolver must close its channel or leave it once its context
// ends, and must survive its own goroutine's panics: nobody else can.
type Streams struct {
	// Caller names who the request in ctx comes from; streams are counted by it,
	// those of "" by nobody.
	Caller func(ctx context.Context) string
	// Recheck tells why a stream must end, for example that the caller's login
	// state did. It is asked before each event and every RecheckEvery.
	Recheck func(ctx context.Context) error

	PerCaller        int // subscriptions, and sockets, of one caller
	Total            int // subscriptions, and sockets, in all
	RecheckEvery     time.Duration
	PingEvery        time.Duration // a sign of life where nothing happens
	WriteTimeout     time.Duration // of one event to a slow reader
	OperationTimeout time.Duration // of a query or mutation among the subscriptions

	mu      sync.Mutex
	closing bool
	places  map[*place]struct{}
	callers map[string]int
	open    sync.WaitGroup
}

// Close ends all streams, so that their clients connect elsewhere, and lets
// nothing new begin. It returns when all have ended, which their resolvers, slow
// readers and Recheck may delay.
func (s *Streams) Close() {
	s.mu.Lock()
	s.closing = true
	for p := range s.places {
		go p.end()
	}
	s.mu.Unlock()
	s.open.Wait()
}

// closed says whether nothing new may begin.
func (s *Streams) closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// full says why nothing more may begin.
func (s *Streams) full() *gqlerror.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal()
}

// refusal is full for who holds the lock.
func (s *Streams) refusal() *gqlerror.Error {
	switch {
	case s.closing:
		return shuttingDown()
	case s.Total > 0 && len(s.places) >= s.Total:
		return crowded("The server carries as many streams as it can.")
	}
	return nil
}

// place is what a stream takes of what Streams allows.
type place struct {
	streams *Streams
	caller  string
	end     func() // makes the stream leave
}

// enter takes a place for a stream that end ends, or says why there is none. The
// stream must leave it.
func (s *Streams) enter(caller string, end func()) (*place, *gqlerror.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refusal(); err != nil {
		return nil, err
	}
	if err := s.count(caller); err != nil {
		return nil, err
	}
	if s.places == nil {
		s.places = map[*place]struct{}{}
	}
	p := &place{s, caller, end}
	s.places[p] = struct{}{}
	s.open.Add(1)
	return p, nil
}

// count adds a stream to those of a caller.
func (s *Streams) count(caller string) *gqlerror.Error {
	if caller == "" {
		return nil
	}
	if s.PerCaller > 0 && s.callers[caller] >= s.PerCaller {
		return crowded("You have as many streams open as you may.")
	}
	if s.callers == nil {
		s.callers = map[string]int{}
	}
	s.callers[caller]++
	return nil
}

func (s *Streams) discount(caller string) {
	if caller == "" {
		return
	}
	if s.callers[caller]--; s.callers[caller] == 0 {
		delete(s.callers, caller)
	}
}

// belongTo counts the stream to a caller who became known on it.
func (p *place) belongTo(caller string) *gqlerror.Error {
	p.streams.mu.Lock()
	defer p.streams.mu.Unlock()
	if err := p.streams.count(caller); err != nil {
		return err
	}
	p.streams.discount(p.caller)
	p.caller = caller
	return nil
}

// leave gives the place to others.
func (p *place) leave() {
	p.streams.mu.Lock()
	defer p.streams.mu.Unlock()
	p.streams.discount(p.caller)
	delete(p.streams.places, p)
	p.streams.open.Done()
}

// retryCrowded is the wait in seconds after which a place may be free.
const retryCrowded = 5

func crowded(message string) *gqlerror.Error {
	err := codedError(CodeRateLimited, message)
	err.Extensions["retryAfter"] = retryCrowded
	return err
}

// shuttingDown tells a client to connect elsewhere, or later.
func shuttingDown() *gqlerror.Error { return crowded("The server is shutting down.") }

// caller names who a request comes from.
func (s *Streams) caller(ctx context.Context) string {
	if s.Caller == nil {
		return ""
	}
	return s.Caller(ctx)
}

// turnAway answers a request that would begin a stream where none can.
func turnAway(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, why *gqlerror.Error) {
	write(w, mediaJSON, http.StatusServiceUnavailable, exec.DispatchError(r.Context(), gqlerror.List{why}))
}
