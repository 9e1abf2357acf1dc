// Menshen (门神) is the login server behind WeChat mini programs: what wx.login
// gives goes in, a login state that any service can verify comes out, and
// session_key never leaves.
//
// This package wires the parts and speaks to the operator. server.go joins the
// parts into one handler, serving.go opens and closes what is served, stores.go opens
// the engine that a URL names, instances.go is what instances that share a store tell
// each other, presence.go how others know that one runs, sweep.go removes what has
// expired. A request passes browsers.go, limits.go, body.go
// and requests.go on its way to graphql.go, to push.go when WeChat sends it, or to
// endpoints.go; connections.go caps the connections, metrics.go is what is counted.
// config.go, documents.go and secret.go hold every setting; commands.go,
// operations.go, databasebackup.go, export.go, keys.go and migrate.go every command.
// progress.go shows how far one is, and control.go is how one reaches a server that
// holds a file.
package main

import (
	"context"
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

	"github.com/alecthomas/kong"

	"menshen/gate"
	"menshen/gqlhttp"
	"menshen/resolvers"
	"menshen/store"
	"menshen/token"
	"menshen/web"
)

//go:generate go tool gqlgen generate

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	// net/http tells the standard logger what a peer sent out of turn, which may
	// hold a session_key; what matters reaches slog as an error.
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
		kong.NamedMapper("local", kong.MapperFunc(decodeLocal)),
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
		return withoutValues(err)
	}
	return command.Run()
}

// parts are what newHandler joins.
type parts struct {
	settings  settings
	resolver  *resolvers.Resolver
	pushes    pushes
	readiness *readiness
	meters    *meters
	streams   *gqlhttp.Streams
	trusted   *gqlhttp.Manifest
	bodies    *gate.Room // for long ones, as answers
	answers   *gate.Room
	metrics   http.Handler // nil when /metrics is elsewhere
	log       *slog.Logger
}

// newHandler is the whole of what clients see.
func newHandler(p parts) http.Handler {
	mux := http.NewServeMux()
	entrance := newEntrance(p)
	mux.Handle(graphqlPath, newGraphQL(p, entrance))
	mux.Handle("GET /wechat/push/{appid}", p.pushes)
	mux.Handle("POST /wechat/push/{appid}", p.pushes)
	mux.Handle("GET /.well-known/jwks.json", serveJWKS(p.resolver.Tokens))
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.Handle("GET /readyz", p.readiness)
	if p.settings.Playground == "on" {
		playground := web.Playground(graphqlPath)
		mux.Handle("/playground", playground)
		mux.Handle("/playground/", playground)
	}
	if p.metrics != nil {
		mux.Handle("GET /metrics", p.metrics)
	}
	return withHeaders(crossOrigin(p.settings.CORSOrigins, entrance.admit(entrance.wholeBody(everyRequest(cleanPaths(mux), p.log)))))
}

// newHTTPServer bounds how long anything may take.
func newHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      40 * time.Second, // longer than requestTimeout
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    4 << 10, // net/http adds 4 KB: 8 KB in all
		ConnState:         markHeads,
	}
}

// markHeads tells a connection of the gate's where the head of a request begins,
// after the first, and that one was read: only net/http knows where a body ends.
func markHeads(conn net.Conn, state http.ConnState) {
	c, ours := conn.(*gate.Conn)
	switch {
	case !ours:
	case state == http.StateIdle:
		c.BeginHead()
	case state == http.StateActive:
		c.EndHead()
	}
}

// The names of the store's secrets.
const (
	tokenSecret       = "token"         // the keys of package token
	accessTokenSecret = "access_token " // and an AppID: the app's access_token
)

func openSigner(ctx context.Context, db store.Store, issuer string, algorithm token.Algorithm) (*token.Signer, error) {
	_, shared := db.(store.Shared)
	return token.Open(ctx, token.Options{
		Issuer:    issuer,
		Algorithm: algorithm,
		Shared:    shared,
		Now:       clockOf(db),
		Load: func(ctx context.Context) ([]byte, error) {
			return db.Secret(ctx, tokenSecret)
		},
		Update: func(ctx context.Context, change func([]byte) ([]byte, error)) error {
			return db.UpdateSecret(ctx, tokenSecret, change)
		},
	})
}

func newLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
