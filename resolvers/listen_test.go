package resolvers_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"menshen/graph"
	"menshen/resolvers"
	"menshen/store"
	"menshen/wechat/wechattest"
)

// inBubble runs a test with a server without sockets, in a bubble of time that
// passes only while everybody waits.
func inBubble(t *testing.T, test func(s *server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &server{T: t, now: time.Now, log: &logbook{}, wire: &wire{url: "http://wechat.invalid"}}
		s.open(options{
			apps:        map[string]string{app: wechattest.DevAppSecret},
			maxSessions: 20,
			resolver:    func(*resolvers.Resolver) {},
		})
		test(s)
	})
}

// signIn begins a session without WeChat, and returns its access token.
func (s *server) signIn(openID string) (bearer string, in store.LoggedIn) {
	s.Helper()
	in, err := s.store.Login(s.Context(), store.Login{
		AppID: app, OpenID: openID, SessionKey: store.SessionKey{Text: "bWVuc2hlbi10ZXN0LWstMQ==", GivenAt: s.now()},
		SessionID: store.NewID(store.SessionPrefix, s.now()),
	})
	s.need(err)
	return s.bearer(in.User.ID, in.Session.ID), in
}

// listener is a client of one operation that is carried out without a socket.
type listener struct {
	*server
	ctx     context.Context
	leave   context.CancelFunc
	respond graphql.ResponseHandler
}

// listen begins an operation.
func (s *server) listen(bearer, document string, v variables) *listener {
	s.Helper()
	ctx, leave := context.WithCancel(resolvers.WithRequest(s.Context(), resolvers.Request{
		ID: "request-of-a-listener", Bearer: bearer, UserAgent: userAgent, IPAddress: address,
	}))
	s.Cleanup(leave)
	exec := executor.New(graph.NewExecutableSchema(s.resolver.Config()))
	exec.SetErrorPresenter(s.resolver.Present)
	exec.SetRecoverFunc(s.resolver.Recover)
	ctx = graphql.StartOperationTrace(ctx)
	operation, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: document, Variables: v})
	if errs != nil {
		s.Fatal(errs)
	}
	respond, ctx := exec.DispatchOperation(ctx, operation)
	return &listener{s, ctx, leave, respond}
}

// next waits for an answer; false at the end.
func (l *listener) next() (a answer, more bool) {
	l.Helper()
	response := l.respond(l.ctx)
	if response == nil {
		return answer{}, false
	}
	text, err := json.Marshal(response)
	l.need(err)
	l.need(json.Unmarshal(text, &a))
	a.body = string(text)
	l.clean("answer", a.body, unspeakable...)
	return a, true
}

// begun leaves at once, and answers why the operation was refused, if it was.
func (l *listener) begun() answer {
	l.Helper()
	l.leave()
	a, _ := l.next()
	return a
}

// over checks that nothing more comes.
func (l *listener) over() {
	l.Helper()
	if a, more := l.next(); more {
		l.Errorf("want the end: %s", a.body)
	}
}

// hear waits for an answer and reads its one root field.
func hear[T any](l *listener) (result T) {
	l.Helper()
	a, more := l.next()
	if !more || len(a.Errors) > 0 || len(a.Data) != 1 {
		l.Fatalf("want an answer (%t): %s", more, a.body)
	}
	for _, field := range a.Data {
		l.need(json.Unmarshal(field, &result))
	}
	return result
}

// do is ask without a socket.
func do[T any](s *server, bearer, document string, v variables) T {
	s.Helper()
	return hear[T](s.listen(bearer, document, v))
}
