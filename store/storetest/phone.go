package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

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
	f.same("audit", f.newestEvent(), store.AuditEvent{
		At: at, Action: store.ActionBindPhone, Actor: actor.ID, UserID: store.Optional(alice.ID), IPAddress: actor.IPAddress,
	})
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
	f.same("audit", f.newestEvent(), store.AuditEvent{
		At: at, Action: store.ActionPhoneConflict, Actor: actor.ID, UserID: store.Optional(bob.ID), IPAddress: actor.IPAddress,
	})
	f.same("bob's number", f.user(bob.ID).Phone, bound(abroad, begin))
	f.holder(mobile, alice.ID)
	f.holder(abroad, bob.ID)

	_, err = f.store.UnbindPhone(t.Context(), alice.ID, actor)
	f.need(err)
	f.bind(bob.ID, mobile)
	f.holder(mobile, bob.ID)
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
	got, err := f.store.UnbindPhone(t.Context(), alice.ID, actor)
	f.need(err)
	f.same("the user", got, alice)
	f.same("read back", f.user(alice.ID), alice)
	f.holder(mobile, "")
	f.same("audit", f.newestEvent(), store.AuditEvent{
		At: at, Action: store.ActionUnbindPhone, Actor: actor.ID, UserID: store.Optional(alice.ID), IPAddress: actor.IPAddress,
	})
	events := len(f.events())
	got, err = f.store.UnbindPhone(t.Context(), alice.ID, actor)
	f.need(err)
	f.same("with no number to take", got, alice)
	f.same("events of it", len(f.events()), events)
}
