// Menshen (门神) is the login server behind WeChat mini programs: what wx.login
// gives goes in, a login state that any service can verify comes out, and
// session_key never leaves.
//
// This package is the wiring and nothing else. server.go opens the parts and
// joins them, requests.go is what every HTTP request passes, config.go holds
// every setting and commands.go every command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/alecthomas/kong"
	"golang.org/x/sync/errgroup"

	"menshen/gqlhttp"
	"menshen/graph"
	"menshen/resolvers"
	"menshen/store"
	"menshen/store/bolt"
	"menshen/store/seal"
	"menshen/token"
	"menshen/web"
	"menshen/wechat"
)

//go:generate go tool gqlgen generate

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	// net/http's transport tells the standard logger what a peer sent out of
	// turn. It may hold a session_key; what matters reaches slog as an error.
	stdlog.SetOutput(io.Discard)
	if err := run(ctx, environment{os.Args[1:], os.Stdout, os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, "menshen:", err)
		os.Exit(1)
	}
}

// run parses the command line and carries the command out.
func run(ctx context.Context, env environment) error {
	var cli commands
	exited := false
	parser, err := kong.New(&cli,
		kong.Name("menshen"),
		kong.Description("The login server behind WeChat mini programs."),
		kong.Writers(env.stdout, env.stderr),
		kong.Exit(func(int) { exited = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(env),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(env.args)
	if exited { // --help was all that was asked for
		return nil
	}
	if err != nil {
		return withoutValues(err, env.args)
	}
	return command.Run()
}

// mode is what dev allows and production does not.
type mode bool

const (
	production  mode = false
	development mode = true
)

// server is an open store, its parts, and the sockets they are served on.
type server struct {
	store     store.Store
	main      service
	others    []service // metrics and control
	log       *slog.Logger
	readiness *readiness
	drain     time.Duration
}

// service is an HTTP server on its listener.
type service struct {
	http     *http.Server
	listener net.Listener
}

// listen opens the store and every socket, so that what is wrong is said before
// anything is served.
func listen(ctx context.Context, s settings, wechatURL string, mode mode, log *slog.Logger) (srv *server, err error) {
	meters := newMeters()
	db, err := openStore(s.storeSettings, store.Options{
		SessionLife: s.RefreshTTL, MaxSessions: s.MaxSessions, Observe: meters.storeCall,
	}, mayCreate)
	if err != nil {
		return nil, err
	}
	srv = &server{store: db, log: log, readiness: &readiness{store: db}}
	if mode == production {
		srv.drain = drainTime
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, srv.close())
		}
	}()
	signer, err := openSigner(ctx, db, s.Issuer, token.Algorithm(s.TokenAlg))
	if err != nil {
		return srv, err
	}
	client, err := wechat.NewClient(wechat.Config{BaseURL: wechatURL, Apps: s.Apps, Observe: meters.wechatCall})
	if err != nil {
		return srv, fmt.Errorf("--wechat-url (MENSHEN_WECHAT_URL) or --app (MENSHEN_APPS): %w", err)
	}
	resolver := &resolvers.Resolver{
		Store: db, WeChat: client, Tokens: signer,
		AccessTTL: s.AccessTTL, AdminKey: string(s.AdminKey), Now: time.Now, Log: log,
	}
	meters.watch(db)
	return srv, srv.bind(ctx, s, mode, resolver, meters, keyOffice{signer, db, s.RefreshTTL})
}

// bind listens on every socket.
func (srv *server) bind(ctx context.Context, s settings, mode mode, resolver *resolvers.Resolver, meters *meters, keys keyOffice) error {
	metrics := meters.handler()
	var onMain http.Handler
	if s.MetricsAddr == s.Addr {
		onMain = metrics
		if mode == production {
			onMain = requireAdmin(resolver, metrics)
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("--addr (MENSHEN_ADDR): %w", err)
	}
	srv.main = service{newHTTPServer(newHandler(s, resolver, meters, srv.readiness, onMain, srv.log)), listener}
	if onMain == nil {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.MetricsAddr)
		if err != nil {
			return fmt.Errorf("--metrics-addr (MENSHEN_METRICS_ADDR), which a second instance on one host needs to set: %w", err)
		}
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", metrics)
		srv.others = append(srv.others, service{newHTTPServer(mux), listener})
	}
	path, err := s.boltPath()
	if err != nil {
		return err
	}
	control, err := listenControl(controlPath(path))
	if err != nil {
		return fmt.Errorf("the socket for the other commands: %w", err)
	}
	office := newHTTPServer(newControl(keys))
	office.WriteTimeout = controlTimeout
	srv.others = append(srv.others, service{office, control})
	return nil
}

// newHandler is the whole of what clients see.
func newHandler(s settings, resolver *resolvers.Resolver, meters *meters, ready *readiness, metrics http.Handler, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/graphql", newGraphQL(s, resolver, meters))
	mux.Handle("GET /.well-known/jwks.json", serveJWKS(resolver.Tokens))
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.Handle("GET /readyz", ready)
	if s.Playground == "on" {
		playground := web.Playground("/graphql")
		mux.Handle("/playground", playground)
		mux.Handle("/playground/", playground)
	}
	if metrics != nil {
		mux.Handle("GET /metrics", metrics)
	}
	return everyRequest(cleanPaths(mux), log)
}

// documentLimits are several times what GraphiQL's introspection query needs,
// the largest document that people send.
var documentLimits = gqlhttp.Guard{Tokens: 1000, Name: 128, Fields: 1000, Depth: 20}

// documentMemory bounds the texts of the parsed documents that are remembered.
const documentMemory = 256 << 10

// newGraphQL joins the schema, the resolvers and the transport.
func newGraphQL(s settings, resolver *resolvers.Resolver, meters *meters) http.Handler {
	gql := handler.New(graph.NewExecutableSchema(resolver.Config()))
	gql.AddTransport(gqlhttp.POST{})
	gql.SetParserTokenLimit(documentLimits.Tokens)
	gql.SetQueryCache(gqlhttp.NewDocuments(documentMemory))
	gql.SetDisableSuggestion(s.Introspection != "on") // they tell of the schema
	gql.SetErrorPresenter(resolver.Present)
	gql.SetRecoverFunc(resolver.Recover)
	gql.Use(documentLimits)
	gql.Use(gqlhttp.Introspection{Allow: introspectionPolicy(s.Introspection, resolver)})
	gql.Use(gqlhttp.Report{To: meters.graphQL})
	return gql
}

func introspectionPolicy(policy string, resolver *resolvers.Resolver) func(context.Context) bool {
	switch policy {
	case "on":
		return func(context.Context) bool { return true }
	case "admin":
		return resolver.IsAdmin
	}
	return func(context.Context) bool { return false }
}

// newHTTPServer bounds how long anything may take. Its own error log would
// repeat what strangers send.
func newHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      40 * time.Second, // longer than requestTimeout
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          stdlog.New(io.Discard, "", 0),
	}
}

// presence says whether a store must be there already.
type presence bool

const (
	mayCreate presence = false
	mustExist presence = true
)

func openStore(s storeSettings, options store.Options, presence presence) (*bolt.Store, error) {
	path, err := s.boltPath()
	if err != nil {
		return nil, err
	}
	if presence == mustExist {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("there is no store at %s", path)
		}
	}
	return bolt.Open(path, seal.KeyFile(s.KeyFile), options)
}

// tokenKeySet is the name under which the store keeps the keys of package token.
const tokenKeySet = "token"

func openSigner(ctx context.Context, db store.Store, issuer string, algorithm token.Algorithm) (*token.Signer, error) {
	return token.Open(ctx, token.Options{
		Issuer:    issuer,
		Algorithm: algorithm,
		Load: func(ctx context.Context) ([]byte, error) {
			return db.KeySet(ctx, tokenKeySet)
		},
		Update: func(ctx context.Context, change func([]byte) ([]byte, error)) error {
			return db.UpdateKeySet(ctx, tokenKeySet, change)
		},
	})
}

func (srv *server) addr() string { return srv.main.listener.Addr().String() }

const (
	// drainTime leaves load balancers time to see /readyz turn red.
	drainTime = time.Second
	// shutdownTime bounds the wait for requests in flight.
	shutdownTime = 20 * time.Second
)

// run serves until the context ends or a socket fails; then it lets the
// requests in flight finish and closes the store.
func (srv *server) run(ctx context.Context) error {
	srv.log.Info("listening", "addr", srv.addr(), "version", buildVersion())
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range append(srv.others, srv.main) {
		group.Go(func() error {
			if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	group.Go(func() error { srv.sweep(ctx); return nil })
	group.Go(func() error { <-ctx.Done(); return srv.shutdown() })
	err := errors.Join(group.Wait(), srv.store.Close())
	srv.log.Info("stopped")
	return err
}

// shutdown turns /readyz red and waits for the requests in flight.
func (srv *server) shutdown() error {
	srv.readiness.draining.Store(true)
	srv.log.Info("shutting down")
	<-time.After(srv.drain)
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	err := srv.main.http.Shutdown(ctx)
	for _, s := range srv.others {
		err = errors.Join(err, s.http.Shutdown(ctx))
	}
	return err
}

// close lets go of what listen opened.
func (srv *server) close() error {
	var errs []error
	for _, s := range append(srv.others, srv.main) {
		if s.listener != nil {
			errs = append(errs, s.listener.Close())
		}
	}
	return errors.Join(append(errs, srv.store.Close())...)
}

const (
	sweepEvery = 30 * time.Second
	sweepBatch = 500 // sessions in one transaction
)

// sweep removes dead sessions, in small transactions, until the context ends.
func (srv *server) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for removed := sweepBatch; removed == sweepBatch && ctx.Err() == nil; {
			var err error
			if removed, err = srv.store.Sweep(ctx, sweepBatch); err != nil {
				srv.log.Error("sweep failed", "error", err)
			}
		}
	}
}

func newLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
