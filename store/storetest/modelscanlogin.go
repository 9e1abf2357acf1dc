package storetest

import (
	"time"

	"menshen/store"
)

// ticket is a scan login that somebody has approved.
type ticket struct {
	id        string
	claimer   *visit
	expiresAt time.Time
	redeemed  bool
}

// approveSome has somebody scan a ticket in a session of theirs and approve it.
func (w *world) approveSome() {
	if v := pick(w.random, w.live(nil)); v != nil {
		end := w.clock.Now().Add(store.ScanLoginLife)
		w.tickets = append(w.tickets, &ticket{id: w.approved(v.at.appID, v.id), claimer: v, expiresAt: end})
	}
}

// redeemSome has a page redeem a ticket that no sweep may have taken yet.
func (w *world) redeemSome() {
	l := pick(w.random, w.tickets)
	if l == nil || !w.clock.Now().Before(l.expiresAt.Add(store.ScanLoginKept)) {
		return
	}
	in := w.redeeming(l.id)
	got, out, err := w.store.RedeemScanLogin(w.Context(), in)
	fate := w.fate(l.claimer)
	switch {
	case fate == store.ErrSessionEnded:
		w.refused(err, store.ErrNotFound)
	case l.redeemed || !w.clock.Now().Before(l.expiresAt):
		w.need(err)
		w.same("a login for a ticket that is done", out, (*store.LoggedIn)(nil))
		w.same("it is done", got.Status.Done(), true)
	case fate != nil:
		w.refused(err, fate)
	default:
		w.need(err)
		w.scannedIn(l, in.SessionID)
		w.same("the user", out.User, l.claimer.owner.User)
	}
}

// scannedIn logs the person in who approved a ticket.
func (w *world) scannedIn(l *ticket, sessionID string) {
	who, at := l.claimer.owner, l.claimer.at
	l.redeemed = true
	who.LastLoginAt = w.clock.Now()
	who.LoginCount++
	w.use(who, at, store.Activity{Logins: 1}, store.Activity{Logins: 1})
	w.happened[store.ActionLogin]++
	w.begin(&visit{id: sessionID, owner: who, at: at})
}
