package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

var administrationLaws = []law{
	{"a block refuses logins and ends sessions for good", testBlock},
	{"a block does not refresh", testBlockRefresh},
	{"a user who is blocked again gets the new reason", testBlockAgain},
	{"an unblock lets a user log in again", testUnblock},
	{"a sweep removes the sessions that a block has ended", testBlockSweep},
	{"a logout of a blocked user leaves them blocked", testBlockLogout},
	{"a role is given and taken", testSetRole},
	{"nobody who is unknown is administered", testAdministerUnknown},
}

func (f *fixture) block(userID, reason string) store.User {
	f.Helper()
	user, err := f.store.Block(f.Context(), userID, reason, actor)
	f.need(err)
	return user
}

func (f *fixture) unblock(userID string) store.User {
	f.Helper()
	user, err := f.store.Unblock(f.Context(), userID, actor)
	f.need(err)
	return user
}

func (f *fixture) setRole(userID string, role store.Role) store.User {
	f.Helper()
	user, err := f.store.SetRole(f.Context(), userID, role, actor)
	f.need(err)
	return user
}

// shut says that a block keeps a session from being used.
func (f *fixture) shut(sessionID string) {
	f.Helper()
	_, _, err := f.store.Authenticate(f.Context(), sessionID)
	f.refused(err, store.ErrUserBlocked)
	_, _, err = f.store.Refresh(f.Context(), presented(sessionID, 0))
	f.refused(err, store.ErrUserBlocked)
	_, err = f.store.Session(f.Context(), sessionID)
	f.refused(err, store.ErrNotFound)
}

func testBlock(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.enter("alice"), f.enter("bob")
	at := f.clock.Advance(time.Minute)
	want := alice.User
	want.BlockedAt, want.BlockedReason = at, "spam"
	f.same("the user", f.block(alice.User.ID, "spam"), want)
	f.same("read back", f.user(want.ID), want)
	f.same("the status", want.Status(), store.StatusBlocked)
	f.same("audit", f.newestEvent(), acted(store.ActionBlock, want.ID, at, "spam"))
	f.shut(alice.Session.ID)
	f.same("sessions", f.sessionIDs(want.ID), []string(nil))
	f.alive(bob.Session.ID)
	f.liveSessions(1)

	in := f.coming("alice")
	in.Profile = &store.Profile{NickName: "爱丽丝"}
	f.refusedLogin(in)
	f.same("the user after a login", f.user(want.ID), want)
	f.same("session_keys", f.keyTexts("alice"), []string{in.SessionKey.Text, "key of " + alice.Session.ID})
	f.same("audit of the login", f.newestEvent().Action, store.ActionLoginRefused)
	f.reopen()
	f.shut(alice.Session.ID)
	f.liveSessions(1)
}

func testBlockRefresh(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	f.refresh(in.Session.ID, 0)
	f.block(in.User.ID, "spam")
	for _, generation := range []uint32{0, 1, 2} { // a repeat, the current one, one that never was
		_, _, err := f.store.Refresh(t.Context(), presented(in.Session.ID, generation))
		f.refused(err, store.ErrUserBlocked)
	}
	f.clock.Advance(store.RefreshGrace + instant)
	_, _, err := f.store.Refresh(t.Context(), presented(in.Session.ID, 0))
	f.refused(err, store.ErrUserBlocked)
	f.unblock(in.User.ID)
	_, _, err = f.store.Refresh(t.Context(), presented(in.Session.ID, 1))
	f.refused(err, store.ErrSessionEnded)
}

func testBlockAgain(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice").User
	at := f.clock.Now()
	f.block(alice.ID, "spam")
	again := f.clock.Advance(time.Hour)
	got := f.block(alice.ID, "fraud")
	f.same("blocked at", got.BlockedAt, at)
	f.same("the reason", got.BlockedReason, store.Optional("fraud"))
	f.same("read back", f.user(alice.ID), got)
	f.same("audit", f.newestEvent(), acted(store.ActionBlock, alice.ID, again, "fraud"))
	f.liveSessions(0)
}

func testUnblock(t *testing.T, h Harness) {
	f := open(t, h)
	before := f.enter("alice")
	f.block(before.User.ID, "spam")
	at := f.clock.Advance(time.Hour)
	f.same("the user", f.unblock(before.User.ID), before.User)
	f.same("audit", f.newestEvent(), acted(store.ActionUnblock, before.User.ID, at, ""))
	f.dead(before.Session.ID)
	f.liveSessions(0)

	after := f.enter("alice")
	f.alive(after.Session.ID)
	f.liveSessions(1)
	events := len(f.events())
	f.same("unblocked again", f.unblock(before.User.ID), after.User)
	f.same("events of it", len(f.events()), events)
	f.block(before.User.ID, "again")
	f.shut(before.Session.ID)
	f.shut(after.Session.ID)
	f.liveSessions(0)
}

func testBlockSweep(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	f.clock.Advance(time.Hour)
	f.alive(in.Session.ID)
	f.block(in.User.ID, "spam")
	f.sweep(100, 0)
	f.shut(in.Session.ID)
	f.clock.Advance(life - time.Hour)
	f.dead(in.Session.ID)
	f.sweep(100, 1)
	f.liveSessions(0)
}

func testBlockLogout(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	f.block(in.User.ID, "spam")
	f.refused(f.store.EndSession(t.Context(), in.User.ID, in.Session.ID, actor), store.ErrNotFound)
	n, err := f.store.EndSessions(t.Context(), in.User.ID, actor)
	f.need(err)
	f.same("ended", n, 0)
	f.shut(in.Session.ID)
	f.liveSessions(0)
}

func testSetRole(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	at := f.clock.Advance(time.Minute)
	want := in.User
	want.Role = store.RoleAdmin
	f.same("the user", f.setRole(want.ID, store.RoleAdmin), want)
	f.same("audit", f.newestEvent(), acted(store.ActionSetRole, want.ID, at, "ADMIN"))
	_, got, err := f.store.Authenticate(t.Context(), in.Session.ID)
	f.need(err)
	f.same("the user of a session", got, want)

	events := len(f.events())
	f.same("given again", f.setRole(want.ID, store.RoleAdmin), want)
	f.same("events of it", len(f.events()), events)
	f.same("taken", f.setRole(want.ID, store.RoleUser), in.User)
	f.same("audit of it", f.newestEvent(), acted(store.ActionSetRole, want.ID, at, "USER"))
	f.alive(in.Session.ID)
}

func testAdministerUnknown(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	for _, id := range []string{"", "usr_", in.Session.ID, store.NewID(store.UserPrefix, begin)} {
		_, err := f.store.Block(t.Context(), id, "spam", actor)
		f.refused(err, store.ErrNotFound)
		_, err = f.store.Unblock(t.Context(), id, actor)
		f.refused(err, store.ErrNotFound)
		_, err = f.store.SetRole(t.Context(), id, store.RoleAdmin, actor)
		f.refused(err, store.ErrNotFound)
	}
	f.same("what happened", f.actions(), []string{store.ActionLogin})
}
