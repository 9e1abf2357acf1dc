package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"menshen/store"
)

var mergeLaws = []law{
	{"a unionid that another user holds makes one user of two", testMerge},
	{"a merge moves the sessions with their refresh tokens", testMergeSessions},
	{"a merge is held to the limit of sessions", testMergeSessionLimit},
	{"of two profiles the newer wins, field by field", testMergeProfiles},
	{"of two phone numbers the one bound later stays", testMergePhones},
	{"a merge gives nobody a role", testMergeRoles},
	{"a merge with a blocked user is blocked", testMergeBlocked},
	{"a merge ends the sessions of either when one is blocked", testMergeBlockedSessions},
	{"a new identity of a blocked user joins and is refused", testJoinBlocked},
	{"the id that vanished answers to every verb", testMergeFormerID},

	{"merges chain in every order", testMergeChain},
	{"a user is merged through an earlier unionid", testMergeEarlierUnionID},
	{"users who share apps are merged", testMergeSameApps},

	{"late unionids of both identities at once make one user", testConcurrentMerge},
	{"a merge and a block at once leave one blocked user", testConcurrentMergeBlock},
	{"a merge and a refresh at once lose no session", testConcurrentMergeRefresh},
	{"a merge and a phone number for both at once leave one holder", testConcurrentMergePhone},
	{"a merge and a deletion at once leave no rest", testConcurrentMergeDelete},
	{"a merge and the end of all sessions at once leave none from before", testConcurrentMergeEndSessions},
}

// pair is one person whom a store takes for two users, an hour apart: alice in
// the first app and alice-there in the other one. Only one of the two has shown
// the unionid; late is the login that shows the other's.
type pair struct {
	*fixture
	older, newer store.LoggedIn
	late         func() store.Login
}

// bothWays runs a test with a pair whose older user shows the unionid late, and
// with one whose newer user does.
func bothWays(t *testing.T, h Harness, test func(*pair)) {
	for _, way := range []struct {
		name         string
		older, newer store.Optional
	}{
		{"shown to the newer user late", "union-alice", ""},
		{"shown to the older user late", "", "union-alice"},
	} {
		t.Run(way.name, func(t *testing.T) {
			p := &pair{fixture: open(t, h)}
			p.older = p.login(p.comingTo(app, "alice", way.older))
			p.clock.Advance(time.Hour)
			p.newer = p.login(p.comingTo(otherApp, "alice-there", way.newer))
			p.clock.Advance(time.Hour)
			p.late = func() store.Login {
				if way.older == "" {
					return p.comingTo(app, "alice", "union-alice")
				}
				return p.comingTo(otherApp, "alice-there", "union-alice")
			}
			test(p)
		})
	}
}

// meet logs in with the late unionid.
func (p *pair) meet() store.LoggedIn {
	p.Helper()
	return p.login(p.late())
}

func testMerge(t *testing.T, h Harness) {
	bothWays(t, h, func(p *pair) {
		now := p.clock.Now()
		out := p.meet()
		want := p.older.User
		want.FormerIDs, want.UnionID = []string{p.newer.User.ID}, "union-alice"
		want.Identities = slices.Concat(p.older.User.Identities, p.newer.User.Identities)
		want.LastLoginAt, want.LoginCount = now, 3
		p.same("the user", out.User, want)
		p.same("a new user", out.IsNewUser, false)
		p.same("read back", p.user(want.ID), want)
		p.same("by the vanished id", p.user(p.newer.User.ID), want)
		p.found(want)

		events := p.events()
		p.same("what happened", p.actions(), []string{store.ActionLogin, store.ActionLogin, store.ActionMerge, store.ActionLogin})
		detail := string(events[1].Detail)
		p.same("the merge", events[1], store.AuditEvent{
			At: now, Action: store.ActionMerge, Actor: want.ID, UserID: store.Optional(want.ID), IPAddress: "192.0.2.1", Detail: events[1].Detail,
		})
		for _, part := range []string{p.older.User.ID, p.newer.User.ID, otherApp, "1 sessions"} {
			if !strings.Contains(detail, part) {
				p.Errorf("the audit of the merge does not tell %q: %s", part, detail)
			}
		}
		p.reopen()
		p.found(want)
	})
}

// found looks a user up by everything that names them.
func (f *fixture) found(want store.User) {
	f.Helper()
	for _, id := range append(want.FormerIDs, want.ID) {
		f.same("by id", f.user(id), want)
	}
	for _, i := range want.Identities {
		got, err := f.store.UserByIdentity(f.Context(), i.AppID, i.OpenID)
		f.need(err)
		f.same("by identity", got, want)
	}
	for _, unionID := range want.UnionIDs() {
		got, err := f.store.UserByUnionID(f.Context(), unionID)
		f.need(err)
		f.same("by unionid", got, want)
	}
	if want.Phone != nil {
		f.holder(*want.Phone, want.ID)
	}
}

func testMergeSessions(t *testing.T, h Harness) {
	bothWays(t, h, func(p *pair) {
		p.refresh(p.newer.Session.ID, 0)
		p.clock.Advance(time.Minute)
		kept := p.session(p.newer.Session.ID)
		met := p.meet()
		p.same("sessions", p.sessionIDs(p.older.User.ID), []string{met.Session.ID, p.newer.Session.ID, p.older.Session.ID})
		p.same("by the vanished id", p.sessionIDs(p.newer.User.ID), p.sessionIDs(p.older.User.ID))
		kept.UserID = p.older.User.ID
		p.same("the newer user's session", p.session(kept.ID), kept)
		p.same("the older user's session", p.session(p.older.Session.ID), p.older.Session)
		for _, id := range p.sessionIDs(p.older.User.ID) {
			p.alive(id)
		}
		p.liveSessions(3)
		p.refresh(p.older.Session.ID, 0)
		p.same("exchanged", p.refresh(kept.ID, 1).UserID, p.older.User.ID)
		_, _, err := p.store.Refresh(p.Context(), presented(kept.ID, 0))
		p.refused(err, store.ErrRefreshReused)
	})
}

func testMergeSessionLimit(t *testing.T, h Harness) {
	bothWays(t, h, func(p *pair) {
		var want []string
		for range limit / 2 {
			for _, in := range []store.Session{p.older.Session, p.newer.Session} {
				p.clock.Advance(instant)
				want = append(want, p.login(p.comingTo(in.AppID, in.OpenID, "")).Session.ID)
			}
		}
		p.clock.Advance(instant)
		want = append(want, p.meet().Session.ID)
		slices.Reverse(want)
		p.same("sessions", p.sessionIDs(p.older.User.ID), want[:limit])
		p.dead(p.older.Session.ID)
		p.dead(p.newer.Session.ID)
		p.liveSessions(limit)
	})
}
