package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
)

const (
	app            = "wx0000000000000001"
	otherApp       = "wx0000000000000002"
	thirdApp       = "wx0000000000000003"
	life           = 30 * 24 * time.Hour
	limit          = 20
	auditRetention = 365 * 24 * time.Hour
	instant        = time.Millisecond // as fine as a store keeps time
)

var (
	begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	actor = store.Actor{ID: "operator", IPAddress: "192.0.2.7"}

	shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)
)

// fixture is one test with its store and its clock.
type fixture struct {
	*testing.T
	harness Harness
	clock   *Clock
	store   store.Store
}

func open(t *testing.T, h Harness) *fixture {
	return openWith(t, h, func(*store.Options) {})
}

func openWith(t *testing.T, h Harness, adjust func(*store.Options)) *fixture {
	t.Helper()
	clock := NewClock(begin)
	options := store.Options{Now: clock.Now, SessionLife: life, MaxSessions: limit, AuditRetention: auditRetention}
	adjust(&options)
	return &fixture{T: t, harness: h, clock: clock, store: h.Open(t, options)}
}

// need ends the test unless err is nil.
func (f *fixture) need(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// errorOf and errorOf2 are what a verb answers beside its error, left out.
func errorOf[A any](_ A, err error) error          { return err }
func errorOf2[A, B any](_ A, _ B, err error) error { return err }

// refused marks the test as failed unless err is want.
func (f *fixture) refused(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Errorf("error %v, want %v", err, want)
	}
}

// same marks the test as failed unless got equals want.
func (f *fixture) same(what string, got, want any) {
	f.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		f.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// coming is a login of an identity in the first app, with a session_key given now.
func (f *fixture) coming(openID string) store.Login {
	id := store.NewID(store.SessionPrefix, f.clock.Now())
	return store.Login{
		AppID: app, OpenID: openID, SessionID: id, Refresh: token(id, 0),
		SessionKey: f.key("key of " + id),
		UserAgent:  "MicroMessenger/8.0", IPAddress: "192.0.2.1",
	}
}

// comingTo is coming to an app that WeChat tells a unionid of; "" when it does not.
func (f *fixture) comingTo(appID, openID string, unionID store.Optional) store.Login {
	in := f.coming(openID)
	in.AppID, in.UnionID = appID, unionID
	return in
}

// linked is an identity since an instant, last active on its day.
func linked(appID, openID string, at time.Time) store.Identity {
	return store.Identity{AppID: appID, OpenID: openID, LinkedAt: at, ActiveOn: store.DayOf(at, nil)}
}

func (f *fixture) key(text string) store.SessionKey {
	return store.SessionKey{Text: text, GivenAt: f.clock.Now()}
}

func (f *fixture) login(in store.Login) store.LoggedIn {
	f.Helper()
	out, err := f.store.Login(f.Context(), in)
	f.need(err)
	return out
}

// enter logs an identity in as coming says.
func (f *fixture) enter(openID string) store.LoggedIn {
	f.Helper()
	return f.login(f.coming(openID))
}

// come logs somebody in, or finds the user whom a block keeps out.
func (f *fixture) come(in store.Login) (store.LoggedIn, error) {
	out, err := f.store.Login(f.Context(), in)
	if errors.Is(err, store.ErrUserBlocked) {
		out.User, err = f.store.UserByIdentity(f.Context(), in.AppID, in.OpenID)
	}
	return out, err
}

// token is what a caller keeps of the refresh token it derived.
func token(sessionID string, generation uint32) store.RefreshToken {
	return store.RefreshToken{
		Generation: generation, KeyID: 7,
		Hash: sha256.Sum256(fmt.Appendf(nil, "%s %d", sessionID, generation)),
	}
}

// presented is the refresh token of a generation on its way to be exchanged.
func presented(sessionID string, generation uint32) store.Refresh {
	return store.Refresh{
		SessionID: sessionID, Generation: generation, Hash: token(sessionID, generation).Hash,
		Next: token(sessionID, generation+1), By: actor,
	}
}

func (f *fixture) refresh(sessionID string, generation uint32) store.Session {
	f.Helper()
	session, _, err := f.store.Refresh(f.Context(), presented(sessionID, generation))
	f.need(err)
	return session
}

func (f *fixture) user(id string) store.User {
	f.Helper()
	user, err := f.store.User(f.Context(), id)
	f.need(err)
	return user
}

func (f *fixture) session(id string) store.Session {
	f.Helper()
	session, err := f.store.Session(f.Context(), id)
	f.need(err)
	return session
}

// sessionIDs lists the ids of a user's live sessions, newest first.
func (f *fixture) sessionIDs(userID string) []string {
	f.Helper()
	sessions, err := f.store.Sessions(f.Context(), userID)
	f.need(err)
	var ids []string
	for _, s := range sessions {
		ids = append(ids, s.ID)
	}
	return ids
}

// keyTexts lists the texts of an identity's session_keys, newest first.
func (f *fixture) keyTexts(openID string) []string {
	f.Helper()
	keys, err := f.store.SessionKeys(f.Context(), app, openID)
	f.need(err)
	var texts []string
	for _, k := range keys {
		texts = append(texts, k.Text)
	}
	return texts
}

// alive and dead say what Authenticate answers for a session.
func (f *fixture) alive(sessionID string) {
	f.Helper()
	session, user, err := f.store.Authenticate(f.Context(), sessionID)
	if err != nil || session.ID != sessionID || user.ID != session.UserID {
		f.Errorf("authenticate %s: session %s of %s, user %s, %v", sessionID, session.ID, session.UserID, user.ID, err)
	}
}

func (f *fixture) dead(sessionID string) {
	f.Helper()
	_, _, err := f.store.Authenticate(f.Context(), sessionID)
	f.refused(err, store.ErrSessionEnded)
}

// liveSessions checks the count of sessions that are kept.
func (f *fixture) liveSessions(want int) {
	f.Helper()
	n, err := f.store.CountSessions(f.Context())
	f.need(err)
	f.same("live sessions", n, want)
}

// refuse keeps a session_key of a login that fails.
func (f *fixture) refuse(openID string, key store.SessionKey) error {
	return f.store.RefuseLogin(f.Context(), store.RefusedLogin{AppID: app, OpenID: openID, SessionKey: key, Reason: "test"})
}

func (f *fixture) reopen() {
	f.Helper()
	f.store = f.harness.Reopen(f.T, f.store)
}
