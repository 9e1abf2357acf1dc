package resolvers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/google/go-cmp/cmp"

	"menshen/events"
	"menshen/gqlhttp"
	"menshen/graph"
	"menshen/resolvers"
	"menshen/store"
	"menshen/store/bolt"
	"menshen/store/seal"
	"menshen/store/storetest"
	"menshen/token"
	"menshen/wechat"
	"menshen/wechat/wechattest"
)

const (
	app         = wechattest.DevAppID
	otherApp    = "wxother000000000000"
	issuer      = "menshen.test"
	adminKey    = "admin-key-of-the-tests-and-of-nothing-else"
	accessTTL   = 2 * time.Hour
	sessionLife = 30 * 24 * time.Hour
	userAgent   = "MicroMessenger/8.0.99"
	address     = "192.0.2.1"
	exchange    = "/sns/jscode2session"

	// The names of the store's secrets, as package main has them.
	tokenSecret       = "token"
	accessTokenSecret = "access_token "
)

var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// server is the API on a real socket, over a real store and a pretend WeChat,
// all on one clock that moves by hand.
type server struct {
	*testing.T
	clock    *storetest.Clock
	now      func() time.Time // the clock's, or that of a bubble
	sim      *wechattest.Simulator
	wire     *wire
	store    *bolt.Store
	tokens   *token.Signer
	log      *logbook
	resolver *resolvers.Resolver
	http     *httptest.Server
}

// options are what one test may want otherwise.
type options struct {
	apps        map[string]string
	maxSessions int
	resolver    func(*resolvers.Resolver)
}

// start starts a server that ends with the test.
func start(t *testing.T, adjust ...func(*options)) *server {
	t.Helper()
	o := options{
		apps:        map[string]string{app: wechattest.DevAppSecret},
		maxSessions: 20,
		resolver:    func(*resolvers.Resolver) {},
	}
	for _, f := range adjust {
		f(&o)
	}
	s := &server{T: t, clock: storetest.NewClock(begin), log: &logbook{}}
	s.now = s.clock.Now
	s.sim = wechattest.NewSimulator(wechattest.Options{Apps: o.apps, Now: s.clock.Now})
	s.wire = newWire(t, s.sim)
	s.open(o)
	s.http = httptest.NewServer(carry(newGraphQL(s.resolver)))
	t.Cleanup(s.http.Close)
	t.Cleanup(func() { s.clean("log", s.log.text(), adminKey, wechattest.DevAppSecret) })
	return s
}

// open joins all that needs no socket.
func (s *server) open(o options) {
	s.Helper()
	s.openStore(o.maxSessions)
	s.tokens = openSigner(s.T, s.store, s.now)
	s.resolver = &resolvers.Resolver{
		Store: s.store, WeChat: s.newClient(o.apps), Tokens: s.tokens, AccessTTL: accessTTL,
		AdminKey: adminKey, Events: events.NewBus(), Now: s.now, Log: s.log.logger(),
	}
	o.resolver(s.resolver)
}

// run runs a subtest with the same server.
func (s *server) run(name string, f func(s *server)) {
	s.Run(name, func(t *testing.T) {
		same := *s
		same.T = t
		f(&same)
	})
}

func twoApps(o *options) { o.apps[otherApp] = "secret-of-the-other-app" }

// newGraphQL joins the parts as package main does.
func newGraphQL(r *resolvers.Resolver) http.Handler {
	gql := handler.New(graph.NewExecutableSchema(r.Config()))
	gql.AddTransport(gqlhttp.HTTP{})
	gql.SetErrorPresenter(r.Present)
	gql.SetRecoverFunc(r.Recover)
	return gql
}

// carry tells the resolvers about each request.
func carry(next http.Handler) http.Handler {
	var served atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		next.ServeHTTP(w, r.WithContext(resolvers.WithRequest(r.Context(), resolvers.Request{
			ID: fmt.Sprintf("request-%d", served.Add(1)), Bearer: bearer, UserAgent: r.UserAgent(), IPAddress: address,
		})))
	})
}

func (s *server) openStore(maxSessions int) {
	s.Helper()
	dir := s.TempDir()
	db, err := bolt.Open(filepath.Join(dir, "menshen.db"), seal.KeyFile(filepath.Join(dir, "menshen.key")),
		store.Options{Now: s.now, SessionLife: sessionLife, MaxSessions: maxSessions, AuditRetention: sessionLife})
	s.need(err)
	s.Cleanup(func() { db.Close() }) // a test may have closed it
	s.store = db
}

// newClient asks the pretend WeChat and keeps its access_tokens in the store.
func (s *server) newClient(apps map[string]string) *wechat.Client {
	s.Helper()
	client, err := wechat.NewClient(wechat.Options{
		BaseURL: s.wire.url, Apps: apps, Now: s.now,
		LoadToken: func(ctx context.Context, appID string) ([]byte, error) {
			return s.store.Secret(ctx, accessTokenSecret+appID)
		},
		UpdateToken: func(ctx context.Context, appID string, change func([]byte) ([]byte, error)) error {
			return s.store.UpdateSecret(ctx, accessTokenSecret+appID, change)
		},
	})
	s.need(err)
	s.Cleanup(client.Close)
	return client
}

func openSigner(t *testing.T, db store.Store, now func() time.Time) *token.Signer {
	t.Helper()
	signer, err := token.Open(t.Context(), token.Options{
		Issuer: issuer, Now: now,
		Load: func(ctx context.Context) ([]byte, error) { return db.Secret(ctx, tokenSecret) },
		Update: func(ctx context.Context, change func([]byte) ([]byte, error)) error {
			return db.UpdateSecret(ctx, tokenSecret, change)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// bearer is an access token of the server's own for any user and session.
func (s *server) bearer(userID, sessionID string) string {
	s.Helper()
	raw, err := s.tokens.Issue(token.Claims{
		UserID: userID, SessionID: sessionID, AppID: app, IssuedAt: s.now(), ExpiresAt: s.now().Add(accessTTL),
	})
	s.need(err)
	return raw
}

// need ends the test unless err is nil.
func (s *server) need(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// same marks the test as failed unless got equals want.
func (s *server) same(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// variables of a request.
type variables = map[string]any

// answer is a GraphQL response.
type answer struct {
	Data   map[string]json.RawMessage
	Errors []apiError
	body   string
}

type apiError struct {
	Message    string
	Path       []any
	Extensions struct {
		Code       string
		Field      string
		RequestID  string
		RetryAfter int
		WeChat     *struct{ Errcode int }
	}
}

// post sends a request and looks for what no answer may show.
func (s *server) post(ctx context.Context, bearer, document string, v variables) (answer, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": v})
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.http.URL, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := s.http.Client().Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{body: string(text)}
	if err := json.Unmarshal(text, &a); err != nil {
		return answer{}, fmt.Errorf("%w: %q", err, text)
	}
	s.clean("answer", a.body, unspeakable...)
	return a, nil
}

// unspeakable are words that no answer may show: secrets, and the words of the
// layers below.
var unspeakable = []string{
	adminKey, wechattest.DevAppSecret, "errmsg", "rid:", "goroutine", "panic", "strconv",
	"wechat:", "store:", "token:", "bolt:", "seal:", "resolvers:", "json:",
}

// clean looks for what may not leave the server.
func (s *server) clean(where, text string, words ...string) {
	s.Helper()
	for _, word := range append(words, s.wire.overheard()...) {
		if strings.Contains(text, word) {
			s.Errorf("%s shows %q:\n%s", where, word, text)
		}
	}
}

// ask sends what must succeed and reads its one root field.
func ask[T any](s *server, bearer, document string, v variables) (result T) {
	s.Helper()
	a, err := s.post(s.Context(), bearer, document, v)
	s.need(err)
	if len(a.Errors) > 0 || len(a.Data) != 1 {
		s.Fatalf("%s\n%s", document, a.body)
	}
	for _, field := range a.Data {
		s.need(json.Unmarshal(field, &result))
	}
	return result
}

// refused sends what must fail with one error of the code and nothing else.
func (s *server) refused(code, bearer, document string, v variables) apiError {
	s.Helper()
	a, err := s.post(s.Context(), bearer, document, v)
	s.need(err)
	return s.failure(code, a)
}

// failure is the one error of an answer that must be nothing else.
func (s *server) failure(code string, a answer) apiError {
	s.Helper()
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != code {
		s.Fatalf("want one error %s:\n%s", code, a.body)
	}
	for name, field := range a.Data {
		if string(field) != "null" {
			s.Errorf("%s failed with %s and answered %s", name, code, field)
		}
	}
	return a.Errors[0]
}
