package mysql

import (
	"database/sql"
	"slices"
	"time"

	"menshen/store"
)

func (c *checker) checkSecrets() error {
	last := []any{[]byte{}}
	return c.batches("SELECT name, value FROM secrets WHERE name > ? ORDER BY name", last, func(rows *sql.Rows) error {
		var name, sealed []byte
		if err := rows.Scan(&name, &sealed); err != nil {
			return err
		}
		last[0] = name
		if _, err := c.ring.Open(sealed, secretRecord(string(name))); err != nil {
			c.tell("secrets: %q does not open", name)
		}
		return nil
	})
}

// checkSessions expects the user of each session to be there, with its identity.
func (c *checker) checkSessions() error {
	last := []any{[]byte{}}
	return c.batches("SELECT s.id, u.id IS NOT NULL, COALESCE(u.blocked, 0), i.user_id IS NOT NULL, "+sessionColumns+" FROM sessions s "+
		"LEFT JOIN users u ON u.id = s.user_id LEFT JOIN identities i ON i.app_id = s.app_id AND i.open_id = s.open_id AND i.user_id = s.user_id "+
		"WHERE s.id > ? ORDER BY s.id", last, func(rows *sql.Rows) error {
		var id store.RawID
		var there, blocked, linked bool
		var row sessionRow
		if err := rows.Scan(append([]any{rawID{&id}, &there, &blocked, &linked}, row.into()...)...); err != nil {
			return err
		}
		last[0] = id[:]
		c.found.Sessions++
		session, err := row.session()
		switch {
		case err != nil:
			c.tell("sessions: %s does not read", id.Text(store.SessionPrefix))
			return nil
		case !there:
			c.tell("sessions: %s is one of %s, who is not there", session.ID, session.UserID)
		case !linked:
			c.tell("sessions: %s is of an identity that %s does not have", session.ID, session.UserID)
		case blocked && !session.Blocked:
			c.tell("sessions: %s goes on, and %s is blocked", session.ID, session.UserID)
		}
		c.counters[countSessions] += bit(!session.Blocked)
		return nil
	})
}

// statusesKept are the states in which a ticket is kept; that it has expired the
// clock tells.
var statusesKept = []store.ScanLoginStatus{
	store.ScanLoginPending, store.ScanLoginScanned, store.ScanLoginApproved, store.ScanLoginDenied, store.ScanLoginRedeemed,
}

// checkScanLogins expects a ticket to be claimed by a session that is kept, if it is
// claimed at all.
func (c *checker) checkScanLogins() error {
	last := []any{[]byte{}}
	return c.batches("SELECT l.id, l.app_id, l.status, l.created_at, l.session_id, s.app_id FROM scan_logins l "+
		"LEFT JOIN sessions s ON s.id = l.session_id WHERE l.id > ? ORDER BY l.id", last, func(rows *sql.Rows) error {
		var raw store.RawID
		var ticket store.ScanLogin
		var claimedIn store.Optional
		err := rows.Scan(rawID{&raw}, &ticket.AppID, &ticket.Status, instant{&ticket.CreatedAt}, idText{store.SessionPrefix, &ticket.SessionID}, optional{&claimedIn})
		if err != nil {
			return err
		}
		last[0], ticket.ID = raw[:], raw.Text(store.ScanLoginPrefix)
		c.checkScanLogin(ticket, string(claimedIn))
		return nil
	})
}

func (c *checker) checkScanLogin(ticket store.ScanLogin, claimedIn string) {
	if !slices.Contains(statusesKept, ticket.Status) {
		c.tell("scan_logins: %s does not read", ticket.ID)
		return
	}
	if ticket.CreatedAt.After(c.now.Add(aheadOfClock)) {
		c.tell("scan_logins: %s lies ahead of the clock, and stays until it is over: is the clock right?", ticket.ID)
	}
	if (ticket.Status == store.ScanLoginPending) != (ticket.SessionID == "") {
		c.tell("scan_logins: %s is %s, which does not go with who claimed it", ticket.ID, ticket.Status)
	}
	switch {
	case ticket.SessionID == "":
	case claimedIn == "":
		c.tell("scan_logins: %s is claimed by %s, which is not there", ticket.ID, ticket.SessionID)
	case claimedIn != ticket.AppID:
		c.tell("scan_logins: %s is claimed by %s, which is of another app", ticket.ID, ticket.SessionID)
	}
}

// aheadOfClock is how far clocks may be apart.
const aheadOfClock = 24 * time.Hour

func (c *checker) checkEvents() error {
	last := []any{[]byte{}}
	return c.batches("SELECT a.id, a.user_id FROM audit a WHERE a.id > ? ORDER BY a.id", last, func(rows *sql.Rows) error {
		var raw store.RawID
		var userID string
		if err := rows.Scan(rawID{&raw}, &userID); err != nil {
			return err
		}
		last[0] = raw[:]
		c.found.AuditEvents++
		c.counters[countEvents]++
		id := raw.Text(store.EventPrefix)
		if raw.Time().After(c.now.Add(aheadOfClock)) {
			c.tell("audit: %s lies ahead of the clock, and so will all that follow: is the clock right?", id)
		}
		if _, ok := store.ParseID(store.UserPrefix, userID); !ok && userID != "" {
			c.tell("audit: %s happened to somebody who has no user's id", id)
		}
		return nil
	})
}
