package mysql

import (
	"context"
	"database/sql"
	"errors"

	"menshen/store"
)

// ticketAndClaimer is a ticket with the session that claimed it, as they are read.
type ticketAndClaimer struct {
	id      any // bare
	found   bool
	ticket  store.ScanLogin
	claimer sessionAndUser
}

func newTicketAndClaimer(t *tx, id string) *ticketAndClaimer {
	return &ticketAndClaimer{id: bare(store.ScanLoginPrefix, id), claimer: sessionAndUser{userRows: userRows{t: t}}}
}

// ask reads the ticket and the session. When they are not read with locks a session
// may have claimed the ticket between the two.
func (c *ticketAndClaimer) ask() []query {
	return []query{
		ask(c.scan, "SELECT "+ticketColumns+" FROM scan_logins WHERE id = ?"+c.claimer.t.forUpdate(), c.id),
		c.claimer.ask(claimingTicket, c.id),
	}
}

func (c *ticketAndClaimer) scan(rows *sql.Rows) (err error) {
	c.ticket, err = scanTicket(rows)
	c.found = true
	return err
}

// ticketColumns are what scanTicket reads.
const ticketColumns = "id, app_id, secret_hash, status, created_at, expires_at, ip_address, user_agent, session_id"

func scanTicket(rows *sql.Rows) (l store.ScanLogin, err error) {
	var appID, status store.Optional
	err = rows.Scan(idText{store.ScanLoginPrefix, &l.ID}, optional{&appID}, hash{&l.SecretHash}, optional{&status},
		instant{&l.CreatedAt}, instant{&l.ExpiresAt}, optional{&l.IPAddress}, optional{&l.UserAgent}, idText{store.SessionPrefix, &l.SessionID})
	l.AppID, l.Status = string(appID), store.ScanLoginStatus(status)
	return l, err
}

// now returns a ticket that is not gone, as it is now, and the session that claimed
// it, if one did, with its user. That is live, or Blocked while the block lasts.
func (c *ticketAndClaimer) now() (ticket store.ScanLogin, claimer store.Session, user store.User, err error) {
	if !c.found {
		return ticket, claimer, user, store.ErrNotFound
	}
	if c.ticket.SessionID != "" {
		claimer, user, err = c.claimer.live()
	}
	if err != nil && !errors.Is(err, store.ErrUserBlocked) {
		return ticket, store.Session{}, store.User{}, notFound(err)
	}
	return c.ticket.At(c.claimer.t.now), claimer, user, nil
}

// visitTicket reads a ticket for the user of a live session, with locks.
func (t *tx) visitTicket(ctx context.Context, id, sessionID string) (store.Session, *ticketAndClaimer, error) {
	visiting, session := sessionAndUser{userRows: userRows{t: t}}, bare(store.SessionPrefix, sessionID)
	found := newTicketAndClaimer(t, id)
	err := t.read(ctx, append([]query{lockUser(ofSession(thisSession), session), visiting.ask(thisSession, session)}, found.ask()...)...)
	if err != nil {
		return store.Session{}, found, err
	}
	by, _, err := visiting.live()
	return by, found, err
}

// putScanLogin writes what changes of a ticket.
func (t *tx) putScanLogin(l store.ScanLogin) {
	t.write("UPDATE scan_logins SET status = ?, session_id = ? WHERE id = ?",
		[]byte(l.Status), rawSession(l.SessionID), rawOf(store.ScanLoginPrefix, l.ID))
}
