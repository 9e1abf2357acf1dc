package resolvers

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"menshen/graph"
	"menshen/store"
	"menshen/token"
)

// adminKeyName is the service key as the audit names it.
const adminKeyName = "admin-key"

// caller is who asks: a user in a session, or the service key, which has
// neither.
type caller struct {
	role    store.Role
	session *store.Session
	user    *store.User
}

// name is the caller as the audit names them.
func (c caller) name() string {
	if c.user == nil {
		return adminKeyName
	}
	return c.user.ID
}

// visit is one request, and what was found out in it: its caller, whom it proved
// to be, the state of their session_key; and how much of it was counted.
type visit struct {
	Request

	mu       sync.Mutex
	asked    bool // caller and err are the answer
	caller   caller
	err      error
	requires store.Role // the highest that a field required, "" for none
	counted  bool       // against the limits of its user and app
	excess   error      // what they answered

	slow       atomic.Int32 // fields that take long
	counts     sync.Map     // by filter
	proven     sync.Map     // ids of users who proved in this request who they are
	sessionKey keyCheck
}

// auth is the @auth directive: the field runs only for a caller with the role.
func (r *Resolver) auth(ctx context.Context, _ any, next graphql.Resolver, requires store.Role) (any, error) {
	v := visitOf(ctx)
	if field := graphql.GetFieldContext(ctx); field != nil && field.Object == "Mutation" {
		v.doubt()
	}
	v.require(requires)
	if err := r.allow(ctx, requires); err != nil {
		return nil, err
	}
	return next(ctx)
}

// allow answers nil when the caller has the role.
func (r *Resolver) allow(ctx context.Context, requires store.Role) error {
	who, err := r.caller(ctx)
	if err == nil && requires == store.RoleAdmin && who.role != store.RoleAdmin {
		return errForbidden
	}
	return err
}

// CallerName names who asks as the audit does, "" for nobody.
func (r *Resolver) CallerName(ctx context.Context) string {
	who, err := r.caller(ctx)
	if err != nil {
		return ""
	}
	return who.name()
}

// IsAdmin reports whether the caller has role ADMIN.
func (r *Resolver) IsAdmin(ctx context.Context) bool {
	who, err := r.caller(ctx)
	return err == nil && who.role == store.RoleAdmin
}

// require notes which role a field of the request needs.
func (v *visit) require(role store.Role) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.requires != store.RoleAdmin {
		v.requires = role
	}
}

// required is the highest role that a field of the request needed, "" for none. Who
// brings a bearer token wants to be known, and is to hear when they are not any more.
func (v *visit) required() store.Role {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.requires == "" && v.Bearer != "" {
		return store.RoleUser
	}
	return v.requires
}

// doubt has the next field find out anew who asks: mutations run one after the
// other, for as long as a request may take, and the one before, or somebody else,
// may have logged the caller out, blocked them or taken their role.
func (v *visit) doubt() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked = false
}

// caller finds out who asks: once for all fields of a query, and for each of a
// mutation.
func (r *Resolver) caller(ctx context.Context) (caller, error) {
	v := visitOf(ctx)
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.asked {
		v.asked, v.caller, v.err = true, caller{}, errUnauthenticated // stays if identify panics
		v.caller, v.err = r.identify(ctx, v.Bearer)
		if v.err == nil {
			v.err = r.countCaller(v)
		}
	}
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
	claims, err := withNewestKeys(ctx, r.Tokens, func() (token.Claims, error) { return r.Tokens.Verify(bearer) })
	if err != nil {
		return caller{}, err
	}
	session, user, err := r.Store.Authenticate(ctx, claims.SessionID)
	if err != nil {
		return caller{}, err
	}
	return caller{role: user.Role, session: &session, user: &user}, nil
}

// withNewestKeys calls do, and once more with the newest keys when do lacks one:
// another instance may have made it.
func withNewestKeys[T any](ctx context.Context, tokens *token.Signer, do func() (T, error)) (T, error) {
	out, err := do()
	if !errors.Is(err, token.ErrUnknownKey) {
		return out, err
	}
	if err := tokens.Renew(ctx); err != nil {
		return out, err
	}
	return do()
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

// mayRead reports whether the request may see what is a user's own: the user
// may, and administrators. In the answer to login, refreshLogin and
// redeemScanLogin nobody needs a bearer token: it goes to whom the code, the refresh
// token or the ticket belongs to.
func (r *Resolver) mayRead(ctx context.Context, userID string) bool {
	if _, proven := visitOf(ctx).proven.Load(userID); proven {
		return true
	}
	who, err := r.caller(ctx)
	return err == nil && (who.role == store.RoleAdmin || who.user.ID == userID)
}

// prove notes that the request has proved who it comes from.
func prove(ctx context.Context, payload *graph.LoginPayload) {
	visitOf(ctx).proven.Store(payload.User.ID, nil)
}

// actor is who does something, as the audit names them.
func actor(ctx context.Context, name string) store.Actor {
	return store.Actor{ID: name, IPAddress: store.Optional(visitOf(ctx).IPAddress)}
}
