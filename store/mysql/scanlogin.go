package mysql

import (
	"context"
	"slices"

	"menshen/store"
)

// OpenScanLogin keeps a new ticket. Its id is made once, so that a COMMIT without an
// answer leaves one ticket however often it is sent.
func (s *Store) OpenScanLogin(ctx context.Context, in store.OpenScanLogin) (store.ScanLogin, error) {
	now := s.Now()
	ticket := store.ScanLogin{
		ID: store.NewID(store.ScanLoginPrefix, now), AppID: in.AppID, SecretHash: in.SecretHash,
		Status: store.ScanLoginPending, CreatedAt: now, ExpiresAt: now.Add(store.ScanLoginLife),
		IPAddress: in.IPAddress, UserAgent: store.ClipUserAgent(in.UserAgent),
	}
	err := s.change(ctx, "open_scan_login", func(_ context.Context, t *tx) error {
		t.write("INSERT INTO scan_logins (id, app_id, secret_hash, status, created_at, expires_at, ip_address, user_agent) "+
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE status = status",
			rawOf(store.ScanLoginPrefix, ticket.ID), []byte(ticket.AppID), ticket.SecretHash[:], []byte(ticket.Status),
			ms(ticket.CreatedAt), ms(ticket.ExpiresAt), text(ticket.IPAddress), text(ticket.UserAgent))
		return nil
	})
	if err != nil {
		return store.ScanLogin{}, err
	}
	return ticket, nil
}

// ScanLogin returns a ticket.
func (s *Store) ScanLogin(ctx context.Context, id string) (ticket store.ScanLogin, err error) {
	err = s.view(ctx, "scan_login", func(ctx context.Context, t *tx) error {
		found := newTicketAndClaimer(t, id)
		if err := t.read(ctx, found.ask()...); err != nil {
			return err
		}
		ticket, _, _, err = found.now()
		return err
	})
	return ticket, err
}

// ClaimScanLogin notes that the user of a session has scanned a ticket. Done twice it
// comes to the same: the second finds it claimed by that user.
func (s *Store) ClaimScanLogin(ctx context.Context, id, sessionID string) (store.ScanLogin, error) {
	return update(ctx, s, "claim_scan_login", func(ctx context.Context, t *tx) (store.ScanLogin, error) {
		return t.claimScanLogin(ctx, id, sessionID)
	})
}

func (t *tx) claimScanLogin(ctx context.Context, id, sessionID string) (ticket store.ScanLogin, err error) {
	session, found, err := t.visitTicket(ctx, id, sessionID)
	if err != nil {
		return ticket, err
	}
	kept, claimer, _, err := found.now()
	switch {
	case err != nil:
		return ticket, err
	case kept.AppID != session.AppID:
		return ticket, store.ErrNotFound
	case kept.Status == store.ScanLoginPending:
		kept.Status, kept.SessionID = store.ScanLoginScanned, session.ID
		t.putScanLogin(kept)
		// Galera tells of two transactions in each other's way by the rows that both
		// change: the end of a session must not pass its claim unseen.
		t.write("UPDATE sessions SET claims = claims + 1 WHERE id = ?", rawSession(session.ID))
	case kept.SessionID == "": // it has expired, and who comes too late has nothing to judge
		kept.IPAddress, kept.UserAgent = "", ""
	case claimer.UserID != session.UserID:
		return ticket, store.ErrScanLoginTaken
	}
	return kept, nil
}

// AnswerScanLogin approves or denies a ticket for the user who claimed it. An
// approval comes to the same when it is done twice, and a denial leaves its event.
func (s *Store) AnswerScanLogin(ctx context.Context, id, sessionID string, approve bool, by store.Actor) (store.ScanLogin, error) {
	return update(ctx, s, "answer_scan_login", func(ctx context.Context, t *tx) (store.ScanLogin, error) {
		return t.answerScanLogin(ctx, id, sessionID, approve, by)
	})
}

func (t *tx) answerScanLogin(ctx context.Context, id, sessionID string, approve bool, by store.Actor) (ticket store.ScanLogin, err error) {
	session, found, err := t.visitTicket(ctx, id, sessionID)
	if err != nil {
		return ticket, err
	}
	before, claimer, _, err := found.now()
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
	t.putScanLogin(after)
	if after.Status == store.ScanLoginDenied {
		t.audit(store.ActionScanLoginDenied, session.UserID, by, store.Optional(id))
	}
	return after, nil
}

// redeemed is what a page got for its ticket.
type redeemed struct {
	ticket store.ScanLogin
	out    *store.LoggedIn
}

// RedeemScanLogin begins a session of the user who approved a ticket.
func (s *Store) RedeemScanLogin(ctx context.Context, in store.RedeemScanLogin) (store.ScanLogin, *store.LoggedIn, error) {
	if err := checkSessionID(in.SessionID); err != nil {
		return store.ScanLogin{}, nil, err
	}
	r, err := update(ctx, s, "redeem_scan_login", func(ctx context.Context, t *tx) (redeemed, error) { return t.redeemScanLogin(ctx, in) })
	return r.ticket, r.out, err
}

func (t *tx) redeemScanLogin(ctx context.Context, in store.RedeemScanLogin) (r redeemed, err error) {
	found := newTicketAndClaimer(t, in.ID)
	var sessions []store.Session
	err = t.read(ctx, slices.Concat([]query{lockUser(ofSession(claimingTicket), found.id)}, found.ask(), []query{
		t.askSessions(&sessions, "s.user_id = "+ofSession(claimingTicket), found.id),
	})...)
	if err != nil {
		return r, err
	}
	kept, claimer, user, err := found.now()
	switch {
	case err != nil:
		return r, err
	case !kept.HasSecret(in.SecretHash):
		return r, store.ErrNotFound
	case kept.Status != store.ScanLoginApproved:
		return redeemed{ticket: kept}, nil
	case claimer.Blocked:
		return r, store.ErrUserBlocked
	}
	kept.Status = store.ScanLoginRedeemed
	t.putScanLogin(kept) // the session that begins may end the one that claimed it, and the ticket with that
	out, err := t.admitByScan(in, claimer, user, sessions)
	return redeemed{kept, &out}, err
}

// admitByScan logs in the user of the session that claimed a ticket. The audit names
// that session, for who stole it has let a page in.
func (t *tx) admitByScan(in store.RedeemScanLogin, claimer store.Session, user store.User, sessions []store.Session) (store.LoggedIn, error) {
	return t.admit(&user, user, t.liveAmong(sessions, user), store.Login{
		AppID: claimer.AppID, OpenID: claimer.OpenID, SessionID: in.SessionID, Refresh: in.Refresh,
		UserAgent: in.UserAgent, IPAddress: in.IPAddress,
	}, false, store.Optional(claimer.AppID+" by "+in.ID+" of "+claimer.ID))
}
