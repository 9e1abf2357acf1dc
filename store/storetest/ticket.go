package storetest

import (
	"strings"
	"testing"
	"time"

	"menshen/store"
)

var ticketLaws = []law{
	{"a ticket expires at the instant", testTicketExpiry},
	{"a ticket expires when the clock is set back", testTicketAhead},
	{"a ticket that expired unclaimed does not tell where it came from", testTicketOrigin},
	{"a ticket is swept some minutes after it expired", testTicketSweep},
	{"a ticket dies with the session that claimed it", testTicketDiesWithSession},
	{"a ticket expires with the session that claimed it", testTicketOfExpiredSession},
	{"a session begun by scan may end the one that claimed", testTicketEviction},
	{"a ticket of a blocked user is not redeemed", testTicketOfBlocked},
	{"a ticket of a user who became another logs that one in", testTicketOfMerged},
	{"a user agent of any length fits a ticket", testTicketUserAgent},
}

// stages are how far a ticket may be when its time is over.
var stages = map[string]func(f *fixture, sessionID string) (id string){
	"pending":  func(f *fixture, _ string) string { return f.openScan().ID },
	"scanned":  func(f *fixture, sessionID string) string { return f.claim(f.openScan().ID, sessionID).ID },
	"approved": func(f *fixture, sessionID string) string { return f.approved(app, sessionID) },
}

func testTicketExpiry(t *testing.T, h Harness) {
	for name, reach := range stages {
		t.Run(name, func(t *testing.T) {
			f := open(t, h)
			session := f.enter("alice").Session
			id := reach(f, session.ID)
			f.clock.Advance(store.ScanLoginLife - instant)
			f.same("just before", f.ticket(id).Status, store.ScanLoginStatus(strings.ToUpper(name)))
			f.claim(id, session.ID)
			f.clock.Advance(instant)
			f.same("at the instant", f.ticket(id).Status, store.ScanLoginExpired)
			f.same("claimed", f.claim(id, session.ID).Status, store.ScanLoginExpired)
			f.same("approved", f.answer(id, session.ID, true).Status, store.ScanLoginExpired)
			f.same("denied", f.answer(id, session.ID, false).Status, store.ScanLoginExpired)
			f.nothingIn(id, store.ScanLoginExpired)
			f.liveSessions(1)
		})
	}
}

// testTicketAhead sets the clock back, by as much as it may differ and by more.
func testTicketAhead(t *testing.T, h Harness) {
	for name, reach := range stages {
		t.Run(name, func(t *testing.T) {
			f := open(t, h)
			session := f.enter("alice").Session
			id := reach(f, session.ID)
			f.clock.Advance(-store.ScanLoginLife)
			f.same("a ticket's life ahead", f.ticket(id).Status, store.ScanLoginStatus(strings.ToUpper(name)))
			f.clock.Advance(-instant)
			f.same("further ahead", f.ticket(id).Status, store.ScanLoginExpired)
			f.same("claimed", f.claim(id, session.ID).Status, store.ScanLoginExpired)
			f.nothingIn(id, store.ScanLoginExpired)
			f.liveSessions(1)
		})
	}
}

func testTicketOrigin(t *testing.T, h Harness) {
	f := open(t, h)
	session := f.enter("alice").Session
	want := f.openScan()
	f.clock.Advance(store.ScanLoginLife)
	want.Status, want.IPAddress, want.UserAgent = store.ScanLoginExpired, "", ""
	f.same("who comes too late gets", f.claim(want.ID, session.ID), want)
	f.refused(errorOf(f.store.AnswerScanLogin(t.Context(), want.ID, session.ID, true, actor)), store.ErrScanLoginTaken)
	want.IPAddress, want.UserAgent = pageAddress, pageAgent
	f.same("the page's own", f.ticket(want.ID), want)
}

func testTicketSweep(t *testing.T, h Harness) {
	f := open(t, h)
	session := f.enter("alice").Session
	pending, scanned, redeemed := f.openScan().ID, f.claim(f.openScan().ID, session.ID).ID, f.approved(app, session.ID)
	f.redeem(redeemed)
	f.clock.Advance(instant)
	later := f.openScan().ID
	f.clock.Advance(store.ScanLoginLife + store.ScanLoginKept - 2*instant)
	f.sweep(100, 0)
	for id, want := range map[string]store.ScanLoginStatus{
		pending: store.ScanLoginExpired, scanned: store.ScanLoginExpired, redeemed: store.ScanLoginRedeemed,
	} {
		f.same("until then", f.ticket(id).Status, want)
	}
	f.clock.Advance(instant)
	f.sweep(2, 2)
	f.sweep(2, 1)
	for _, id := range []string{pending, scanned, redeemed} {
		f.ticketGone(id, session.ID)
	}
	f.same("one instant younger", f.ticket(later).Status, store.ScanLoginExpired)
	f.alive(session.ID)
}

func testTicketDiesWithSession(t *testing.T, h Harness) {
	for name, end := range map[string]func(f *fixture, alice store.LoggedIn) error{
		"logout": func(f *fixture, alice store.LoggedIn) error {
			return f.store.EndSession(f.Context(), alice.User.ID, alice.Session.ID, actor)
		},
		"logout everywhere": func(f *fixture, alice store.LoggedIn) error {
			return errorOf(f.store.EndSessions(f.Context(), alice.User.ID, actor))
		},
		"too many sessions": func(f *fixture, _ store.LoggedIn) error {
			f.clock.Advance(instant)
			f.enter("alice")
			return errorOf(f.store.Login(f.Context(), f.coming("alice")))
		},
		"deletion": func(f *fixture, alice store.LoggedIn) error {
			return errorOf(f.store.DeleteUser(f.Context(), alice.User.ID, actor))
		},
		"theft": func(f *fixture, alice store.LoggedIn) error {
			f.refresh(alice.Session.ID, 0)
			f.clock.Advance(store.RefreshGrace + instant)
			f.refused(errorOf2(f.store.Refresh(f.Context(), presented(alice.Session.ID, 0))), store.ErrRefreshReused)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := openWith(t, h, func(o *store.Options) { o.MaxSessions = 2 })
			alice, bob := f.enter("alice"), f.enter("bob").Session.ID
			id, other, unclaimed := f.approved(app, alice.Session.ID), f.approved(app, bob), f.openScan().ID
			f.need(end(f, alice))
			f.ticketGone(id, bob)
			f.reopen()
			f.ticketGone(id, bob)
			f.same("one that nobody claimed", f.ticket(unclaimed).Status, store.ScanLoginPending)
			f.redeem(other)
		})
	}
}

func testTicketOfExpiredSession(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice").Session.ID
	f.clock.Advance(life - time.Minute)
	id, bob := f.approved(app, alice), f.enter("bob").Session.ID
	f.clock.Advance(time.Minute - instant)
	f.same("just before", f.ticket(id).Status, store.ScanLoginApproved)
	f.clock.Advance(instant)
	f.ticketGone(id, bob)
	f.sweep(100, 1)
	f.ticketGone(id, bob)
}

func testTicketEviction(t *testing.T, h Harness) {
	f := openWith(t, h, func(o *store.Options) { o.MaxSessions = 1 })
	alice := f.enter("alice")
	id := f.approved(app, alice.Session.ID)
	f.clock.Advance(instant)
	ticket, out, err := f.store.RedeemScanLogin(t.Context(), f.redeeming(id))
	f.need(err)
	f.same("the ticket", ticket.Status, store.ScanLoginRedeemed)
	f.same("sessions", f.sessionIDs(alice.User.ID), []string{out.Session.ID})
	f.dead(alice.Session.ID)
	f.ticketGone(id, out.Session.ID)
}

func testTicketOfBlocked(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice")
	approved, redeemed := f.approved(app, alice.Session.ID), f.approved(app, alice.Session.ID)
	f.redeem(redeemed)
	f.block(alice.User.ID, "spam")
	events := f.events()
	for range 2 {
		f.refused(errorOf2(f.store.RedeemScanLogin(t.Context(), f.redeeming(approved))), store.ErrUserBlocked)
		f.reopen()
	}
	wrong := f.redeeming(approved)
	wrong.SecretHash = wrongSecret
	f.refused(errorOf2(f.store.RedeemScanLogin(t.Context(), wrong)), store.ErrNotFound)
	f.same("the ticket", f.ticket(approved).Status, store.ScanLoginApproved)
	f.nothingIn(redeemed, store.ScanLoginRedeemed)
	f.refused(errorOf(f.store.ClaimScanLogin(t.Context(), approved, f.enter("bob").Session.ID)), store.ErrScanLoginTaken)
	f.same("events", f.events()[1:], events) // bob's login came after them

	f.unblock(alice.User.ID)
	f.ticketGone(approved, f.enter("alice").Session.ID)
}

func testTicketOfMerged(t *testing.T, h Harness) {
	f := open(t, h)
	older := f.login(f.comingTo(otherApp, "alice-there", "union-alice")).User
	f.clock.Advance(instant)
	newer := f.enter("alice")
	id := f.approved(app, newer.Session.ID)
	f.login(f.comingTo(app, "alice", "union-alice"))
	out := f.redeem(id)
	f.same("the user", out.User.ID, older.ID)
	f.same("the user of the session", out.Session.UserID, older.ID)
	f.same("the identity", []string{out.Session.AppID, out.Session.OpenID}, []string{app, "alice"})
	f.same("logins", f.user(older.ID).LoginCount, 4)
	f.deleteUser(older.ID, actor)
	f.ticketGone(id, f.enter("bob").Session.ID)
}

func testTicketUserAgent(t *testing.T, h Harness) {
	f := open(t, h)
	session := f.enter("alice").Session
	long := store.Optional(strings.Repeat("长", store.MaxUserAgent))
	got, err := f.store.OpenScanLogin(t.Context(), store.OpenScanLogin{AppID: app, SecretHash: pageSecret, UserAgent: long})
	f.need(err)
	f.same("the ticket's", got.UserAgent, store.ClipUserAgent(long))
	f.same("read back", f.ticket(got.ID), got)
	f.claim(got.ID, session.ID)
	f.answer(got.ID, session.ID, true)
	in := f.redeeming(got.ID)
	in.UserAgent = long
	_, out, err := f.store.RedeemScanLogin(t.Context(), in)
	f.need(err)
	f.same("the session's", out.Session.UserAgent, store.ClipUserAgent(long))
}
