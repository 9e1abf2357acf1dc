package bolt

import (
	"bytes"
	"context"
	"errors"
	"math"

	"menshen/store"
)

// OpenScanLogin keeps a new ticket.
func (s *Store) OpenScanLogin(ctx context.Context, in store.OpenScanLogin) (ticket store.ScanLogin, err error) {
	err = s.update(ctx, "open_scan_login", func(t *tx) error {
		ticket = store.ScanLogin{
			ID: store.NewID(store.ScanLoginPrefix, t.now), AppID: in.AppID, SecretHash: in.SecretHash,
			Status: store.ScanLoginPending, CreatedAt: t.now, ExpiresAt: t.now.Add(store.ScanLoginLife),
			IPAddress: in.IPAddress, UserAgent: store.ClipUserAgent(in.UserAgent),
		}
		return t.putScanLogin(ticket)
	})
	return ticket, err
}

// ScanLogin returns a ticket.
func (s *Store) ScanLogin(ctx context.Context, id string) (ticket store.ScanLogin, err error) {
	err = s.view(ctx, "scan_login", func(t *tx) error {
		ticket, _, err = t.scanLogin(id)
		return err
	})
	return ticket, err
}

// ClaimScanLogin notes that the user of a session has scanned a ticket.
func (s *Store) ClaimScanLogin(ctx context.Context, id, sessionID string) (ticket store.ScanLogin, err error) {
	err = s.update(ctx, "claim_scan_login", func(t *tx) error {
		ticket, err = t.claimScanLogin(id, sessionID)
		return err
	})
	return ticket, err
}

func (t *tx) claimScanLogin(id, sessionID string) (ticket store.ScanLogin, err error) {
	session, err := t.liveSession(sessionID)
	if err != nil {
		return ticket, err
	}
	kept, claimer, err := t.scanLogin(id)
	switch {
	case err != nil:
		return ticket, err
	case kept.AppID != session.AppID:
		return ticket, store.ErrNotFound
	case kept.Status == store.ScanLoginPending:
		kept.Status, kept.SessionID = store.ScanLoginScanned, session.ID
		return kept, t.putScanLogin(kept)
	case kept.SessionID == "": // it has expired, and who comes too late has nothing to judge
		kept.IPAddress, kept.UserAgent = "", ""
	case claimer.UserID != session.UserID:
		return ticket, store.ErrScanLoginTaken
	}
	return kept, nil
}

// AnswerScanLogin approves or denies a ticket for the user who claimed it.
func (s *Store) AnswerScanLogin(ctx context.Context, id, sessionID string, approve bool, by store.Actor) (ticket store.ScanLogin, err error) {
	err = s.update(ctx, "answer_scan_login", func(t *tx) error {
		ticket, err = t.answerScanLogin(id, sessionID, approve, by)
		return err
	})
	return ticket, err
}

func (t *tx) answerScanLogin(id, sessionID string, approve bool, by store.Actor) (ticket store.ScanLogin, err error) {
	session, err := t.liveSession(sessionID)
	if err != nil {
		return ticket, err
	}
	before, claimer, err := t.scanLogin(id)
	switch {
	case err != nil:
		return ticket, err
	case before.AppID != session.AppID:
		return ticket, store.ErrNotFound
	case claimer.UserID != session.UserID:
		return ticket, store.ErrScanLoginTaken
	}
	after := before.Answered(approve)
	if after.Status == before.Status {
		return before, nil
	}
	err = t.putScanLogin(after)
	if after.Status == store.ScanLoginDenied {
		err = errors.Join(err, t.audit(store.ActionScanLoginDenied, session.UserID, by, store.Optional(id)))
	}
	return after, err
}

// RedeemScanLogin begins a session of the user who approved a ticket.
func (s *Store) RedeemScanLogin(ctx context.Context, in store.RedeemScanLogin) (ticket store.ScanLogin, out *store.LoggedIn, err error) {
	err = s.update(ctx, "redeem_scan_login", func(t *tx) error {
		ticket, out, err = t.redeemScanLogin(in)
		return err
	})
	return ticket, out, err
}

func (t *tx) redeemScanLogin(in store.RedeemScanLogin) (ticket store.ScanLogin, out *store.LoggedIn, err error) {
	if err := checkSessionID(in.SessionID); err != nil {
		return ticket, nil, err
	}
	kept, claimer, err := t.scanLogin(in.ID)
	switch {
	case err != nil:
		return ticket, nil, err
	case !kept.HasSecret(in.SecretHash):
		return ticket, nil, store.ErrNotFound
	case kept.Status != store.ScanLoginApproved:
		return kept, nil, nil
	case claimer.Blocked:
		return ticket, nil, store.ErrUserBlocked
	}
	kept.Status = store.ScanLoginRedeemed
	// The ticket first: the session that begins may end the one that claimed it.
	if err := t.putScanLogin(kept); err != nil {
		return ticket, nil, err
	}
	loggedIn, err := t.admitByScan(in, claimer)
	return kept, &loggedIn, err
}

// admitByScan logs in the user of the session that claimed a ticket. The audit names
// that session, for who stole it has let a page in.
func (t *tx) admitByScan(in store.RedeemScanLogin, claimer store.Session) (store.LoggedIn, error) {
	user, err := t.owner(claimer)
	if err != nil {
		return store.LoggedIn{}, err
	}
	return t.admit(&user, user, store.Login{
		AppID: claimer.AppID, OpenID: claimer.OpenID, SessionID: in.SessionID, Refresh: in.Refresh,
		UserAgent: in.UserAgent, IPAddress: in.IPAddress,
	}, false, store.Optional(claimer.AppID+" by "+in.ID+" of "+claimer.ID))
}

// scanLogin returns a ticket that is not gone, as it is now, and the session that
// claimed it, if one did. That is live, or Blocked while the block lasts.
func (t *tx) scanLogin(id string) (ticket store.ScanLogin, claimer store.Session, err error) {
	raw, ok := store.ParseID(store.ScanLoginPrefix, id)
	if !ok || t.get(bucketScanLogins, raw[:]) == nil {
		return ticket, claimer, store.ErrNotFound
	}
	kept, err := t.keptScanLogin(raw)
	if err != nil {
		return ticket, claimer, err
	}
	if kept.SessionID != "" {
		claimer, err = t.liveSession(kept.SessionID)
	}
	if err != nil && !errors.Is(err, store.ErrUserBlocked) {
		return ticket, store.Session{}, notFound(err)
	}
	return kept.At(t.now), claimer, nil
}

// keptScanLogin returns a ticket that a key names.
func (t *tx) keptScanLogin(raw store.RawID) (store.ScanLogin, error) {
	b := t.get(bucketScanLogins, raw[:])
	if b == nil {
		return store.ScanLogin{}, dangling("scan login")
	}
	return decodeScanLogin(raw, b)
}

// dropScanLogins removes the tickets that a session claimed: the address and the
// user agent in them are of the session's user.
func (t *tx) dropScanLogins(session store.RawID) error {
	for _, key := range t.keysFrom(bucketScanLoginsBySession, session[:], session[:], math.MaxInt) {
		id := rawID(key[len(session):])
		if err := errors.Join(t.delete(bucketScanLogins, id[:]), t.delete(bucketScanLoginsBySession, key)); err != nil {
			return err
		}
	}
	return nil
}

// forgetScanLogin removes the entries of a ticket that does not read. Nothing tells
// which session claimed it, and the index is short: no ticket is kept for long.
func (t *tx) forgetScanLogin(id store.RawID) error {
	for _, key := range t.keysFrom(bucketScanLoginsBySession, nil, nil, math.MaxInt) {
		if bytes.HasSuffix(key, id[:]) {
			if err := t.delete(bucketScanLoginsBySession, key); err != nil {
				return err
			}
		}
	}
	return nil
}
