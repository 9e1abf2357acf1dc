package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

var phoneLaws = []law{
	{"a phone number is bound and found", testBindPhone},
	{"a number is one with and without its country code", testPhoneCanonical},
	{"a number that another user holds is refused", testPhoneTaken},
	{"a number bound again, or refused again, fills no audit", testPhoneAgain},
	{"a new number frees the old one", testPhoneRebind},
	{"a phone number is unbound", testUnbindPhone},
}

var (
	mobile = store.Phone{Number: "13800138000", PureNumber: "13800138000", CountryCode: "86"}
	abroad = store.Phone{Number: "+85261234567", PureNumber: "61234567", CountryCode: "852"}
)

// bound is a number as it is kept of a user who gave it at an instant.
func bound(phone store.Phone, at time.Time) *store.Phone {
	phone.BoundAt = at
	return &phone
}

func (f *fixture) bind(userID string, phone store.Phone) store.User {
	f.Helper()
	user, err := f.store.BindPhone(f.Context(), userID, phone, actor)
	f.need(err)
	return user
}

func (f *fixture) unbind(userID string) store.User {
	f.Helper()
	user, err := f.store.UnbindPhone(f.Context(), userID, actor)
	f.need(err)
	return user
}

// holder checks who holds a number; "" means nobody.
func (f *fixture) holder(phone store.Phone, want string) {
	f.Helper()
	user, err := f.store.UserByPhone(f.Context(), phone)
	if want == "" {
		f.refused(err, store.ErrNotFound)
		return
	}
	f.need(err)
	f.same("the holder", user, f.user(want))
	f.same("the holder's id", user.ID, want)
}

func testBindPhone(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice").User
	f.holder(mobile, "")
	at := f.clock.Advance(time.Minute)
	want := alice
	want.Phone = bound(mobile, at)
	f.same("the user", f.bind(alice.ID, mobile), want)
	f.same("read back", f.user(alice.ID), want)
	f.holder(mobile, alice.ID)
	f.same("audit", f.newestEvent(), acted(store.ActionBindPhone, alice.ID, at, ""))
	f.same("bound again", f.bind(alice.ID, mobile), want)
	f.holder(mobile, alice.ID)
}

func testPhoneCanonical(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.enter("alice").User, f.enter("bob").User
	f.bind(alice.ID, mobile)
	spelled := store.Phone{Number: "+86 138-0013-8000", PureNumber: "138 0013 8000", CountryCode: "+86"}
	f.holder(spelled, alice.ID)
	_, err := f.store.BindPhone(t.Context(), bob.ID, spelled, actor)
	f.refused(err, store.ErrPhoneTaken)
	f.same("kept as WeChat wrote it", f.user(alice.ID).Phone, bound(mobile, begin))
	f.same("and as it writes it now", f.bind(alice.ID, spelled).Phone, bound(spelled, begin))

	elsewhere := mobile
	elsewhere.CountryCode = "1"
	f.bind(bob.ID, elsewhere)
	f.holder(elsewhere, bob.ID)
	f.holder(mobile, alice.ID)
}

func testPhoneTaken(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.enter("alice").User, f.enter("bob").User
	f.bind(alice.ID, mobile)
	f.bind(bob.ID, abroad)
	at := f.clock.Advance(time.Minute)
	_, err := f.store.BindPhone(t.Context(), bob.ID, mobile, actor)
	f.refused(err, store.ErrPhoneTaken)
	f.same("audit", f.newestEvent(), acted(store.ActionPhoneConflict, bob.ID, at, ""))
	f.same("bob's number", f.user(bob.ID).Phone, bound(abroad, begin))
	f.holder(mobile, alice.ID)
	f.holder(abroad, bob.ID)

	f.unbind(alice.ID)
	f.bind(bob.ID, mobile)
	f.holder(mobile, bob.ID)
}

// testPhoneAgain repeats what changes nothing: whoever can should not fill the
// audit with it.
func testPhoneAgain(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.enter("alice").User, f.enter("bob").User
	bound := f.bind(alice.ID, mobile)
	before := len(f.events())
	f.clock.Advance(time.Hour)
	f.same("the user", f.bind(alice.ID, mobile), bound)
	f.same("events of a number bound again", len(f.events()), before)

	conflict := func(want int) {
		t.Helper()
		_, err := f.store.BindPhone(t.Context(), bob.ID, mobile, actor)
		f.refused(err, store.ErrPhoneTaken)
		f.same("events of a conflict", len(f.events())-before, want)
	}
	conflict(1)
	f.clock.Advance(store.ConflictInterval - instant)
	conflict(1)
	f.clock.Advance(instant)
	conflict(2)
}

func testPhoneRebind(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.enter("alice").User, f.enter("bob").User
	f.bind(alice.ID, mobile)
	f.same("the new number", f.bind(alice.ID, abroad).Phone, bound(abroad, begin))
	f.holder(mobile, "")
	f.holder(abroad, alice.ID)
	f.bind(bob.ID, mobile)
	f.holder(mobile, bob.ID)
}

func testUnbindPhone(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice").User
	f.bind(alice.ID, mobile)
	at := f.clock.Advance(time.Minute)
	f.same("the user", f.unbind(alice.ID), alice)
	f.same("read back", f.user(alice.ID), alice)
	f.holder(mobile, "")
	f.same("audit", f.newestEvent(), acted(store.ActionUnbindPhone, alice.ID, at, ""))
	events := len(f.events())
	f.same("with no number to take", f.unbind(alice.ID), alice)
	f.same("events of it", len(f.events()), events)
}
