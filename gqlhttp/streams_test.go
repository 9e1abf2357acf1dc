package gqlhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"menshen/gqlhttp"
)

// watchdog is a small schema with subscriptions. Its dog barks when told to.
type watchdog struct {
	schema *ast.Schema
	barks  chan string   // the dog's, heard by one subscriber each
	heard  atomic.Int64  // subscriptions that have begun
	left   chan struct{} // one for each subscription that has ended
}

func newWatchdog() *watchdog {
	return &watchdog{barks: make(chan string), left: make(chan struct{}, 4000), schema: gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { name(of: String): String  sleep: String }
		type Mutation { feed: String }
		type Subscription { barks: String  asleep: String  refused: String  bites: String }
	`})}
}

func (d *watchdog) Schema() *ast.Schema { return d.schema }

func (d *watchdog) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

// Exec does what the first field says.
func (d *watchdog) Exec(ctx context.Context) graphql.ResponseHandler {
	switch field := gqlhttp.RootFields(graphql.GetOperationContext(ctx))[0]; field {
	case "sleep":
		<-ctx.Done()
		return func(context.Context) *graphql.Response { return nil }
	case "refused":
		graphql.AddError(ctx, coded("GONE"))
		return nil
	case "bites":
		return func(context.Context) *graphql.Response { panic("bitten") }
	case "barks", "asleep":
		d.heard.Add(1)
		context.AfterFunc(ctx, func() { d.left <- struct{}{} })
		return d.listen(field)
	default:
		return graphql.OneShot(data(field, "Rex"))
	}
}

func (d *watchdog) listen(field string) graphql.ResponseHandler {
	barks := d.barks
	if field == "asleep" {
		barks = nil
	}
	return func(ctx context.Context) *graphql.Response {
		select {
		case bark := <-barks:
			if bark == "" {
				return nil
			}
			return data(field, bark)
		case <-ctx.Done():
			return nil
		}
	}
}

func data(field, value string) *graphql.Response {
	return &graphql.Response{Data: json.RawMessage(`{"` + field + `":"` + value + `"}`)}
}

func coded(code string) *gqlerror.Error {
	return &gqlerror.Error{Message: "Gone.", Extensions: map[string]any{"code": code}}
}

// watched serves a watchdog over all transports.
type watched struct {
	*watchdog
	streams *gqlhttp.Streams
	socket  gqlhttp.WebSocket
	expired atomic.Bool   // what Recheck finds
	timeout time.Duration // of the server, to read a request and to write its answer; 0 for none
	open    *httptest.Server

	mu       sync.Mutex
	answered []gqlhttp.Answered
}

type callerKey struct{}

// serveWatched serves until the test ends, and checks that nothing goes on then.
func serveWatched(t *testing.T, change func(*watched)) *watched {
	t.Helper()
	before := runtime.NumGoroutine()
	k := &watched{watchdog: newWatchdog()}
	k.streams = &gqlhttp.Streams{
		Recheck:   k.recheck,
		Caller:    func(ctx context.Context) string { name, _ := ctx.Value(callerKey{}).(string); return name },
		PerCaller: 100, Total: 100, WriteTimeout: 10 * time.Second,
	}
	k.socket = gqlhttp.WebSocket{
		Streams: k.streams, Connect: connect, Origins: []string{"https://shop.example"},
		InitTimeout: 10 * time.Second, MessageBytes: 8 << 10, MessagesPerSecond: 100, Operations: 4,
	}
	change(k)
	k.open = httptest.NewUnstartedServer(k.handler())
	t.Cleanup(func() {
		k.streams.Close()
		k.open.Close()
		waitFor(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
	})
	k.open.Config.ReadTimeout, k.open.Config.WriteTimeout = k.timeout, k.timeout
	k.open.Start()
	return k
}

func (k *watched) handler() http.Handler {
	gql := handler.New(k.watchdog)
	gql.AddTransport(k.socket)
	gql.AddTransport(gqlhttp.HTTP{Streams: k.streams})
	gql.SetErrorPresenter(present)
	gql.SetRecoverFunc(func(context.Context, any) error { return errors.New("panicked") })
	gql.Use(gqlhttp.Report{To: func(_ context.Context, a gqlhttp.Answered) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.answered = append(k.answered, a)
	}})
	return gql
}

// connect lets in whom the payload names.
func connect(ctx context.Context, payload map[string]any) (context.Context, error) {
	name, _ := payload["name"].(string)
	switch name {
	case "stranger":
		return nil, errors.New("canary")
	case "mad":
		panic("canary")
	}
	return context.WithValue(ctx, callerKey{}, name), nil
}

func (k *watched) recheck(context.Context) error {
	if k.expired.Load() {
		return coded("UNAUTHENTICATED")
	}
	return nil
}

// reports is how often Report told of an operation.
func (k *watched) reports() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.answered)
}

// waitFor polls for what another goroutine is about to do.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline, tick := time.After(10*time.Second), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
