package storetest

import (
	"crypto/sha256"
	"testing"
	"time"

	"menshen/store"
)

var withdrawalLaws = []law{
	{"a withdrawal erases what it names", testWithdraw},
	{"a message has one effect", testWithdrawRepeat},
	{"a message is remembered for two days", testWithdrawMemory},
	{"a withdrawal finds the user by the unionid when the openid names nobody", testWithdrawUnionID},
	{"a withdrawal of somebody unknown is audited", testWithdrawUnknown},
	{"a closed WeChat account deletes the user", testWithdrawAccount},
}

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

// withdrawals take one thing each, and leave the rest.
var withdrawals = []struct {
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

func testWithdraw(t *testing.T, h Harness) {
	for _, test := range withdrawals {
		t.Run(test.name, func(t *testing.T) {
			f := open(t, h)
			alice := f.settle()
			before := f.events()
			at := f.clock.Advance(time.Minute)
			w := message("one")
			test.adjust(&w)
			f.withdraw(w)
			want := alice.User
			test.want(&want, at)
			f.same("the user", f.user(want.ID), want)
			f.alive(alice.Session.ID)
			var events []store.AuditEvent
			for _, action := range test.actions {
				events = append(events, toldByWeChat(action, want.ID, at))
			}
			f.same("the events", f.events(), append(events, before...))
		})
	}
}

// toldByWeChat is an event that a message brings about; that of the message itself
// tells which event WeChat sent.
func toldByWeChat(action, userID string, at time.Time) store.AuditEvent {
	event := store.AuditEvent{At: at, Action: action, Actor: store.ActorWeChat, UserID: store.Optional(userID)}
	if action == store.ActionPush {
		event.Detail = message("").Detail
	}
	return event
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
	f.sweep(100, 0)
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
	w.OpenID, w.UnionID = "", "union-alice"
	f.withdraw(w)
	f.holder(mobile, "")
	f.bind(alice.ID, mobile)
	w = message("two")
	w.AppID, w.OpenID, w.UnionID = thirdApp, "alice-unseen", "union-alice"
	f.withdraw(w)
	f.holder(mobile, "")
	f.bind(alice.ID, mobile)
	bob := f.enter("bob").User
	w = message("three")
	w.OpenID, w.UnionID = "bob", "union-alice"
	f.withdraw(w)
	f.same("bob, whom the openid names", f.user(bob.ID).Profile.UpdatedAt.IsZero(), false)
	f.holder(mobile, alice.ID)
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
		f.same("the event", f.newestEvent(), toldByWeChat(store.ActionPush, "", begin))
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
