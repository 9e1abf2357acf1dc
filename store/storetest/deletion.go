package storetest

import (
	"errors"
	"testing"
	"time"

	"menshen/store"
)

var deletionLaws = []law{
	{"a deleted user is found by nothing", testDeleteUser},
	{"the audit of a deleted user keeps ids alone", testDeleteUserAudit},
	{"a deletion notes an address of others only", testDeleteUserActor},
	{"a user who became another is deleted under either id", testDeleteFormerID},
	{"a deleted person comes back as somebody new", testDeletedComesBack},
	{"nobody is deleted twice", testDeleteNobody},
	{"a deletion among logins of the same person takes all or nothing", testConcurrentDeletion},
}

// settle logs alice in, in two apps, with everything that a user can have.
func (f *fixture) settle() store.LoggedIn {
	f.Helper()
	f.login(f.comingTo(otherApp, "alice-there", "union-alice"))
	in := f.comingTo(app, "alice", "union-alice")
	in.Profile = &store.Profile{NickName: "Alice", AvatarURL: "https://example.com/a", City: "Shenzhen"}
	out := f.login(in)
	out.User = f.bind(out.User.ID, mobile)
	return out
}

func (f *fixture) deleteUser(id string, by store.Actor) {
	f.Helper()
	deleted, err := f.store.DeleteUser(f.Context(), id, by)
	f.need(err)
	_, err = f.store.User(f.Context(), deleted)
	f.refused(err, store.ErrNotFound)
}

// gone checks that nothing leads to what settle made.
func (f *fixture) gone(alice store.LoggedIn) {
	f.Helper()
	_, byID := f.store.User(f.Context(), alice.User.ID)
	_, byOpenID := f.store.UserByIdentity(f.Context(), app, "alice")
	_, byOther := f.store.UserByIdentity(f.Context(), otherApp, "alice-there")
	_, byUnionID := f.store.UserByUnionID(f.Context(), "union-alice")
	_, byPhone := f.store.UserByPhone(f.Context(), mobile)
	_, keys := f.store.SessionKeys(f.Context(), app, "alice")
	_, session := f.store.Session(f.Context(), alice.Session.ID)
	_, export := f.store.Export(f.Context(), alice.User.ID)
	for _, err := range []error{byID, byOpenID, byOther, byUnionID, byPhone, keys, session, export} {
		f.refused(err, store.ErrNotFound)
	}
	_, _, err := f.store.Refresh(f.Context(), presented(alice.Session.ID, 0))
	f.refused(err, store.ErrSessionEnded)
	f.dead(alice.Session.ID)
	f.same("sessions", f.sessionIDs(alice.User.ID), []string(nil))
}

func testDeleteUser(t *testing.T, h Harness) {
	f := open(t, h)
	bob := f.enter("bob")
	alice := f.settle()
	f.clock.Advance(time.Hour)
	f.alive(alice.Session.ID) // a use that the next sweep would write down
	f.deleteUser(alice.User.ID, actor)
	f.gone(alice)
	f.alive(bob.Session.ID)
	f.liveSessions(1)
	f.sweep(100, 0)
	f.reopen()
	f.gone(alice)
	f.same("bob", f.user(bob.User.ID), bob.User)
	f.bind(bob.User.ID, mobile)
}

func testDeleteUserAudit(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.settle().User.ID, f.enter("bob").User.ID
	_, err := f.store.Block(t.Context(), bob, "rude to alice", store.Actor{ID: alice, IPAddress: "192.0.2.1"})
	f.need(err)
	want := f.auditPage(store.AuditQuery{Limit: 100}).Events
	f.deleteUser(alice, actor)
	for i := range want {
		if e := &want[i]; e.Actor == alice || e.UserID == store.Optional(alice) {
			e.IPAddress, e.Detail = "", ""
		}
	}
	got := f.auditPage(store.AuditQuery{Limit: 100}).Events
	f.same("the events before the deletion", got[1:], want)
	f.same("about alice", len(f.auditPage(store.AuditQuery{Filter: store.AuditFilter{UserID: alice}, Limit: 100}).Events), len(want)-1)
}

func testDeleteUserActor(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.enter("alice").User.ID, f.enter("bob").User.ID
	deletion := acted(store.ActionDelete, alice, begin, "")
	f.deleteUser(alice, actor)
	f.same("by somebody else", f.newestEvent(), deletion)
	f.deleteUser(bob, store.Actor{ID: bob, IPAddress: "192.0.2.1"})
	deletion.Actor, deletion.UserID, deletion.IPAddress = bob, store.Optional(bob), ""
	f.same("by themself", f.newestEvent(), deletion)
}

func testDeleteFormerID(t *testing.T, h Harness) {
	for _, which := range []string{"older", "newer"} {
		t.Run("the "+which, func(t *testing.T) {
			f := open(t, h)
			ids := map[string]string{"older": f.enter("alice").User.ID}
			f.clock.Advance(instant)
			ids["newer"] = f.login(f.comingTo(otherApp, "alice-there", "union-alice")).User.ID
			alice := f.login(f.comingTo(app, "alice", "union-alice"))
			deleted, err := f.store.DeleteUser(t.Context(), ids[which], store.Actor{ID: ids["newer"], IPAddress: "192.0.2.1"})
			f.need(err)
			f.same("the id", deleted, ids["older"])
			f.gone(alice)
			_, err = f.store.User(t.Context(), ids["newer"])
			f.refused(err, store.ErrNotFound)
			for _, event := range f.events() {
				f.same("the address", event.IPAddress, store.Optional(""))
				f.same("the detail", event.Detail, store.Optional(""))
			}
		})
	}
}

func testDeletedComesBack(t *testing.T, h Harness) {
	f := open(t, h)
	before := f.settle()
	f.deleteUser(before.User.ID, actor)
	f.clock.Advance(time.Minute)
	in := f.comingTo(app, "alice", "union-alice")
	after := f.login(in)
	f.same("a new user", after.IsNewUser, true)
	f.same("the user", after.User, store.User{
		ID: after.User.ID, Role: store.RoleUser, UnionID: "union-alice", CreatedAt: f.clock.Now(), LastLoginAt: f.clock.Now(), LoginCount: 1,
		Identities: []store.Identity{{AppID: app, OpenID: "alice", LinkedAt: f.clock.Now(), ActiveOn: store.DayOf(begin, nil)}},
	})
	f.same("session_keys", f.keyTexts("alice"), []string{in.SessionKey.Text})
	f.deleteUser(after.User.ID, actor)
	f.gone(after)
}

func testDeleteNobody(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice").User.ID
	f.deleteUser(alice, actor)
	before := f.events()
	for _, id := range []string{alice, "", "nobody", store.NewID(store.UserPrefix, begin)} {
		_, err := f.store.DeleteUser(t.Context(), id, actor)
		f.refused(err, store.ErrNotFound)
	}
	f.same("events", f.events(), before)
}

func testConcurrentDeletion(t *testing.T, h Harness) {
	f := open(t, h)
	id := f.enter("alice").User.ID
	users := make([]store.User, 32)
	f.together(len(users), func(i int) (err error) {
		if i%4 > 0 {
			var out store.LoggedIn
			out, err = f.store.Login(t.Context(), f.coming("alice"))
			users[i] = out.User
			return err
		}
		if err = errorOf(f.store.DeleteUser(t.Context(), id, actor)); errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	_, err := f.store.User(t.Context(), id)
	f.refused(err, store.ErrNotFound)
	f.same("sessions", f.sessionIDs(id), []string(nil))
	after := f.enter("alice")
	f.liveSessions(len(f.sessionIDs(after.User.ID)))
	logins := 1 // the last one
	for _, user := range users {
		if user.ID == after.User.ID {
			logins++
		}
	}
	f.same("logins of who came after the deletion", after.User.LoginCount, logins)
}
