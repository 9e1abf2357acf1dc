package resolvers

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"menshen/store"
)

// caller is who asks: a user in a session, or the service key, which has
// neither.
type caller struct {
	role    store.Role
	session *store.Session
	user    *store.User
}

// visit is one request and, once somebody asked, its caller.
type visit struct {
	Request

	once   sync.Once
	caller caller
	err    error
}

// auth is the @auth directive: the field runs only for a caller with the role.
func (r *Resolver) auth(ctx context.Context, _ any, next graphql.Resolver, requires store.Role) (any, error) {
	who, err := r.caller(ctx)
	if err != nil {
		return nil, err
	}
	if requires == store.RoleAdmin && who.role != store.RoleAdmin {
		return nil, errForbidden
	}
	return next(ctx)
}

// IsAdmin reports whether the caller has role ADMIN.
func (r *Resolver) IsAdmin(ctx context.Context) bool {
	who, err := r.caller(ctx)
	return err == nil && who.role == store.RoleAdmin
}

// caller finds out who asks, once for each request.
func (r *Resolver) caller(ctx context.Context) (caller, error) {
	v := visitOf(ctx)
	v.once.Do(func() {
		v.err = errUnauthenticated // stays if identify panics
		v.caller, v.err = r.identify(ctx, v.Bearer)
	})
	return v.caller, v.err
}

// identify tells whose bearer token it is. The token is a handle; the session
// in the store is the truth, so what ended there has ended here.
func (r *Resolver) identify(ctx context.Context, bearer string) (caller, error) {
	if bearer == "" {
		return caller{}, errUnauthenticated
	}
	if r.isAdminKey(bearer) {
		return caller{role: store.RoleAdmin}, nil
	}
	claims, err := r.Tokens.Verify(bearer)
	if err != nil {
		return caller{}, err
	}
	session, user, err := r.Store.Authenticate(ctx, claims.SessionID)
	if err != nil {
		return caller{}, err
	}
	return caller{role: store.RoleUser, session: &session, user: &user}, nil
}

// isAdminKey compares digests, so that the time it takes tells nothing, the
// key's length included.
func (r *Resolver) isAdminKey(bearer string) bool {
	given, want := sha256.Sum256([]byte(bearer)), sha256.Sum256([]byte(r.AdminKey))
	return r.AdminKey != "" && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

// self is the caller as a user in a session. The service key is nobody, so
// what concerns the caller is forbidden to it.
func (r *Resolver) self(ctx context.Context) (*store.Session, *store.User, error) {
	who, err := r.caller(ctx)
	if err != nil {
		return nil, nil, err
	}
	if who.user == nil {
		return nil, nil, errForbidden
	}
	return who.session, who.user, nil
}

// actor is the caller as the audit names them.
func actor(ctx context.Context, userID string) store.Actor {
	return store.Actor{ID: userID, IPAddress: store.Optional(visitOf(ctx).IPAddress)}
}
