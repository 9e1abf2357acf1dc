package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"menshen/store"
)

// memoryOf is all that a store tells about a world.
type memoryOf struct {
	Users    []store.User
	Sessions [][]store.Session
	Keys     [][]store.SessionKey
	Events   []store.AuditEvent
	KeySet   string
	Sealing  []store.SealingKey
	Live     int
}

func (f *fixture) memoryOf(people ...store.LoggedIn) (m memoryOf) {
	f.Helper()
	for _, p := range people {
		m.Users = append(m.Users, f.user(p.User.ID))
		sessions, err := f.store.Sessions(f.Context(), p.User.ID)
		f.need(err)
		keys, err := f.store.SessionKeys(f.Context(), p.Session.AppID, p.Session.OpenID)
		f.need(err)
		m.Sessions, m.Keys = append(m.Sessions, sessions), append(m.Keys, keys)
	}
	live, err := f.store.LiveSessions(f.Context())
	f.need(err)
	m.Events, m.KeySet, m.Sealing, m.Live = f.events(), f.keySet("token"), f.sealingKeys(), live
	return m
}

func testReopen(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.coming("alice")
	in.UnionID, in.Profile = "union-alice", &store.Profile{NickName: "爱丽丝", Gender: store.GenderFemale, City: "Shenzhen"}
	alice, bob := f.login(in), f.enter("bob")
	f.clock.Advance(time.Minute)
	f.enter("alice")
	f.refresh(bob.Session.ID, 0)
	f.clock.Advance(time.Minute)
	f.bind(alice.User.ID, mobile)
	f.clock.Advance(time.Minute)
	f.need(f.store.EndSession(t.Context(), alice.User.ID, alice.Session.ID, actor))
	f.putKeySet("token", "for tokens")
	f.need(f.store.RotateSealing(t.Context()))
	before := f.memoryOf(alice, bob)

	f.reopen()
	f.same("what is remembered", f.memoryOf(alice, bob), before)
	f.holder(mobile, alice.User.ID)
	in = f.coming("alice-there")
	in.AppID, in.UnionID = otherApp, "union-alice"
	f.same("who joins by the unionid", f.login(in).User.ID, alice.User.ID)
	f.same("a repeat's answer", f.refresh(bob.Session.ID, 1).Refresh.Generation, uint32(2))
}

// verbs are all methods of a store but Close, called with arguments that an
// open store would accept.
func (f *fixture) verbs() map[string]func(context.Context) error {
	alice := f.enter("alice")
	id, userID := alice.Session.ID, alice.User.ID
	s := f.store
	return map[string]func(context.Context) error{
		"Login": func(ctx context.Context) error { _, err := s.Login(ctx, f.coming("alice")); return err },
		"KeepSessionKey": func(ctx context.Context) error {
			return s.KeepSessionKey(ctx, app, "alice", f.key("key"))
		},
		"SessionKeys":  func(ctx context.Context) error { _, err := s.SessionKeys(ctx, app, "alice"); return err },
		"Authenticate": func(ctx context.Context) error { _, _, err := s.Authenticate(ctx, id); return err },
		"Refresh":      func(ctx context.Context) error { _, _, err := s.Refresh(ctx, presented(id, 0)); return err },
		"EndSession":   func(ctx context.Context) error { return s.EndSession(ctx, userID, id, actor) },
		"EndSessions":  func(ctx context.Context) error { _, err := s.EndSessions(ctx, userID, actor); return err },
		"Session":      func(ctx context.Context) error { _, err := s.Session(ctx, id); return err },
		"Sessions":     func(ctx context.Context) error { _, err := s.Sessions(ctx, userID); return err },
		"User":         func(ctx context.Context) error { _, err := s.User(ctx, userID); return err },
		"KeepProfile": func(ctx context.Context) error {
			_, err := s.KeepProfile(ctx, userID, store.Profile{NickName: "name"})
			return err
		},
		"BindPhone":   func(ctx context.Context) error { _, err := s.BindPhone(ctx, userID, mobile, actor); return err },
		"UnbindPhone": func(ctx context.Context) error { _, err := s.UnbindPhone(ctx, userID, actor); return err },
		"UserByPhone": func(ctx context.Context) error { _, err := s.UserByPhone(ctx, mobile); return err },
		"KeySet":      func(ctx context.Context) error { _, err := s.KeySet(ctx, "token"); return err },
		"UpdateKeySet": func(ctx context.Context) error {
			return s.UpdateKeySet(ctx, "token", func([]byte) ([]byte, error) { return []byte("changed"), nil })
		},
		"SealingKeys":   func(ctx context.Context) error { _, err := s.SealingKeys(ctx); return err },
		"RotateSealing": s.RotateSealing,
		"PruneSealing":  func(ctx context.Context) error { _, err := s.PruneSealing(ctx); return err },
		"Sweep":         func(ctx context.Context) error { _, err := s.Sweep(ctx, 1); return err },
		"OldestSession": func(ctx context.Context) error { _, err := s.OldestSession(ctx); return err },
		"LiveSessions":  func(ctx context.Context) error { _, err := s.LiveSessions(ctx); return err },
		"AuditEvents":   func(ctx context.Context) error { _, err := s.AuditEvents(ctx, 1); return err },
		"Ping":          s.Ping,
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

func testPing(t *testing.T, h Harness) {
	f := open(t, h)
	f.need(f.store.Ping(t.Context()))
	f.reopen()
	f.need(f.store.Ping(t.Context()))
}

func testObserve(t *testing.T, h Harness) {
	var mu sync.Mutex
	seen := map[string]int{}
	f := openWith(t, h, func(o *store.Options) {
		o.Observe = func(verb string, elapsed time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			seen[verb]++
			if elapsed < 0 {
				t.Errorf("%s took %v", verb, elapsed)
			}
		}
	})
	f.enter("alice")
	_, err := f.store.User(t.Context(), "nobody")
	f.refused(err, store.ErrNotFound)
	mu.Lock()
	defer mu.Unlock()
	f.same("logins observed", seen["login"], 1)
	f.same("look-ups observed, refused ones too", seen["user"], 1)
}
