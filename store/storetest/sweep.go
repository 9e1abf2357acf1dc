package storetest

import (
	"fmt"
	"testing"
	"time"

	"menshen/store"
)

var sweepLaws = []law{
	{"a sweep removes what has expired and nothing else", testSweep},
	{"a sweep keeps to its limit", testSweepLimit},
	{"a sweep forgets session_keys after their time", testSweepSessionKeys},
	{"a sweep writes down when sessions were used", testSweepLastUsed},
	{"a sweep does not revive a session", testSweepEnded},
}

func (f *fixture) sweep(limit, want int) {
	f.Helper()
	n, err := f.store.Sweep(f.Context(), limit)
	f.need(err)
	f.same("swept", n, want)
}

func testSweep(t *testing.T, h Harness) {
	f := open(t, h)
	refreshed, ended := f.enter("alice"), f.enter("carol")
	f.enter("dave")
	f.need(f.store.EndSession(t.Context(), ended.User.ID, ended.Session.ID, actor))
	f.clock.Advance(instant)
	last := f.enter("bob")
	f.clock.Advance(time.Hour)
	f.refresh(refreshed.Session.ID, 0)
	f.sweep(100, 0)
	f.liveSessions(3)

	f.clock.Advance(life - time.Hour - instant)
	f.sweep(100, 1) // dave's, at the instant it expires; bob's has one more
	f.alive(last.Session.ID)
	f.alive(refreshed.Session.ID)
	f.liveSessions(2)
	f.clock.Advance(instant)
	f.sweep(100, 1)
	f.sweep(100, 0)
	f.liveSessions(1)
	f.alive(refreshed.Session.ID)
	f.user(last.User.ID)
}

func testSweepLimit(t *testing.T, h Harness) {
	f := open(t, h)
	for i := range 5 {
		f.enter(fmt.Sprint("somebody ", i))
	}
	f.clock.Advance(life)
	newest := f.enter("alice")
	f.sweep(0, 0)
	f.sweep(2, 2)
	f.liveSessions(4)
	f.sweep(2, 2)
	f.sweep(2, 1)
	f.sweep(2, 0)
	f.liveSessions(1)
	f.alive(newest.Session.ID)
}

func testSweepSessionKeys(t *testing.T, h Harness) {
	f := open(t, h)
	first := f.coming("alice")
	f.login(first)
	f.clock.Advance(time.Minute)
	second := f.coming("alice")
	second.SessionKey = store.SessionKey{Text: "another key", GivenAt: f.clock.Now()}
	f.login(second)
	f.clock.Advance(store.SessionKeyMemory)
	f.sweep(100, 0)
	f.clock.Advance(instant)
	f.sweep(100, 1)
	f.sweep(100, 0)
	keys, err := f.store.SessionKeys(t.Context(), second.AppID, "alice")
	f.need(err)
	f.same("session_keys", keys, []store.SessionKey{second.SessionKey})
}

func testSweepLastUsed(t *testing.T, h Harness) {
	f := open(t, h)
	id := f.enter("alice").Session.ID
	used := f.clock.Advance(time.Hour)
	f.alive(id)
	f.sweep(100, 0)
	f.same("last used", f.session(id).LastUsedAt, used)

	// Used every ten seconds and swept every minute, it never lags further than promised.
	for i := range 90 {
		used = f.clock.Advance(10 * time.Second)
		f.alive(id)
		if i%6 == 5 {
			f.sweep(100, 0)
		}
		if lag := used.Sub(f.session(id).LastUsedAt); lag > store.LastUsedAccuracy {
			t.Fatalf("last use lags by %v", lag)
		}
	}
	session := f.session(id)
	f.clock.Advance(time.Hour)
	f.sweep(100, 0)
	f.same("a session that nobody used", f.session(id), session)
	f.clock.Advance(life - 2*time.Hour)
	f.dead(id) // a use does not extend it
}

func testSweepEnded(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	f.clock.Advance(time.Hour)
	f.alive(in.Session.ID)
	f.need(f.store.EndSession(t.Context(), in.User.ID, in.Session.ID, actor))
	f.sweep(100, 0)
	f.dead(in.Session.ID)
	f.same("sessions", f.sessionIDs(in.User.ID), []string(nil))
	f.liveSessions(0)
}
