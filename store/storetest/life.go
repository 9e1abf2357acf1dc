package storetest

import (
	"sync"
	"testing"
	"time"

	"menshen/store"
)

var lifeLaws = []law{
	{"everything survives reopening", testReopen},
	{"the laws know every verb", testVerbs},
	{"a closed store is unavailable", testClosed},
	{"a context that has ended begins nothing", testContextEnded},
	{"an open store answers a ping", testPing},
	{"every transaction is observed", testObserve},
}

// memoryOf is all that a store tells about a world.
type memoryOf struct {
	Users    []store.User
	Sessions [][]store.Session
	Keys     [][]store.SessionKey
	Events   []store.AuditEvent
	Secret   string
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
	live, err := f.store.CountSessions(f.Context())
	f.need(err)
	m.Events, m.Secret, m.Sealing, m.Live = f.events(), f.secret("token"), f.sealingKeys(), live
	return m
}

func testReopen(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.comingTo(app, "alice", "union-alice")
	in.Profile = &store.Profile{NickName: "爱丽丝", Gender: store.GenderFemale, City: "Shenzhen"}
	alice, bob := f.login(in), f.enter("bob")
	f.clock.Advance(time.Minute)
	f.enter("alice")
	f.refresh(bob.Session.ID, 0)
	f.clock.Advance(time.Minute)
	f.bind(alice.User.ID, mobile)
	f.clock.Advance(time.Minute)
	f.need(f.store.EndSession(t.Context(), alice.User.ID, alice.Session.ID, actor))
	f.putSecret("token", "for tokens")
	f.need(f.store.RotateSealing(t.Context()))
	before := f.memoryOf(alice, bob)

	f.reopen()
	f.same("what is remembered", f.memoryOf(alice, bob), before)
	f.holder(mobile, alice.User.ID)
	joined := f.login(f.comingTo(otherApp, "alice-there", "union-alice"))
	f.same("who joins by the unionid", joined.User.ID, alice.User.ID)
	f.same("a repeat's answer", f.refresh(bob.Session.ID, 1).Refresh.Generation, uint32(2))
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
