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
)

// The fixtures are stores as each released version wrote them; no test ever writes
// them again. That of the version in the making is made by
//
//	go test ./store/bolt -run TestFixtureV3 -update
var update = flag.Bool("update", false, "make the fixture of the newest version again; never that of a released one")

const (
	fixtureApp      = "wxfixture000000001"
	fixtureOtherApp = "wxfixture000000002"
)

var (
	fixturePhone = store.Phone{Number: "+85255501234", PureNumber: "55501234", CountryCode: "852"}
	fixtureActor = store.Actor{ID: "operator", IPAddress: "192.0.2.7"}
	fixtureHash  = sha256.Sum256([]byte("successor"))
)

// fixtureID is the id of the fixture's session n.
func fixtureID(n byte) string { return store.RawID{0, 1, 2, 3, 4, n}.Text(store.SessionPrefix) }

// openFixture opens a copy of the fixture of a version, at the time it was made,
// and expects it to be in order before and after the test.
func openFixture(t *testing.T, version string) *Store {
	t.Helper()
	options := testOptions()
	options.Now = func() time.Time { return minute(20) }
	s := mustOpen(t, copyFixture(t, version), options)
	checkStore(t, s)
	t.Cleanup(func() {
		checkStore(t, s)
		closeTest(t, s)
	})
	return s
}

// copyFixture returns the path of a copy, which has its key file beside it.
func copyFixture(t *testing.T, version string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "menshen.db")
	for from, to := range map[string]string{version + ".db": path, version + ".key": string(keyFileOf(path))} {
		b, err := os.ReadFile(filepath.Join("testdata", from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// minute is when step n of a fixture happened.
func minute(n int) time.Time { return begin.Add(time.Duration(n) * time.Minute) }

// TestFixtureV1 migrates a store with two users. Alice has two identities, a
// profile, a phone number and three session_keys; one of her sessions was
// refreshed and one was ended. Bob has nothing but a session.
func TestFixtureV1(t *testing.T) {
	s := openFixture(t, "v1")
	alice, bob := fixtureSessions(t, s)

	fixtureUsers(t, s, alice.UserID, bob.UserID)
	keys, err := s.SessionKeys(t.Context(), fixtureApp, "alice")
	same(t, "session_keys", keys, []store.SessionKey{
		{Text: "kept", GivenAt: minute(9)}, {Text: "key 2", GivenAt: minute(1)}, {Text: "key 1", GivenAt: minute(0)},
	}, err)
	tokens, err := s.Secret(t.Context(), "token")
	same(t, "the secret", string(tokens), "keys of version 1", err)
	sealing, err := s.SealingKeys(t.Context())
	same(t, "sealing keys", len(sealing), 2, err)
	live, err := s.CountSessions(t.Context())
	same(t, "live sessions", live, 3, err)
	fixtureEvents(t, s, store.Optional(alice.UserID), store.Optional(bob.UserID))
	page, err := s.Users(t.Context(), store.UserQuery{Order: store.UserOrder{By: store.ByCreatedAt}, Limit: 10})
	same(t, "the directory", idsOf(page.Users), []string{alice.UserID, bob.UserID}, err)
	mustLogin(t, s, login("somebody new"))
	mustOpenScan(t, s)
}

func idsOf(users []store.User) (ids []string) {
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return ids
}

func same(t *testing.T, what string, got, want any, err error) {
	t.Helper()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
	}
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
		ID: aliceID, Role: store.RoleUser, UnionID: "union-alice", Phone: &fixturePhone,
		Identities: []store.Identity{
			{AppID: fixtureApp, OpenID: "alice", LinkedAt: minute(0)},
			{AppID: fixtureOtherApp, OpenID: "alice-there", LinkedAt: minute(2)},
		},
		Profile:   store.Profile{NickName: "爱丽丝", Gender: store.GenderFemale, City: "深圳", UpdatedAt: minute(0)},
		CreatedAt: minute(0), LastLoginAt: minute(2), LoginCount: 3,
	}, err)
	same(t, "bob", mustUser(t, s, bobID), store.User{
		ID: bobID, Role: store.RoleUser, Identities: []store.Identity{{AppID: fixtureApp, OpenID: "bob", LinkedAt: minute(3)}},
		CreatedAt: minute(3), LastLoginAt: minute(3), LoginCount: 1,
	}, nil)
}

func fixtureEvents(t *testing.T, s *Store, alice, bob store.Optional) {
	t.Helper()
	page, err := s.AuditEvents(t.Context(), store.AuditQuery{Limit: 100})
	events := page.Events
	for i := range events {
		if _, ok := store.ParseID(store.EventPrefix, events[i].ID); !ok {
			t.Errorf("event id %q", events[i].ID)
		}
		events[i].ID = ""
	}
	in := func(n int, user, appID store.Optional) store.AuditEvent {
		return store.AuditEvent{
			At: minute(n), Action: store.ActionLogin, Actor: string(user), UserID: user, IPAddress: "192.0.2.1", Detail: appID,
		}
	}
	by := func(n int, action string, detail store.Optional) store.AuditEvent {
		return store.AuditEvent{At: minute(n), Action: action, Actor: "operator", UserID: alice, IPAddress: "192.0.2.7", Detail: detail}
	}
	same(t, "audit events", events, []store.AuditEvent{
		by(6, store.ActionLogout, store.Optional(fixtureID(3))), by(4, store.ActionBindPhone, ""),
		in(3, bob, fixtureApp), in(2, alice, fixtureOtherApp), in(1, alice, fixtureApp), in(0, alice, fixtureApp),
	}, err)
}
