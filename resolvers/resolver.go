// Package resolvers is what each field of the API does: by hand, one file for
// each noun of graph/. A resolver reads its arguments, asks WeChat or the store,
// and returns records; it sees no HTTP, knows no engine, and knows no error code
// (errors.go does).
package resolvers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"menshen/graph"
	"menshen/store"
	"menshen/token"
	"menshen/wechat"
)

// Resolver is the root. Its exported fields are all required but AdminKey,
// TextCheck, Limits and ScanPage. It formats without its secrets.
type Resolver struct {
	Store     store.Store
	WeChat    *wechat.Client
	Tokens    *token.Signer
	AccessTTL time.Duration // life of an access token; whole seconds
	AdminKey  string        // the service key with role ADMIN; "" for none
	TextCheck TextCheck     // of nicknames that users type
	ScanPage  string        // of the mini program, opened by scan login; "" for a plain QR code
	Limits    Limits        // the zero value limits nothing
	Events    Events
	Now       func() time.Time
	Log       *slog.Logger

	logins singleflight.Group
}

var _ graph.ResolverRoot = (*Resolver)(nil)

// Format hides the service key under every verb.
func (r *Resolver) Format(s fmt.State, _ rune) { io.WriteString(s, "[resolvers.Resolver]") }

// Config is what the generated code runs on.
func (r *Resolver) Config() graph.Config {
	return graph.Config{Resolvers: r, Directives: graph.DirectiveRoot{Auth: r.auth}}
}

type (
	query           struct{ *Resolver }
	mutation        struct{ *Resolver }
	subscription    struct{ *Resolver }
	session         struct{ *Resolver }
	user            struct{ *Resolver }
	userConnection  struct{ *Resolver }
	auditConnection struct{ *Resolver }
)

// Query resolves the root fields of queries.
func (r *Resolver) Query() graph.QueryResolver { return query{r} }

// Mutation resolves the root fields of mutations.
func (r *Resolver) Mutation() graph.MutationResolver { return mutation{r} }

// Subscription resolves the root fields of subscriptions.
func (r *Resolver) Subscription() graph.SubscriptionResolver { return subscription{r} }

// Session resolves what a store.Session does not hold.
func (r *Resolver) Session() graph.SessionResolver { return session{r} }

// User resolves what a store.User does not hold.
func (r *Resolver) User() graph.UserResolver { return user{r} }

// UserConnection resolves what a page of users does not hold.
func (r *Resolver) UserConnection() graph.UserConnectionResolver { return userConnection{r} }

// AuditEventConnection resolves what a page of audit events does not hold.
func (r *Resolver) AuditEventConnection() graph.AuditEventConnectionResolver {
	return auditConnection{r}
}

// Request is what a resolver may know of the request that carries it.
type Request struct {
	ID        string
	Bearer    string // the token of the Authorization header, "" without one
	UserAgent string
	IPAddress string
}

// Format hides the bearer token under every verb.
func (r Request) Format(s fmt.State, _ rune) { io.WriteString(s, "[resolvers.Request]") }

type contextKey struct{}

// WithRequest returns a context for the resolvers of one request.
func WithRequest(ctx context.Context, request Request) context.Context {
	return context.WithValue(ctx, contextKey{}, &visit{Request: request})
}

func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(contextKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}
