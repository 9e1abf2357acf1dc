package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"menshen/store"
)

func testMergeProfiles(t *testing.T, h Harness) {
	chosen := store.Profile{NickName: "爱丽丝", City: "Shenzhen", Gender: store.GenderFemale}
	other := store.Profile{NickName: "Alice", Country: "China"}
	placeholder := store.Profile{NickName: "微信用户", AvatarURL: "https://example.com/grey"}
	for _, test := range []struct {
		name          string
		first, second store.Profile
		want          store.Profile
		of            int // whose time it has
	}{
		{"two", chosen, other, store.Profile{NickName: "Alice", City: "Shenzhen", Country: "China", Gender: store.GenderFemale}, 1},
		{"a placeholder that came later", chosen, placeholder, chosen, 0},
		{"a placeholder that came first", placeholder, other,
			store.Profile{NickName: "Alice", Country: "China", AvatarURL: "https://example.com/grey"}, 1},
		{"only one", store.Profile{}, chosen, chosen, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			bothWays(t, h, func(p *pair) { p.profiles(p.older, test.first, p.newer, test.second, test.want, test.of) })
			bothWays(t, h, func(p *pair) { p.profiles(p.newer, test.first, p.older, test.second, test.want, test.of) })
		})
	}
}

// profiles keeps two profiles, one after the other, and checks what they become.
func (p *pair) profiles(a store.LoggedIn, first store.Profile, b store.LoggedIn, second, want store.Profile, of int) {
	p.Helper()
	var times [2]time.Time
	for i, step := range []struct {
		userID  string
		profile store.Profile
	}{{a.User.ID, first}, {b.User.ID, second}} {
		times[i] = p.clock.Advance(time.Minute)
		if step.profile != (store.Profile{}) {
			_, err := p.store.KeepProfile(p.Context(), step.userID, step.profile)
			p.need(err)
		}
	}
	want.UpdatedAt = times[of]
	p.same("the profile", p.meet().User.Profile, want)
}

func testMergePhones(t *testing.T, h Harness) {
	bothWays(t, h, func(p *pair) { p.phones(p.older.User.ID, p.newer.User.ID) })
	bothWays(t, h, func(p *pair) { p.phones(p.newer.User.ID, p.older.User.ID) })
	bothWays(t, h, func(p *pair) {
		p.bind(p.newer.User.ID, mobile)
		want := bound(mobile, p.clock.Now())
		p.clock.Advance(time.Minute)
		p.same("the only number", p.meet().User.Phone, want)
		p.holder(mobile, p.older.User.ID)
	})
}

// phones binds a number to one of the pair and then another to the other.
func (p *pair) phones(first, second string) {
	p.Helper()
	p.bind(first, mobile)
	at := p.clock.Advance(time.Minute)
	p.bind(second, abroad)
	p.clock.Advance(time.Minute)
	p.same("the number", p.meet().User.Phone, bound(abroad, at))
	p.holder(abroad, p.older.User.ID)
	p.holder(mobile, "")
	if detail := string(p.events()[1].Detail); !strings.Contains(detail, "released") || strings.Contains(detail, mobile.PureNumber) {
		p.Errorf("the audit of the merge: %s", detail)
	}
	p.bind(p.enter("bob").User.ID, mobile)
}

func testMergeRoles(t *testing.T, h Harness) {
	const user, admin = store.RoleUser, store.RoleAdmin
	for _, test := range []struct{ older, newer, want store.Role }{
		{user, user, user}, {admin, user, user}, {user, admin, user}, {admin, admin, admin},
	} {
		t.Run(fmt.Sprintf("%s and %s", test.older, test.newer), func(t *testing.T) {
			bothWays(t, h, func(p *pair) {
				p.setRole(p.older.User.ID, test.older)
				p.setRole(p.newer.User.ID, test.newer)
				p.same("the role", p.meet().User.Role, test.want)
				p.same("the role read back", p.user(p.older.User.ID).Role, test.want)
				told := strings.Contains(string(p.events()[1].Detail), "role")
				p.same("a lost role is audited", told, test.older != test.newer)
			})
		})
	}
}

func testMergeBlocked(t *testing.T, h Harness) {
	bothWays(t, h, func(p *pair) { p.blocked(p.older.User.ID) })
	bothWays(t, h, func(p *pair) { p.blocked(p.newer.User.ID) })
	bothWays(t, h, func(p *pair) { p.blocked(p.newer.User.ID, p.older.User.ID) })
}

// blocked blocks those of the pair and has them meet. The reason that stays is
// that of the first block.
func (p *pair) blocked(userIDs ...string) {
	p.Helper()
	at := p.clock.Now()
	for i, id := range userIDs {
		p.block(id, fmt.Sprintf("reason %d", i))
		p.clock.Advance(time.Minute)
	}
	in := p.late()
	p.refusedLogin(in)

	want := p.user(p.older.User.ID)
	p.same("blocked at", want.BlockedAt, at)
	p.same("the reason", want.BlockedReason, store.Optional("reason 0"))
	p.same("former ids", want.FormerIDs, []string{p.newer.User.ID})
	p.same("logins counted", want.LoginCount, 2)
	p.same("last login", want.LastLoginAt, p.newer.User.LastLoginAt)
	p.same("identities", len(want.Identities), 2)
	p.found(want)
	keys, err := p.store.SessionKeys(p.Context(), in.AppID, in.OpenID)
	p.need(err)
	p.same("the newest session_key", keys[0], in.SessionKey)
	p.same("what happened at last", p.actions()[2+len(userIDs):], []string{store.ActionMerge, store.ActionLoginRefused})
}

// refusedLogin logs in a user who is blocked.
func (f *fixture) refusedLogin(in store.Login) {
	f.Helper()
	out, err := f.store.Login(f.Context(), in)
	f.refused(err, store.ErrUserBlocked)
	f.same("what comes of it", out, store.LoggedIn{})
	f.dead(in.SessionID)
}

func testMergeBlockedSessions(t *testing.T, h Harness) {
	bothWays(t, h, func(p *pair) { p.blockedSessions(p.older.User.ID) })
	bothWays(t, h, func(p *pair) { p.blockedSessions(p.newer.User.ID) })
}

func (p *pair) blockedSessions(userID string) {
	p.Helper()
	p.block(userID, "spam")
	p.liveSessions(1)
	p.refusedLogin(p.late())
	p.liveSessions(0)
	p.same("sessions", p.sessionIDs(p.older.User.ID), []string(nil))
	p.shut(p.older.Session.ID)
	p.shut(p.newer.Session.ID)

	p.unblock(p.newer.User.ID)
	p.dead(p.older.Session.ID)
	p.dead(p.newer.Session.ID)
	out := p.meet()
	p.alive(out.Session.ID)
	p.same("the user", out.User.ID, p.older.User.ID)
	p.liveSessions(1)
}

func testJoinBlocked(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.login(f.comingTo(app, "alice", "union-alice")).User
	f.block(alice.ID, "spam")
	in := f.comingTo(otherApp, "alice-there", "union-alice")
	f.refusedLogin(in)
	got, err := f.store.UserByIdentity(t.Context(), otherApp, "alice-there")
	f.need(err)
	f.same("the user of the new identity", got, f.user(alice.ID))
	f.same("logins counted", got.LoginCount, 1)
	f.same("what happened", f.actions(), []string{store.ActionLogin, store.ActionBlock, store.ActionJoin, store.ActionLoginRefused})
	keys, err := f.store.SessionKeys(t.Context(), otherApp, "alice-there")
	f.need(err)
	f.same("session_keys", keys, []store.SessionKey{in.SessionKey})

	f.unblock(alice.ID)
	f.same("who comes after the unblock", f.login(f.comingTo(otherApp, "alice-there", "")).User.ID, alice.ID)
}
