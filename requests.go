package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"menshen/gqlhttp"
	"menshen/resolvers"
)

const (
	// requestTimeout bounds the work of one request.
	requestTimeout = 30 * time.Second

	graphqlPath = "/graphql"
)

// everyRequest gives a request its id, its bounds and its line in the log, and
// survives a panic.
func everyRequest(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		note := &requestNote{Request: resolvers.Request{
			ID: rand.Text(), Bearer: bearer(r), UserAgent: r.UserAgent(), IPAddress: clientOf(r.Context()),
		}}
		w.Header().Set("X-Request-Id", note.ID)
		a := &answer{ResponseWriter: w}
		ctx, cancel := bounded(r)
		defer cancel()
		r = r.WithContext(resolvers.WithRequest(context.WithValue(ctx, noteKey{}, note), note.Request))
		defer func() {
			if p := recover(); p != nil {
				survive(a, note, log, p)
			}
			note.log(log, r, a, time.Since(began))
		}()
		next.ServeHTTP(a, r)
	})
}

// bounded ends a request's work in time. GraphQL's transport bounds each operation
// itself, since a subscription may last.
func bounded(r *http.Request) (context.Context, context.CancelFunc) {
	if r.URL.Path == graphqlPath {
		return context.WithCancel(r.Context())
	}
	return context.WithTimeout(r.Context(), requestTimeout)
}

// cleanPaths answers 404 where ServeMux would redirect to the clean form of a
// path: the redirect repeats the query string, and strangers put secrets there.
func cleanPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if clean := path.Clean(r.URL.Path); r.URL.Path != clean && r.URL.Path != clean+"/" {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// survive answers a request whose handler panicked.
func survive(w *answer, note *requestNote, log *slog.Logger, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	log.Error("panic", "requestId", note.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if w.status == 0 {
		http.Error(w, "internal server error, request id "+note.ID, http.StatusInternalServerError)
	}
}

// bearer returns the token of the Authorization header, "" without one.
func bearer(r *http.Request) string {
	token, _ := cutBearer(r.Header.Get("Authorization"))
	return token
}

// cutBearer returns the token of "Bearer TOKEN" (RFC 6750, section 2.1).
func cutBearer(authorization string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}

// answer remembers what was answered.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int
}

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += n
	return n, err
}

// Hijack notes that the connection became something else, a WebSocket.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// Unwrap lets http.ResponseController through.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// requestNote gathers what the log line of a request says.
type requestNote struct {
	resolvers.Request
	operations []string // root fields asked for
	codes      []string // of the errors answered
	onSocket   bool     // one of many requests on a connection
}

func (n *requestNote) answered(a gqlhttp.Answered) { n.operations, n.codes = a.RootFields, a.Codes }

type noteKey struct{}

func noteOf(ctx context.Context) *requestNote {
	if n, ok := ctx.Value(noteKey{}).(*requestNote); ok {
		return n
	}
	return &requestNote{}
}

// log writes the one line of a request. It names the route, never the path, the
// query string, the body or a header: strangers put secrets there.
func (n *requestNote) log(log *slog.Logger, r *http.Request, a *answer, elapsed time.Duration) {
	level := slog.LevelInfo
	if r.URL.Path != graphqlPath {
		level = slog.LevelDebug
	}
	log.LogAttrs(r.Context(), level, "request", append(n.attributes(elapsed),
		slog.String("method", methodOf(r)), slog.String("route", r.Pattern), slog.Int("status", a.status), slog.Int("bytes", a.bytes))...)
}

// logOperation writes the one line of an operation on a socket.
func (n *requestNote) logOperation(ctx context.Context, log *slog.Logger, elapsed time.Duration) {
	log.LogAttrs(ctx, slog.LevelInfo, "operation", n.attributes(elapsed)...)
}

func (n *requestNote) attributes(elapsed time.Duration) []slog.Attr {
	attributes := []slog.Attr{
		slog.String("requestId", n.ID), slog.Duration("elapsed", elapsed), slog.String("address", n.IPAddress),
	}
	if len(n.operations) > 0 {
		attributes = append(attributes, slog.Any("operations", n.operations))
	}
	if len(n.codes) > 0 {
		attributes = append(attributes, slog.Any("codes", n.codes))
	}
	return attributes
}

// methodOf cuts the method short: a client may invent one of any length, and put
// a secret in it.
func methodOf(r *http.Request) string {
	return r.Method[:min(len(r.Method), len(http.MethodOptions))]
}
