package storetest

import (
	"crypto/sha256"
	"testing"
	"time"

	"menshen/store"
)

var scanLoginLaws = []law{
	{"a scanned ticket logs a page in", testScanLogin},
	{"a ticket is redeemed once", testRedeemOnce},
	{"one of 32 pages redeems a ticket", testConcurrentRedeem},
	{"a ticket is worth nothing without its secret", testScanLoginSecret},
}

var (
	pageSecret  = sha256.Sum256([]byte("known to the page"))
	wrongSecret = sha256.Sum256([]byte("a guess"))
)

const (
	pageAddress = "198.51.100.9"
	pageAgent   = "Mozilla/5.0"
)

// openScan opens a ticket of the first app.
func (f *fixture) openScan() store.ScanLogin {
	f.Helper()
	return f.openScanOf(app)
}

func (f *fixture) openScanOf(appID string) store.ScanLogin {
	f.Helper()
	ticket, err := f.store.OpenScanLogin(f.Context(), store.OpenScanLogin{
		AppID: appID, SecretHash: pageSecret, IPAddress: pageAddress, UserAgent: pageAgent,
	})
	f.need(err)
	return ticket
}

func (f *fixture) ticket(id string) store.ScanLogin {
	f.Helper()
	ticket, err := f.store.ScanLogin(f.Context(), id)
	f.need(err)
	return ticket
}

func (f *fixture) claim(id, sessionID string) store.ScanLogin {
	f.Helper()
	ticket, err := f.store.ClaimScanLogin(f.Context(), id, sessionID)
	f.need(err)
	return ticket
}

func (f *fixture) answer(id, sessionID string, approve bool) store.ScanLogin {
	f.Helper()
	ticket, err := f.store.AnswerScanLogin(f.Context(), id, sessionID, approve, actor)
	f.need(err)
	return ticket
}

// approved opens a ticket of an app that a session claims and approves.
func (f *fixture) approved(appID, sessionID string) (id string) {
	f.Helper()
	id = f.openScanOf(appID).ID
	f.claim(id, sessionID)
	f.same("the answer", f.answer(id, sessionID, true).Status, store.ScanLoginApproved)
	return id
}

// redeeming is the attempt of the page that opened a ticket.
func (f *fixture) redeeming(id string) store.RedeemScanLogin {
	sessionID := store.NewID(store.SessionPrefix, f.clock.Now())
	return store.RedeemScanLogin{
		ID: id, SecretHash: pageSecret, SessionID: sessionID, Refresh: token(sessionID, 0),
		UserAgent: pageAgent, IPAddress: pageAddress,
	}
}

func (f *fixture) redeem(id string) store.LoggedIn {
	f.Helper()
	_, out, err := f.store.RedeemScanLogin(f.Context(), f.redeeming(id))
	if f.need(err); out == nil {
		f.Fatal("there was nothing to redeem")
	}
	return *out
}

// nothingIn expects a ticket with nothing to redeem, which says why.
func (f *fixture) nothingIn(id string, why store.ScanLoginStatus) {
	f.Helper()
	ticket, out, err := f.store.RedeemScanLogin(f.Context(), f.redeeming(id))
	f.need(err)
	f.same("the login", out, (*store.LoggedIn)(nil))
	f.same("why there is none", ticket.Status, why)
}

// ticketGone expects no verb to find a ticket.
func (f *fixture) ticketGone(id, sessionID string) {
	f.Helper()
	_, read := f.store.ScanLogin(f.Context(), id)
	_, claimed := f.store.ClaimScanLogin(f.Context(), id, sessionID)
	_, answered := f.store.AnswerScanLogin(f.Context(), id, sessionID, true, actor)
	redeemed := errorOf2(f.store.RedeemScanLogin(f.Context(), f.redeeming(id)))
	for _, err := range []error{read, claimed, answered, redeemed} {
		f.refused(err, store.ErrNotFound)
	}
}

func testScanLogin(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.login(f.comingTo(otherApp, "alice-there", "union-alice"))
	opened := f.clock.Advance(time.Minute)
	got := f.openScanOf(otherApp)
	want := store.ScanLogin{
		ID: got.ID, AppID: otherApp, SecretHash: pageSecret, Status: store.ScanLoginPending,
		CreatedAt: opened, ExpiresAt: opened.Add(5 * time.Minute), IPAddress: pageAddress, UserAgent: pageAgent,
	}
	f.same("the ticket", got, want)
	f.nothingIn(got.ID, store.ScanLoginPending)
	want.Status, want.SessionID = store.ScanLoginScanned, alice.Session.ID
	f.same("once claimed", f.claim(got.ID, alice.Session.ID), want)
	f.same("claimed again", f.claim(got.ID, alice.Session.ID), want)
	f.nothingIn(got.ID, store.ScanLoginScanned)
	want.Status = store.ScanLoginApproved
	f.same("once approved", f.answer(got.ID, alice.Session.ID, true), want)
	f.reopen()
	f.same("read back", f.ticket(got.ID), want)

	at := f.clock.Advance(time.Minute)
	in := f.redeeming(got.ID)
	ticket, out, err := f.store.RedeemScanLogin(t.Context(), in)
	f.need(err)
	want.Status = store.ScanLoginRedeemed
	f.same("once redeemed", ticket, want)
	f.same("read back", f.ticket(got.ID), want)
	f.isScanned(*out, alice, in, at)
}

// isScanned checks a login by scan, which somebody's first login made possible.
func (f *fixture) isScanned(got, first store.LoggedIn, in store.RedeemScanLogin, at time.Time) {
	f.Helper()
	want := first
	want.IsNewUser = false
	want.User.LastLoginAt, want.User.LoginCount = at, 2
	want.Session = store.Session{
		ID: in.SessionID, UserID: first.User.ID, AppID: first.Session.AppID, OpenID: first.Session.OpenID,
		CreatedAt: at, LastUsedAt: at, ExpiresAt: at.Add(life), UserAgent: pageAgent, IPAddress: pageAddress, Refresh: in.Refresh,
	}
	f.same("the login", got, want)
	f.same("the session", f.session(in.SessionID), want.Session)
	f.same("the user", f.user(first.User.ID), want.User)
	f.same("the audit", f.newestEvent(), store.AuditEvent{
		At: at, Action: store.ActionLogin, Actor: first.User.ID, UserID: store.Optional(first.User.ID), IPAddress: pageAddress,
		Detail: store.Optional(first.Session.AppID + " by " + in.ID + " of " + first.Session.ID),
	})
	day := store.DayOf(at, nil)
	rows, err := f.store.Activity(f.Context(), day, day, first.Session.AppID)
	f.need(err)
	f.same("the figures", rows, []store.Activity{{Day: day, NewUsers: 1, ActiveUsers: 1, Logins: 2}})
	f.alive(first.Session.ID)
}

func testRedeemOnce(t *testing.T, h Harness) {
	f := open(t, h)
	session := f.enter("alice").Session
	id := f.approved(app, session.ID)
	f.redeem(id)
	events := f.events()
	f.nothingIn(id, store.ScanLoginRedeemed)
	f.same("a later answer", f.answer(id, session.ID, false).Status, store.ScanLoginRedeemed)
	f.same("a later claim", f.claim(id, session.ID).Status, store.ScanLoginRedeemed)
	f.same("events", f.events(), events)
	f.liveSessions(2)
	in := f.redeeming(f.approved(app, session.ID))
	in.SessionID = "no id"
	if err := errorOf2(f.store.RedeemScanLogin(t.Context(), in)); err == nil {
		t.Error("a session began that is not named")
	}
	f.redeem(in.ID)
}

func testConcurrentRedeem(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice")
	id := f.approved(app, alice.Session.ID)
	var logins [32]*store.LoggedIn
	f.together(len(logins), func(i int) (err error) {
		_, logins[i], err = f.store.RedeemScanLogin(t.Context(), f.redeeming(id))
		return err
	})
	won := 0
	for _, out := range logins {
		if out != nil {
			won++
			f.alive(out.Session.ID)
		}
	}
	f.same("pages let in", won, 1)
	f.same("logins", f.user(alice.User.ID).LoginCount, 2)
	f.liveSessions(2)
}

func testScanLoginSecret(t *testing.T, h Harness) {
	f := open(t, h)
	session := f.enter("alice").Session
	id := f.approved(app, session.ID)
	for _, guess := range [][32]byte{{}, wrongSecret} {
		in := f.redeeming(id)
		in.SecretHash = guess
		f.refused(errorOf2(f.store.RedeemScanLogin(t.Context(), in)), store.ErrNotFound)
	}
	f.same("the ticket", f.ticket(id).Status, store.ScanLoginApproved)
	f.redeem(id)
	in := f.redeeming(id)
	in.SecretHash = wrongSecret
	f.refused(errorOf2(f.store.RedeemScanLogin(t.Context(), in)), store.ErrNotFound)
}
