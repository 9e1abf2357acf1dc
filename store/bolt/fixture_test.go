package bolt

import (
	"crypto/sha256"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
	"menshen/store/seal"
	"menshen/store/storetest"
)

// go test ./store/bolt -run TestFixtureV1 -update
var update = flag.Bool("update", false, "make the fixture of the newest version again; never that of a released one")

const (
	fixtureFile = "testdata/v1.db"
	fixtureKey  = "testdata/v1.key"
	fixtureApp  = "wxfixture000000001"
)

var (
	fixturePhone = store.Phone{Number: "+85255501234", PureNumber: "55501234", CountryCode: "852"}
	fixtureActor = store.Actor{ID: "operator", IPAddress: "192.0.2.7"}
	fixtureHash  = sha256.Sum256([]byte("successor"))
)

// fixtureID is the id of the fixture's session n.
func fixtureID(n byte) string { return store.RawID{0, 1, 2, 3, 4, n}.Text(store.SessionPrefix) }

// makeFixture writes a store with two users. Alice has two identities, a
// profile, a phone number and three session_keys; one of her sessions was
// refreshed and one was ended. Bob has nothing but a session.
func makeFixture(t *testing.T) {
	for _, name := range []string{fixtureFile, fixtureKey} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	clock := storetest.NewClock(begin)
	options := testOptions()
	options.Now = clock.Now
	s, err := Open(fixtureFile, fixtureKey, options)
	if err != nil {
		t.Fatal(err)
	}
	defer closeTest(t, s)
	var steps []error
	step := func(err error) { steps = append(steps, err); clock.Advance(time.Minute) }
	come := func(n byte, app, openID string, union store.Optional, profile *store.Profile) (user store.User) {
		out, err := s.Login(t.Context(), store.Login{
			AppID: app, OpenID: openID, UnionID: union, SessionID: fixtureID(n), Profile: profile,
			SessionKey: store.SessionKey{Text: "key " + string('0'+n), GivenAt: clock.Now()},
			Refresh:    store.RefreshToken{KeyID: 5, Hash: sha256.Sum256([]byte{n})},
			UserAgent:  "MicroMessenger/8.0", IPAddress: "192.0.2.1",
		})
		step(err)
		return out.User
	}
	alice := come(1, fixtureApp, "alice", "union-alice", &store.Profile{NickName: "爱丽丝", Gender: store.GenderFemale, City: "深圳"})
	come(2, fixtureApp, "alice", "", nil)
	come(3, "wxfixture000000002", "alice-there", "union-alice", nil)
	come(4, fixtureApp, "bob", "", nil)
	_, err = s.BindPhone(t.Context(), alice.ID, fixturePhone, fixtureActor)
	step(err)
	_, _, err = s.Refresh(t.Context(), store.Refresh{
		SessionID: fixtureID(1), Hash: sha256.Sum256([]byte{1}), Next: store.RefreshToken{Generation: 1, KeyID: 6, Hash: fixtureHash},
	})
	step(err)
	step(s.EndSession(t.Context(), alice.ID, fixtureID(3), fixtureActor))
	step(s.UpdateKeySet(t.Context(), "token", func([]byte) ([]byte, error) { return []byte("keys of version 1"), nil }))
	step(s.RotateSealing(t.Context()))
	step(s.KeepSessionKey(t.Context(), fixtureApp, "alice", store.SessionKey{Text: "kept", GivenAt: clock.Now()}))
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
}

// minute is when step n of makeFixture happened.
func minute(n int) time.Time { return begin.Add(time.Duration(n) * time.Minute) }

func TestFixtureV1(t *testing.T) {
	if *update {
		makeFixture(t)
	}
	s := openFixture(t)
	alice, bob := fixtureSessions(t, s)

	fixtureUsers(t, s, alice.UserID, bob.UserID)
	keys, err := s.SessionKeys(t.Context(), fixtureApp, "alice")
	same(t, "session_keys", keys, []store.SessionKey{
		{Text: "kept", GivenAt: minute(9)}, {Text: "key 2", GivenAt: minute(1)}, {Text: "key 1", GivenAt: minute(0)},
	}, err)
	tokens, err := s.KeySet(t.Context(), "token")
	same(t, "keys", string(tokens), "keys of version 1", err)
	sealing, err := s.SealingKeys(t.Context())
	same(t, "sealing keys", len(sealing), 2, err)
	live, err := s.LiveSessions(t.Context())
	same(t, "live sessions", live, 3, err)
	fixtureEvents(t, s, store.Optional(alice.UserID), store.Optional(bob.UserID))
	mustLogin(t, s, login("somebody new"))
}

func same(t *testing.T, what string, got, want any, err error) {
	t.Helper()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
	}
}

// openFixture opens a copy of the fixture at the time it was made.
func openFixture(t *testing.T) *Store {
	t.Helper()
	dir := t.TempDir()
	path, key := filepath.Join(dir, "v1.db"), filepath.Join(dir, "v1.key")
	for from, to := range map[string]string{fixtureFile: path, fixtureKey: key} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options := testOptions()
	options.Now = func() time.Time { return minute(10) }
	s, err := Open(path, seal.KeyFile(key), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		checkStore(t, s)
		closeTest(t, s)
	})
	return s
}

func fixtureSessions(t *testing.T, s *Store) (alice, bob store.Session) {
	t.Helper()
	alice, err := s.Session(t.Context(), fixtureID(1))
	same(t, "alice's session", alice, store.Session{
		ID: fixtureID(1), UserID: alice.UserID, AppID: fixtureApp, OpenID: "alice",
		CreatedAt: minute(0), LastUsedAt: minute(5), ExpiresAt: minute(5).Add(testOptions().SessionLife),
		UserAgent: "MicroMessenger/8.0", IPAddress: "192.0.2.1",
		Refresh: store.RefreshToken{Generation: 1, KeyID: 6, Hash: fixtureHash, IssuedAt: minute(5)},
	}, err)
	second, err := s.Session(t.Context(), fixtureID(2))
	same(t, "alice's second session", second, store.Session{
		ID: fixtureID(2), UserID: alice.UserID, AppID: fixtureApp, OpenID: "alice",
		CreatedAt: minute(1), LastUsedAt: minute(1), ExpiresAt: minute(1).Add(testOptions().SessionLife),
		UserAgent: "MicroMessenger/8.0", IPAddress: "192.0.2.1",
		Refresh: store.RefreshToken{KeyID: 5, Hash: sha256.Sum256([]byte{2})},
	}, err)
	if _, err := s.Session(t.Context(), fixtureID(3)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the session that was ended: %v", err)
	}
	bob, err = s.Session(t.Context(), fixtureID(4))
	same(t, "bob's openid", bob.OpenID, "bob", err)
	of, err := s.Sessions(t.Context(), alice.UserID)
	same(t, "alice's sessions", of, []store.Session{second, alice}, err)
	return alice, bob
}

func fixtureUsers(t *testing.T, s *Store, aliceID, bobID string) {
	t.Helper()
	alice, err := s.UserByPhone(t.Context(), fixturePhone)
	same(t, "alice", alice, store.User{
		ID: aliceID, UnionID: "union-alice", Phone: &fixturePhone,
		Identities: []store.Identity{
			{AppID: fixtureApp, OpenID: "alice", LinkedAt: minute(0)},
			{AppID: "wxfixture000000002", OpenID: "alice-there", LinkedAt: minute(2)},
		},
		Profile:   store.Profile{NickName: "爱丽丝", Gender: store.GenderFemale, City: "深圳", UpdatedAt: minute(0)},
		CreatedAt: minute(0), LastLoginAt: minute(2), LoginCount: 3,
	}, err)
	same(t, "bob", mustUser(t, s, bobID), store.User{
		ID: bobID, Identities: []store.Identity{{AppID: fixtureApp, OpenID: "bob", LinkedAt: minute(3)}},
		CreatedAt: minute(3), LastLoginAt: minute(3), LoginCount: 1,
	}, nil)
}

func fixtureEvents(t *testing.T, s *Store, alice, bob store.Optional) {
	t.Helper()
	events, err := s.AuditEvents(t.Context(), 100)
	for i := range events {
		if _, ok := store.ParseID(store.EventPrefix, events[i].ID); !ok {
			t.Errorf("event id %q", events[i].ID)
		}
		events[i].ID = ""
	}
	in := func(n int, user store.Optional, app store.Optional) store.AuditEvent {
		return store.AuditEvent{At: minute(n), Action: store.ActionLogin, Actor: string(user), UserID: user, IPAddress: "192.0.2.1", Detail: app}
	}
	by := func(n int, action string, detail store.Optional) store.AuditEvent {
		return store.AuditEvent{At: minute(n), Action: action, Actor: "operator", UserID: alice, IPAddress: "192.0.2.7", Detail: detail}
	}
	same(t, "audit events", events, []store.AuditEvent{
		by(6, store.ActionLogout, store.Optional(fixtureID(3))), by(4, store.ActionBindPhone, ""),
		in(3, bob, fixtureApp), in(2, alice, "wxfixture000000002"), in(1, alice, fixtureApp), in(0, alice, fixtureApp),
	}, err)
}
