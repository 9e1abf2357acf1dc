package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"menshen/store"
)

var claimLaws = []law{
	{"a ticket is answered as its state allows", testAnswers},
	{"a denial is audited once", testDenialAudit},
	{"a ticket is of the user who claimed it first", testClaimTaken},
	{"one of 32 users claims a ticket", testConcurrentClaim},
	{"a ticket is claimed and answered in its own app", testTicketOtherApp},
	{"a ticket is claimed and answered in a live session", testClaimEnded},
	{"what is no ticket is not found", testUnknownTickets},
}

func testAnswers(t *testing.T, h Harness) {
	f := open(t, h)
	session := f.enter("alice").Session
	const yes, no = true, false
	for _, test := range []struct {
		answers []bool
		want    store.ScanLoginStatus
	}{
		{[]bool{yes}, store.ScanLoginApproved},
		{[]bool{yes, yes}, store.ScanLoginApproved},
		{[]bool{yes, no}, store.ScanLoginDenied},
		{[]bool{no}, store.ScanLoginDenied},
		{[]bool{no, no}, store.ScanLoginDenied},
		{[]bool{no, yes}, store.ScanLoginDenied},
		{[]bool{yes, no, yes}, store.ScanLoginDenied},
	} {
		id := f.openScan().ID
		f.claim(id, session.ID)
		for _, approve := range test.answers {
			f.answer(id, session.ID, approve)
		}
		f.same(fmt.Sprint("after ", test.answers), f.ticket(id).Status, test.want)
		if test.want == store.ScanLoginDenied {
			f.nothingIn(id, test.want)
		}
	}
	f.liveSessions(1)
}

func testDenialAudit(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice")
	id := f.approved(app, alice.Session.ID)
	at := f.clock.Advance(time.Minute)
	f.answer(id, alice.Session.ID, false)
	f.same("the denial", f.newestEvent(), acted(store.ActionScanLoginDenied, alice.User.ID, at, store.Optional(id)))
	f.answer(id, alice.Session.ID, false)
	f.answer(id, alice.Session.ID, true)
	f.same("denials", f.happened(store.ActionScanLoginDenied), 1)
}

func testClaimTaken(t *testing.T, h Harness) {
	f := open(t, h)
	alice, again, bob := f.enter("alice").Session.ID, f.enter("alice").Session.ID, f.enter("bob").Session.ID
	id := f.openScan().ID
	f.refused(errorOf(f.store.AnswerScanLogin(t.Context(), id, alice, true, actor)), store.ErrScanLoginTaken)
	want := f.claim(id, alice)
	f.same("claimed by another session of hers", f.claim(id, again), want)
	for range 2 {
		f.refused(errorOf(f.store.ClaimScanLogin(t.Context(), id, bob)), store.ErrScanLoginTaken)
		f.refused(errorOf(f.store.AnswerScanLogin(t.Context(), id, bob, true, actor)), store.ErrScanLoginTaken)
		f.refused(errorOf(f.store.AnswerScanLogin(t.Context(), id, bob, false, actor)), store.ErrScanLoginTaken)
		f.same("the ticket", f.ticket(id), want)
		f.answer(id, again, true)
		want.Status = store.ScanLoginApproved
	}
	f.redeem(id)
	f.refused(errorOf(f.store.ClaimScanLogin(t.Context(), id, bob)), store.ErrScanLoginTaken)
}

func testConcurrentClaim(t *testing.T, h Harness) {
	f := open(t, h)
	var sessions, won [32]string
	for i := range sessions {
		sessions[i] = f.enter(fmt.Sprint("person ", i)).Session.ID
	}
	id := f.openScan().ID
	f.together(len(sessions), func(i int) error {
		ticket, err := f.store.ClaimScanLogin(t.Context(), id, sessions[i])
		if err == nil {
			won[i] = ticket.SessionID
		} else if errors.Is(err, store.ErrScanLoginTaken) {
			err = nil
		}
		return err
	})
	f.same("who claimed it", strings.Join(won[:], ""), f.ticket(id).SessionID) // holds for one winner only
}

func testTicketOtherApp(t *testing.T, h Harness) {
	f := open(t, h)
	here := f.login(f.comingTo(app, "alice", "union-alice")).Session.ID
	there := f.login(f.comingTo(otherApp, "alice-there", "union-alice")).Session.ID // hers too
	id := f.openScan().ID
	elsewhere := func(want store.ScanLoginStatus) {
		t.Helper()
		f.refused(errorOf(f.store.ClaimScanLogin(t.Context(), id, there)), store.ErrNotFound)
		f.refused(errorOf(f.store.AnswerScanLogin(t.Context(), id, there, true, actor)), store.ErrNotFound)
		f.refused(errorOf(f.store.AnswerScanLogin(t.Context(), id, there, false, actor)), store.ErrNotFound)
		f.same("the ticket", f.ticket(id).Status, want)
	}
	elsewhere(store.ScanLoginPending)
	f.claim(id, here)
	elsewhere(store.ScanLoginScanned)
	f.answer(id, here, true)
	elsewhere(store.ScanLoginApproved)
}

func testClaimEnded(t *testing.T, h Harness) {
	f := open(t, h)
	ended, blocked := f.enter("alice"), f.enter("bob")
	f.need(f.store.EndSession(t.Context(), ended.User.ID, ended.Session.ID, actor))
	f.block(blocked.User.ID, "spam")
	id := f.openScan().ID
	for sessionID, want := range map[string]error{
		"": store.ErrSessionEnded, ended.Session.ID: store.ErrSessionEnded, blocked.Session.ID: store.ErrUserBlocked,
	} {
		f.refused(errorOf(f.store.ClaimScanLogin(t.Context(), id, sessionID)), want)
		f.refused(errorOf(f.store.AnswerScanLogin(t.Context(), id, sessionID, true, actor)), want)
	}
	f.same("the ticket", f.ticket(id).Status, store.ScanLoginPending)
}

func testUnknownTickets(t *testing.T, h Harness) {
	f := open(t, h)
	session := f.enter("alice").Session.ID
	for _, id := range []string{"", "scn_", session, "scn_0", f.openScan().ID + "0", store.NewID(store.ScanLoginPrefix, begin)} {
		f.ticketGone(id, session)
	}
}
