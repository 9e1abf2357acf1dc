package storetest

import (
	"context"
	"reflect"
	"testing"

	"menshen/store"
)

// errorOf and errorOf2 are what a verb answers beside its error, left out.
func errorOf[A any](_ A, err error) error          { return err }
func errorOf2[A, B any](_ A, _ B, err error) error { return err }

// verbs are all methods of a store but Close, called with arguments that an
// open store would accept.
func (f *fixture) verbs() map[string]func(context.Context) error {
	alice := f.enter("alice")
	id, userID := alice.Session.ID, alice.User.ID
	event := f.newestID()
	s := f.store
	return map[string]func(context.Context) error{
		"Login": func(ctx context.Context) error { return errorOf(s.Login(ctx, f.coming("alice"))) },
		"RefuseLogin": func(ctx context.Context) error {
			return s.RefuseLogin(ctx, store.RefusedLogin{AppID: app, OpenID: "alice", SessionKey: f.key("key")})
		},
		"SessionKeys":    func(ctx context.Context) error { return errorOf(s.SessionKeys(ctx, app, "alice")) },
		"Authenticate":   func(ctx context.Context) error { return errorOf2(s.Authenticate(ctx, id)) },
		"Refresh":        func(ctx context.Context) error { return errorOf2(s.Refresh(ctx, presented(id, 0))) },
		"EndSession":     func(ctx context.Context) error { return s.EndSession(ctx, userID, id, actor) },
		"EndSessions":    func(ctx context.Context) error { return errorOf(s.EndSessions(ctx, userID, actor)) },
		"Session":        func(ctx context.Context) error { return errorOf(s.Session(ctx, id)) },
		"Sessions":       func(ctx context.Context) error { return errorOf(s.Sessions(ctx, userID)) },
		"OldestSession":  func(ctx context.Context) error { return errorOf(s.OldestSession(ctx)) },
		"LiveSessions":   func(ctx context.Context) error { return errorOf(s.LiveSessions(ctx)) },
		"User":           func(ctx context.Context) error { return errorOf(s.User(ctx, userID)) },
		"UserByIdentity": func(ctx context.Context) error { return errorOf(s.UserByIdentity(ctx, app, "alice")) },
		"UserByUnionID":  func(ctx context.Context) error { return errorOf(s.UserByUnionID(ctx, "union-alice")) },
		"UserByPhone":    func(ctx context.Context) error { return errorOf(s.UserByPhone(ctx, mobile)) },
		"Users":          func(ctx context.Context) error { return errorOf(s.Users(ctx, store.UserQuery{Limit: 1})) },
		"CountUsers":     func(ctx context.Context) error { return errorOf2(s.CountUsers(ctx, store.UserFilter{})) },
		"KeepProfile": func(ctx context.Context) error {
			return errorOf(s.KeepProfile(ctx, userID, store.Profile{NickName: "name"}))
		},
		"UpdateProfile": func(ctx context.Context) error { return errorOf(s.UpdateProfile(ctx, userID, store.ProfileChange{})) },
		"BindPhone":     func(ctx context.Context) error { return errorOf(s.BindPhone(ctx, userID, mobile, actor)) },
		"UnbindPhone":   func(ctx context.Context) error { return errorOf(s.UnbindPhone(ctx, userID, actor)) },
		"Block":         func(ctx context.Context) error { return errorOf(s.Block(ctx, userID, "reason", actor)) },
		"Unblock":       func(ctx context.Context) error { return errorOf(s.Unblock(ctx, userID, actor)) },
		"SetRole":       func(ctx context.Context) error { return errorOf(s.SetRole(ctx, userID, store.RoleAdmin, actor)) },
		"DeleteUser":    func(ctx context.Context) error { return errorOf(s.DeleteUser(ctx, userID, actor)) },
		"Withdraw": func(ctx context.Context) error {
			return s.Withdraw(ctx, store.Withdrawal{AppID: app, OpenID: "alice", NickName: true})
		},
		"Export":   func(ctx context.Context) error { return errorOf(s.Export(ctx, userID)) },
		"Activity": func(ctx context.Context) error { return errorOf(s.Activity(ctx, 1, 1, "")) },
		"Secret":   func(ctx context.Context) error { return errorOf(s.Secret(ctx, "token")) },
		"UpdateSecret": func(ctx context.Context) error {
			return s.UpdateSecret(ctx, "token", func([]byte) ([]byte, error) { return []byte("changed"), nil })
		},
		"SealingKeys":      func(ctx context.Context) error { return errorOf(s.SealingKeys(ctx)) },
		"RotateSealing":    s.RotateSealing,
		"PruneSealing":     func(ctx context.Context) error { return errorOf(s.PruneSealing(ctx)) },
		"Sweep":            func(ctx context.Context) error { return errorOf(s.Sweep(ctx, 1)) },
		"AuditEvent":       func(ctx context.Context) error { return errorOf(s.AuditEvent(ctx, event)) },
		"AuditEvents":      func(ctx context.Context) error { return errorOf(s.AuditEvents(ctx, store.AuditQuery{Limit: 1})) },
		"CountAuditEvents": func(ctx context.Context) error { return errorOf2(s.CountAuditEvents(ctx, store.AuditFilter{})) },
		"Check":            func(ctx context.Context) error { return errorOf(s.Check(ctx, func(string) {})) },
		"Ping":             s.Ping,
	}
}

func testVerbs(t *testing.T, h Harness) {
	verbs := open(t, h).verbs()
	for method := range reflect.TypeFor[store.Store]().Methods() {
		if verbs[method.Name] == nil && method.Name != "Close" {
			t.Errorf("no law calls %s of a closed store", method.Name)
		}
	}
}

func testClosed(t *testing.T, h Harness) {
	f := open(t, h)
	verbs := f.verbs()
	f.need(f.store.Close())
	for name, call := range verbs {
		if f.refused(call(t.Context()), store.ErrUnavailable); t.Failed() {
			t.Fatalf("%s of a closed store", name)
		}
	}
	if err := f.store.Close(); err != nil {
		f.refused(err, store.ErrUnavailable)
	}
}

func testContextEnded(t *testing.T, h Harness) {
	f := open(t, h)
	verbs := f.verbs()
	alice := store.LoggedIn{User: f.user(string(f.newestEvent().UserID)), Session: store.Session{AppID: app, OpenID: "alice"}}
	before := f.memoryOf(alice)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range verbs {
		if f.refused(call(ctx), context.Canceled); t.Failed() {
			t.Fatalf("%s with an ended context", name)
		}
	}
	f.same("what is remembered", f.memoryOf(alice), before)
}
