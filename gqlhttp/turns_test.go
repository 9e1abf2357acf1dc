package gqlhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"menshen/gqlhttp"
)

// slowly is an extension after the guard that keeps each document until it may go on.
type slowly struct {
	goOn chan struct{} // one for each

	mu    sync.Mutex
	begun []string // the callers, in the order of their turns
}

func (*slowly) ExtensionName() string                   { return "slowly" }
func (*slowly) Validate(graphql.ExecutableSchema) error { return nil }

func (s *slowly) MutateOperationParameters(ctx context.Context, _ *graphql.RawParams) *gqlerror.Error {
	s.mu.Lock()
	s.begun = append(s.begun, callerOf(ctx))
	s.mu.Unlock()
	<-s.goOn
	return nil
}

func (s *slowly) turns() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.begun)
}

func callerOf(ctx context.Context) string { name, _ := ctx.Value(callerKey{}).(string); return name }

// crowd is a server on which requests wait for one processor.
type crowd struct {
	*server
	*slowly
	remembered passed
}

// longest is a turn on it, shorter than answerTimeout.
const longest = time.Second

func newCrowd(waiting int) crowd {
	c := crowd{slowly: &slowly{goOn: make(chan struct{})}, remembered: passed{}}
	turns := &gqlhttp.Turns{AtOnce: 1, Waiting: waiting, Longest: longest, Caller: callerOf}
	guard := &gqlhttp.Guard{Limits: gqlhttp.Defaults, Documents: c.remembered, Turns: turns}
	c.server = newServer(false, guard, c.slowly)
	return c
}

// send begins a request and returns where its answer will be.
func (c crowd) send(ctx context.Context, caller, document string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	go c.handler.ServeHTTP(w, asking(plain, document, nil).WithContext(context.WithValue(ctx, callerKey{}, caller)))
	synctest.Wait()
	return w
}

// finish lets all go on, one after the other.
func (c crowd) finish() {
	close(c.goOn)
	synctest.Wait()
}

// flood sends documents that differ.
func (c crowd) flood(t *testing.T, n int) {
	for i := range n {
		c.send(t.Context(), "mallory", fmt.Sprintf("{ name } # %d", i))
	}
}

// TestTurnsAreTaken has one caller send 200 documents, and another one.
func TestTurnsAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(200)
		c.flood(t, 200)
		honest := c.send(t.Context(), "rex", "{ name }")
		if want := []string{"mallory"}; !slices.Equal(c.turns(), want) {
			t.Fatalf("at once: %v, want %v", c.turns(), want)
		}
		c.finish()
		if place := slices.Index(c.turns(), "rex"); place > 2 || honest.Code != http.StatusOK {
			t.Errorf("%d turns before the other's: %d %s", place, honest.Code, honest.Body)
		}
		if len(c.turns()) != 201 {
			t.Errorf("%d documents of 201 had a turn", len(c.turns()))
		}
	})
}

func TestTurnsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(3)
		c.flood(t, 4)
		got := c.send(t.Context(), "mallory", "{ name } # one more")
		if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" || !strings.Contains(got.Body.String(), `"code":"RATE_LIMITED"`) {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		c.finish()
		if len(c.turns()) != 4 {
			t.Errorf("%d documents had a turn, want 4", len(c.turns()))
		}
	})
}

// TestTurnsEndWithTheRequest has a client leave that waits.
func TestTurnsEndWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(1)
		c.flood(t, 1)
		ctx, leave := context.WithCancel(t.Context())
		left := c.send(ctx, "mallory", "{ name } # waits")
		leave()
		synctest.Wait()
		if left.Code != http.StatusServiceUnavailable {
			t.Errorf("%d %s", left.Code, left.Body)
		}
		next := c.send(t.Context(), "mallory", "{ name } # next") // in its place
		c.finish()
		if next.Code != http.StatusOK || len(c.turns()) != 2 {
			t.Errorf("%d %s after %v", next.Code, next.Body, c.turns())
		}
	})
}

// TestLongTurnsEnd has a request keep its turn for as long as it may, and then
// come to its end while another has the turn.
func TestLongTurnsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(2)
		c.flood(t, 3)
		for want := 1; want <= 2; want++ {
			if len(c.turns()) != want {
				t.Fatalf("%d turns have begun, want %d", len(c.turns()), want)
			}
			time.Sleep(longest) // of the bubble's clock
			synctest.Wait()
		}
		c.finish()
		if last := c.send(t.Context(), "rex", "{ name }"); last.Code != http.StatusOK {
			t.Errorf("%d %s", last.Code, last.Body)
		}
	})
}

// TestKnownDocumentsDoNotWait keeps the cheap path free.
func TestKnownDocumentsDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(0)
		c.remembered["{ name }"] = true
		c.flood(t, 1)
		c.send(t.Context(), "mallory", "{ name }")
		if len(c.turns()) != 2 {
			t.Errorf("%v, want two at once", c.turns())
		}
		c.finish()
	})
}

// TestRefusedQueriesAreNotCarriedOut has a stream, which asks for results until
// there are none, refused its turn.
func TestRefusedQueriesAreNotCarriedOut(t *testing.T) {
	const costly = "{ dog { friends { friends { friends { name } } } } }"
	synctest.Test(t, func(t *testing.T) {
		k := newKennel()
		k.waits = true
		gql := handler.New(k)
		gql.AddTransport(gqlhttp.HTTP{Streams: new(gqlhttp.Streams)})
		gql.SetErrorPresenter(present)
		limits := gqlhttp.Defaults
		limits.Cost = 80_000
		gql.Use(&gqlhttp.Guard{Limits: limits, Documents: passed{costly: true}, Turns: &gqlhttp.Turns{AtOnce: 1, Waiting: 1}})
		ctx, leave := context.WithCancel(t.Context())
		c := crowd{server: &server{kennel: k, handler: gql}}
		c.send(ctx, "", costly) // has the turn
		c.send(ctx, "", costly) // waits for it
		w := httptest.NewRecorder()
		stream := asking(plain, costly, nil)
		stream.Header.Set("Accept", "text/event-stream")
		gql.ServeHTTP(w, stream)
		if got := w.Body.String(); strings.Count(got, "event: next") != 1 || !strings.Contains(got, gqlhttp.CodeRateLimited) {
			t.Errorf("want one event, a refusal:\n%s", got)
		}
		if got := k.executed.Load(); got != 1 {
			t.Errorf("%d queries were carried out, want the one that has the turn", got)
		}
		leave()
		synctest.Wait()
	})
}

// TestCostlyOperationsWait has the kennel keep what it carries out.
func TestCostlyOperationsWait(t *testing.T) {
	const cheap, costly = "{ name }", "{ dog { friends { friends { friends { name } } } } }"
	for document, want := range map[string]int64{cheap: 3, costly: 1} {
		synctest.Test(t, func(t *testing.T) {
			limits := gqlhttp.Defaults
			limits.Cost = 80_000
			s := newServer(false, &gqlhttp.Guard{Limits: limits, Documents: passed{document: true}, Turns: &gqlhttp.Turns{AtOnce: 1, Waiting: 2}})
			s.waits = true
			ctx, leave := context.WithCancel(t.Context())
			c := crowd{server: s}
			for range 3 {
				c.send(ctx, "", document)
			}
			if got := s.executed.Load(); got != want {
				t.Errorf("%s: %d at once, want %d", document, got, want)
			}
			leave()
			synctest.Wait()
		})
	}
}
