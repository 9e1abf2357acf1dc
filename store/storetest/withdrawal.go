package storetest

import (
	"crypto/sha256"
	"testing"
	"time"

	"menshen/store"
)

// message is a withdrawal of everything that alice has shown but her account.
func message(text string) store.Withdrawal {
	return store.Withdrawal{
		MessageID: sha256.Sum256([]byte(text)), AppID: app, OpenID: "alice",
		NickName: true, Avatar: true, Phone: true, Detail: "user_authorization_revoke",
	}
}

func (f *fixture) withdraw(w store.Withdrawal) {
	f.Helper()
	f.need(f.store.Withdraw(f.Context(), w))
}

func testWithdraw(t *testing.T, h Harness) {
	tests := []struct {
		name    string
		adjust  func(*store.Withdrawal)
		want    func(u *store.User, now time.Time)
		actions []string // newest first
	}{
		{"nothing", func(w *store.Withdrawal) { w.NickName, w.Avatar, w.Phone = false, false, false },
			func(*store.User, time.Time) {}, []string{store.ActionPush}},
		{"the nickname", func(w *store.Withdrawal) { w.Avatar, w.Phone = false, false },
			func(u *store.User, now time.Time) { u.Profile.NickName, u.Profile.UpdatedAt = "", now }, []string{store.ActionPush}},
		{"the avatar", func(w *store.Withdrawal) { w.NickName, w.Phone = false, false },
			func(u *store.User, now time.Time) { u.Profile.AvatarURL, u.Profile.UpdatedAt = "", now }, []string{store.ActionPush}},
		{"the phone number", func(w *store.Withdrawal) { w.NickName, w.Avatar = false, false },
			func(u *store.User, _ time.Time) { u.Phone = nil }, []string{store.ActionUnbindPhone, store.ActionPush}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := open(t, h)
			alice := f.settle()
			before := len(f.events())
			at := f.clock.Advance(time.Minute)
			w := message("one")
			test.adjust(&w)
			f.withdraw(w)
			want := alice.User
			test.want(&want, at)
			f.same("the user", f.user(alice.User.ID), want)
			f.alive(alice.Session.ID)
			events := f.events()
			f.same("new events", len(events)-before, len(test.actions))
			for i, action := range test.actions {
				event := store.AuditEvent{At: at, Action: action, Actor: "wechat", UserID: store.Optional(alice.User.ID)}
				if action == store.ActionPush {
					event.Detail = w.Detail
				}
				f.same("an event", events[i], event)
			}
		})
	}
}

func testWithdrawRepeat(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.settle()
	f.withdraw(message("one"))
	f.holder(mobile, "")
	again := f.bind(alice.User.ID, mobile)
	before := f.events()
	f.together(8, func(int) error { return f.store.Withdraw(t.Context(), message("one")) })
	f.reopen()
	f.withdraw(message("one"))
	f.same("the user after repeats", f.user(alice.User.ID), again)
	f.same("events", f.events(), before)

	f.together(8, func(int) error { return f.store.Withdraw(t.Context(), message("two")) })
	f.holder(mobile, "")
	f.same("events of a second message", len(f.events())-len(before), 2)
}

func testWithdrawMemory(t *testing.T, h Harness) {
	f := open(t, h)
	f.settle()
	f.withdraw(message("one"))
	before := len(f.events())
	f.clock.Advance(store.MessageMemory - instant)
	f.sweep(100, 2) // two sessions
	f.withdraw(message("one"))
	f.same("events of a repeat", len(f.events()), before)
	f.clock.Advance(instant)
	f.sweep(100, 1)
	f.sweep(100, 0)
	f.withdraw(message("one"))
	f.same("events once it is forgotten", len(f.events()), before+1)
}

func testWithdrawUnionID(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.settle().User
	w := message("one")
	w.OpenID, w.UnionID = "somebody else", "union-alice"
	f.withdraw(w)
	f.same("when the openid is another's", f.user(alice.ID), alice)
	w = message("two")
	w.OpenID, w.UnionID = "", "union-alice"
	f.withdraw(w)
	f.holder(mobile, "")
}

func testWithdrawUnknown(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.settle().User
	for i, adjust := range []func(*store.Withdrawal){
		func(w *store.Withdrawal) { w.OpenID, w.UnionID = "", "" },
		func(w *store.Withdrawal) { w.OpenID = "nobody" },
		func(w *store.Withdrawal) { w.AppID, w.Account = otherApp, true },
	} {
		w := message(string(rune('a' + i)))
		adjust(&w)
		before := len(f.events())
		f.withdraw(w)
		f.withdraw(w)
		f.same("events", len(f.events())-before, 1)
		f.same("the event", f.newestEvent(), store.AuditEvent{At: begin, Action: store.ActionPush, Actor: "wechat", Detail: w.Detail})
	}
	f.same("alice", f.user(alice.ID), alice)
}

func testWithdrawAccount(t *testing.T, h Harness) {
	f := open(t, h)
	bob, alice := f.enter("bob"), f.settle()
	w := message("one")
	w.Account = true
	f.withdraw(w)
	f.gone(alice)
	f.alive(bob.Session.ID)
	f.same("what happened", f.actions()[len(f.actions())-2:], []string{store.ActionPush, store.ActionDelete})
	for _, event := range f.events() {
		if event.UserID == store.Optional(alice.User.ID) && event.Action != store.ActionPush {
			f.same("the address and detail", event.IPAddress+event.Detail, store.Optional(""))
		}
	}
	again := f.enter("alice")
	f.withdraw(w)
	f.alive(again.Session.ID)
}
