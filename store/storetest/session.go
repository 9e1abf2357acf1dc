package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

var sessionLaws = []law{
	{"a session dies at the instant it expires", testSessionExpiry},
	{"what is no id names nothing", testUnknownIDs},
	{"sessions are listed newest first", testSessionsOrder},
	{"a user ends one session", testEndSession},
	{"a user cannot end another's session", testEndSessionOfOther},
	{"a user ends all sessions", testEndSessions},
	{"when the oldest session began is known", testOldestSession},
	{"a profile is kept without a login", testKeepProfile},
	{"a user changes their profile", testUpdateProfile},
}

func testSessionExpiry(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	id, userID := in.Session.ID, in.User.ID
	f.clock.Advance(life - instant)
	f.alive(id)
	f.same("sessions just before", f.sessionIDs(userID), []string{id})

	f.clock.Advance(instant)
	f.dead(id)
	_, err := f.store.Session(t.Context(), id)
	f.refused(err, store.ErrNotFound)
	f.same("sessions at the instant", f.sessionIDs(userID), []string(nil))
	_, _, err = f.store.Refresh(t.Context(), presented(id, 0))
	f.refused(err, store.ErrSessionEnded)
	f.refused(f.store.EndSession(t.Context(), userID, id, actor), store.ErrNotFound)
	n, err := f.store.EndSessions(t.Context(), userID, actor)
	f.need(err)
	f.same("ended", n, 0)
	f.same("the user", f.user(userID), in.User)
}

func testUnknownIDs(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	strangers := []string{
		"", "usr_", "ses_", "ses_0", "evt_00000000000000000000000000", "\x00", in.User.ID + "0",
		store.NewID(store.UserPrefix, begin), store.NewID(store.SessionPrefix, begin),
	}
	for _, id := range append(strangers, in.User.ID) {
		f.dead(id)
		_, err := f.store.Session(t.Context(), id)
		f.refused(err, store.ErrNotFound)
		_, _, err = f.store.Refresh(t.Context(), presented(id, 0))
		f.refused(err, store.ErrSessionEnded)
		f.refused(f.store.EndSession(t.Context(), in.User.ID, id, actor), store.ErrNotFound)
	}
	for _, id := range append(strangers, in.Session.ID) {
		_, err := f.store.User(t.Context(), id)
		f.refused(err, store.ErrNotFound)
		_, err = f.store.KeepProfile(t.Context(), id, store.Profile{NickName: "nobody"})
		f.refused(err, store.ErrNotFound)
		_, err = f.store.BindPhone(t.Context(), id, mobile, actor)
		f.refused(err, store.ErrNotFound)
		_, err = f.store.UnbindPhone(t.Context(), id, actor)
		f.refused(err, store.ErrNotFound)
		f.same("sessions", f.sessionIDs(id), []string(nil))
		n, err := f.store.EndSessions(t.Context(), id, actor)
		f.need(err)
		f.same("ended", n, 0)
	}
	f.alive(in.Session.ID)
}

func testSessionsOrder(t *testing.T, h Harness) {
	f := open(t, h)
	var want []string
	var userID string
	for range 4 {
		f.clock.Advance(instant)
		in := f.enter("alice")
		f.enter("bob")
		userID, want = in.User.ID, append([]string{in.Session.ID}, want...)
	}
	f.same("sessions", f.sessionIDs(userID), want)
}

func testEndSession(t *testing.T, h Harness) {
	f := open(t, h)
	first := f.enter("alice").Session
	f.clock.Advance(instant)
	second := f.enter("alice").Session
	at := f.clock.Advance(time.Minute)
	f.need(f.store.EndSession(t.Context(), first.UserID, first.ID, actor))
	f.dead(first.ID)
	f.alive(second.ID)
	f.same("sessions", f.sessionIDs(first.UserID), []string{second.ID})
	f.liveSessions(1)
	f.same("audit", f.newestEvent(), acted(store.ActionLogout, first.UserID, at, store.Optional(first.ID)))
	events := len(f.events())
	f.refused(f.store.EndSession(t.Context(), first.UserID, first.ID, actor), store.ErrNotFound)
	f.same("events of a second try", len(f.events()), events)
}

func testEndSessionOfOther(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.enter("alice"), f.enter("bob")
	events := len(f.events())
	f.refused(f.store.EndSession(t.Context(), bob.User.ID, alice.Session.ID, actor), store.ErrNotFound)
	f.refused(f.store.EndSession(t.Context(), "", alice.Session.ID, actor), store.ErrNotFound)
	f.alive(alice.Session.ID)
	f.same("events", len(f.events()), events)
}

func testEndSessions(t *testing.T, h Harness) {
	f := open(t, h)
	expired := f.enter("alice").Session.ID
	f.clock.Advance(life)
	first, second, bob := f.enter("alice"), f.enter("alice"), f.enter("bob")
	at := f.clock.Advance(time.Minute)
	n, err := f.store.EndSessions(t.Context(), first.User.ID, actor)
	f.need(err)
	f.same("ended", n, 2)
	for _, id := range []string{expired, first.Session.ID, second.Session.ID} {
		f.dead(id)
	}
	f.alive(bob.Session.ID)
	f.same("sessions", f.sessionIDs(first.User.ID), []string(nil))
	f.same("audit", f.newestEvent(), acted(store.ActionLogout, first.User.ID, at, "2 sessions"))
	n, err = f.store.EndSessions(t.Context(), first.User.ID, actor)
	f.need(err)
	f.same("ended by a second try", n, 0)
	f.alive(f.enter("alice").Session.ID)
}

func testOldestSession(t *testing.T, h Harness) {
	f := open(t, h)
	oldest := func(want time.Time) {
		t.Helper()
		got, err := f.store.OldestSession(t.Context())
		f.need(err)
		f.same("the oldest session", got, want)
	}
	oldest(time.Time{})
	first := f.enter("alice")
	f.clock.Advance(time.Hour)
	second := f.enter("bob")
	f.refresh(first.Session.ID, 0)
	oldest(first.Session.CreatedAt)
	f.need(f.store.EndSession(t.Context(), first.User.ID, first.Session.ID, actor))
	oldest(second.Session.CreatedAt)
}

func testKeepProfile(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice").User
	at := f.clock.Advance(time.Hour)
	got, err := f.store.KeepProfile(t.Context(), alice.ID, store.Profile{NickName: "爱丽丝", City: "Shenzhen"})
	f.need(err)
	want := alice
	want.Profile = store.Profile{NickName: "爱丽丝", City: "Shenzhen", UpdatedAt: at}
	f.same("the user", got, want)

	f.clock.Advance(time.Hour)
	got, err = f.store.KeepProfile(t.Context(), alice.ID, store.Profile{NickName: "微信用户"})
	f.need(err)
	f.same("after a placeholder", got, want)
	f.same("read back", f.user(alice.ID), want)
}

func testUpdateProfile(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice").User
	at := f.clock.Advance(time.Hour)
	name, city, gender := store.Optional("爱丽丝"), store.Optional("Shenzhen"), store.GenderFemale
	got, err := f.store.UpdateProfile(t.Context(), alice.ID, store.ProfileChange{NickName: &name, City: &city, Gender: &gender})
	f.need(err)
	want := alice
	want.Profile = store.Profile{NickName: name, City: city, Gender: gender, UpdatedAt: at}
	f.same("the user", got, want)

	none := store.Optional("")
	want.Profile.City, want.Profile.UpdatedAt = "", f.clock.Advance(time.Hour)
	got, err = f.store.UpdateProfile(t.Context(), alice.ID, store.ProfileChange{City: &none})
	f.need(err)
	f.same("after a field was emptied", got, want)
	f.same("read back", f.user(alice.ID), want)
	_, err = f.store.UpdateProfile(t.Context(), store.NewID(store.UserPrefix, begin), store.ProfileChange{City: &none})
	f.refused(err, store.ErrNotFound)
}
