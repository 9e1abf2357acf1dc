package storetest

import (
	"context"
	"crypto/sha256"
	"reflect"
	"slices"
	"testing"
	"time"

	"menshen/store"
)

// Verb is a method of a store with arguments that an open store accepts.
type Verb struct {
	Name string
	Call func(context.Context) error
}

// Verbs are all methods of a store but Close, about an event, a ticket, and a user
// who has logged in. Those that only read come first, and the user's deletion last.
func Verbs(s store.Store, alice store.LoggedIn, eventID string, ticket store.ScanLogin) []Verb {
	return slices.Concat(readers(s, alice, eventID, ticket), scanLoginWriters(s, alice, ticket), writers(s, alice))
}

func readers(s store.Store, alice store.LoggedIn, eventID string, ticket store.ScanLogin) []Verb {
	id, userID, appID, openID := alice.Session.ID, alice.User.ID, alice.Session.AppID, alice.Session.OpenID
	today := store.DayOf(alice.Session.CreatedAt, nil)
	return []Verb{
		{"Authenticate", func(ctx context.Context) error { return errorOf2(s.Authenticate(ctx, id)) }},
		{"Session", func(ctx context.Context) error { return errorOf(s.Session(ctx, id)) }},
		{"Sessions", func(ctx context.Context) error { return errorOf(s.Sessions(ctx, userID)) }},
		{"OldestSession", func(ctx context.Context) error { return errorOf(s.OldestSession(ctx)) }},
		{"ScanLogin", func(ctx context.Context) error { return errorOf(s.ScanLogin(ctx, ticket.ID)) }},
		{"CountSessions", func(ctx context.Context) error { return errorOf(s.CountSessions(ctx)) }},
		{"SessionKeys", func(ctx context.Context) error { return errorOf(s.SessionKeys(ctx, appID, openID)) }},
		{"User", func(ctx context.Context) error { return errorOf(s.User(ctx, userID)) }},
		{"UserByIdentity", func(ctx context.Context) error { return errorOf(s.UserByIdentity(ctx, appID, openID)) }},
		{"UserByUnionID", func(ctx context.Context) error { return errorOf(s.UserByUnionID(ctx, "union-alice")) }},
		{"UserByPhone", func(ctx context.Context) error { return errorOf(s.UserByPhone(ctx, mobile)) }},
		{"Users", func(ctx context.Context) error { return errorOf(s.Users(ctx, store.UserQuery{Limit: 1})) }},
		{"CountUsers", func(ctx context.Context) error { return errorOf2(s.CountUsers(ctx, store.UserFilter{})) }},
		{"Export", func(ctx context.Context) error { return errorOf(s.Export(ctx, userID)) }},
		{"Activity", func(ctx context.Context) error { return errorOf(s.Activity(ctx, today, today, appID)) }},
		{"AuditEvent", func(ctx context.Context) error { return errorOf(s.AuditEvent(ctx, eventID)) }},
		{"AuditEvents", func(ctx context.Context) error { return errorOf(s.AuditEvents(ctx, store.AuditQuery{Limit: 10})) }},
		{"CountAuditEvents", func(ctx context.Context) error { return errorOf2(s.CountAuditEvents(ctx, store.AuditFilter{})) }},
		{"Secret", func(ctx context.Context) error { return errorOf(s.Secret(ctx, "token")) }},
		{"SealingKeys", func(ctx context.Context) error { return errorOf(s.SealingKeys(ctx)) }},
		{"Check", func(ctx context.Context) error { return errorOf(s.Check(ctx, func(string) {})) }},
		{"Ping", s.Ping},
	}
}

func scanLoginWriters(s store.Store, alice store.LoggedIn, ticket store.ScanLogin) []Verb {
	id := alice.Session.ID
	redeem := store.RedeemScanLogin{
		ID: ticket.ID, SecretHash: ticket.SecretHash, SessionID: store.NewID(store.SessionPrefix, alice.Session.CreatedAt),
	}
	return []Verb{
		{"OpenScanLogin", func(ctx context.Context) error {
			return errorOf(s.OpenScanLogin(ctx, store.OpenScanLogin{AppID: alice.Session.AppID}))
		}},
		{"ClaimScanLogin", func(ctx context.Context) error { return errorOf(s.ClaimScanLogin(ctx, ticket.ID, id)) }},
		{"AnswerScanLogin", func(ctx context.Context) error { return errorOf(s.AnswerScanLogin(ctx, ticket.ID, id, true, actor)) }},
		{"RedeemScanLogin", func(ctx context.Context) error { return errorOf2(s.RedeemScanLogin(ctx, redeem)) }},
	}
}

func writers(s store.Store, alice store.LoggedIn) []Verb {
	id, userID, appID, openID := alice.Session.ID, alice.User.ID, alice.Session.AppID, alice.Session.OpenID
	now := alice.Session.CreatedAt
	again := store.Login{AppID: appID, OpenID: openID, SessionID: store.NewID(store.SessionPrefix, now)}
	again.SessionKey = store.SessionKey{Text: "key", GivenAt: now}
	refused := store.RefusedLogin{AppID: appID, OpenID: openID, SessionKey: again.SessionKey}
	taken := store.Withdrawal{MessageID: sha256.Sum256([]byte(id)), AppID: appID, OpenID: openID, NickName: true, Phone: true}
	profile := store.Profile{NickName: "name"}
	change := func([]byte) ([]byte, error) { return []byte("changed"), nil }
	return []Verb{
		{"Login", func(ctx context.Context) error { return errorOf(s.Login(ctx, again)) }},
		{"RefuseLogin", func(ctx context.Context) error { return s.RefuseLogin(ctx, refused) }},
		{"KeepProfile", func(ctx context.Context) error { return errorOf(s.KeepProfile(ctx, userID, profile)) }},
		{"UpdateProfile", func(ctx context.Context) error { return errorOf(s.UpdateProfile(ctx, userID, store.ProfileChange{})) }},
		{"BindPhone", func(ctx context.Context) error { return errorOf(s.BindPhone(ctx, userID, mobile, actor)) }},
		{"UnbindPhone", func(ctx context.Context) error { return errorOf(s.UnbindPhone(ctx, userID, actor)) }},
		{"SetRole", func(ctx context.Context) error { return errorOf(s.SetRole(ctx, userID, store.RoleAdmin, actor)) }},
		{"Refresh", func(ctx context.Context) error { return errorOf2(s.Refresh(ctx, presented(id, 0))) }},
		{"EndSession", func(ctx context.Context) error { return s.EndSession(ctx, userID, id, actor) }},
		{"Block", func(ctx context.Context) error { return errorOf(s.Block(ctx, userID, "reason", actor)) }},
		{"Unblock", func(ctx context.Context) error { return errorOf(s.Unblock(ctx, userID, actor)) }},
		{"EndSessions", func(ctx context.Context) error { return errorOf(s.EndSessions(ctx, userID, actor)) }},
		{"UpdateSecret", func(ctx context.Context) error { return s.UpdateSecret(ctx, "token", change) }},
		{"RotateSealing", s.RotateSealing},
		{"PruneSealing", func(ctx context.Context) error { return errorOf(s.PruneSealing(ctx)) }},
		{"Lease", func(ctx context.Context) error { return errorOf(s.Lease(ctx, "work", time.Minute)) }},
		{"Sweep", func(ctx context.Context) error { return errorOf(s.Sweep(ctx, 1)) }},
		{"Withdraw", func(ctx context.Context) error { return s.Withdraw(ctx, taken) }},
		{"DeleteUser", func(ctx context.Context) error { return errorOf(s.DeleteUser(ctx, userID, actor)) }},
	}
}

func (f *fixture) verbs() []Verb {
	f.Helper()
	return Verbs(f.store, f.enter("alice"), f.newestID(), f.openScan())
}

func testVerbs(t *testing.T, h Harness) {
	verbs := open(t, h).verbs()
	for method := range reflect.TypeFor[store.Store]().Methods() {
		known := slices.ContainsFunc(verbs, func(v Verb) bool { return v.Name == method.Name })
		if !known && method.Name != "Close" {
			t.Errorf("no law calls %s of a closed store", method.Name)
		}
	}
}

func testClosed(t *testing.T, h Harness) {
	f := open(t, h)
	verbs := f.verbs()
	f.need(f.store.Close())
	for _, verb := range verbs {
		if f.refused(verb.Call(t.Context()), store.ErrUnavailable); t.Failed() {
			t.Fatalf("%s of a closed store", verb.Name)
		}
	}
	if err := f.store.Close(); err != nil {
		f.refused(err, store.ErrUnavailable)
	}
}

func testContextEnded(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice")
	verbs, before := Verbs(f.store, alice, f.newestID(), f.openScan()), f.memoryOf(alice)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, verb := range verbs {
		if f.refused(verb.Call(ctx), context.Canceled); t.Failed() {
			t.Fatalf("%s with an ended context", verb.Name)
		}
	}
	f.same("what is remembered", f.memoryOf(alice), before)
}
