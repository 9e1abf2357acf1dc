package mysql

import (
	"context"
	"database/sql"
	"encoding/binary"

	"menshen/store"
)

// Snapshot runs fn in one transaction on a connection of its own. It is not tried
// again: who reads a whole store begins anew. As long as it lasts the server keeps
// what the others change meanwhile.
func (s *Store) Snapshot(ctx context.Context, fn func(store.Snapshot) error) error {
	if s.closed.Load() {
		return store.ErrUnavailable
	}
	err := s.onConnection(ctx, s.servers.pick(0).slow, beginSnapshot, func(ctx context.Context, t *tx) error {
		if err := t.read(ctx, t.ringThen(s.key)); err != nil {
			return err
		}
		return fn(snapshot{t})
	})
	return failureOf(ctx, err)
}

type snapshot struct{ *tx }

// Records reads on from a key in the table of a part.
func (s snapshot) Records(ctx context.Context, part store.Part, after []byte, limit int) (batch store.Batch, err error) {
	if after == nil {
		after = []byte{} // nil is NULL, which nothing sorts behind
	}
	err = s.read(ctx, records[part](s.tx, &batch, after, limit))
	return batch, err
}

// records ask for at most limit records of each part, behind a key.
var records = map[store.Part]func(t *tx, batch *store.Batch, after []byte, limit int) query{
	store.PartSecrets:     (*tx).secretsAfter,
	store.PartUsers:       (*tx).usersAfter,
	store.PartSessions:    (*tx).sessionsAfter,
	store.PartScanLogins:  (*tx).scanLoginsAfter,
	store.PartAuditEvents: (*tx).eventsAfter,
	store.PartMessages:    (*tx).messagesAfter,
	store.PartActivity:    (*tx).activityAfter,
}

func (t *tx) secretsAfter(batch *store.Batch, after []byte, limit int) query {
	return ask(func(rows *sql.Rows) error {
		var name, sealed []byte
		if err := rows.Scan(&name, &sealed); err != nil {
			return err
		}
		value, err := t.openSecret(string(name), sealed)
		batch.Secrets = append(batch.Secrets, store.KeptSecret{Name: string(name), Value: value})
		batch.Last = name
		return err
	}, "SELECT name, value FROM secrets WHERE name > ? ORDER BY name LIMIT ?", after, limit)
}

func (t *tx) usersAfter(batch *store.Batch, after []byte, limit int) query {
	found := &userRows{t: t}
	return ask(func(rows *sql.Rows) error {
		var sealed []byte
		if err := found.scan(rows, &sealed); err != nil {
			return err
		}
		if len(found.all) > len(batch.Users) {
			batch.Users = append(batch.Users, store.KeptUser{})
		}
		kept := &batch.Users[len(batch.Users)-1]
		kept.User = found.all[len(found.all)-1]
		batch.Last = rawUser(kept.ID)
		if len(kept.Identities) == len(kept.SessionKeys) { // the row of a user without one
			return nil
		}
		i := kept.Identities[len(kept.SessionKeys)]
		keys, err := t.openSessionKeys(sealed, i.AppID, i.OpenID)
		kept.SessionKeys = append(kept.SessionKeys, keys)
		return err
	}, "SELECT i.session_keys, "+userColumns+" FROM (SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ?) page "+
		"JOIN users u ON u.id = page.id LEFT JOIN identities i ON i.user_id = u.id ORDER BY u.id, i.place", after, limit)
}

func (t *tx) sessionsAfter(batch *store.Batch, after []byte, limit int) query {
	return ask(func(rows *sql.Rows) error {
		session, err := scanSession(rows)
		batch.Sessions = append(batch.Sessions, session)
		batch.Last = rawSession(session.ID)
		return err
	}, "SELECT "+sessionColumns+" FROM sessions s WHERE s.id > ? ORDER BY s.id LIMIT ?", after, limit)
}

func (t *tx) scanLoginsAfter(batch *store.Batch, after []byte, limit int) query {
	return ask(func(rows *sql.Rows) error {
		ticket, err := scanTicket(rows)
		batch.ScanLogins = append(batch.ScanLogins, ticket)
		batch.Last = rawOf(store.ScanLoginPrefix, ticket.ID)
		return err
	}, "SELECT "+ticketColumns+" FROM scan_logins WHERE id > ? ORDER BY id LIMIT ?", after, limit)
}

func (t *tx) eventsAfter(batch *store.Batch, after []byte, limit int) query {
	return ask(func(rows *sql.Rows) error {
		event, err := scanEvent(rows)
		batch.AuditEvents = append(batch.AuditEvents, event)
		batch.Last = rawOf(store.EventPrefix, event.ID)
		return err
	}, "SELECT "+eventColumns+" FROM audit a WHERE a.id > ? ORDER BY a.id LIMIT ?", after, limit)
}

func (t *tx) messagesAfter(batch *store.Batch, after []byte, limit int) query {
	return ask(func(rows *sql.Rows) error {
		var m store.KeptMessage
		err := rows.Scan(hash{&m.ID}, instant{&m.End})
		batch.Messages = append(batch.Messages, m)
		batch.Last = m.ID[:]
		return err
	}, "SELECT id, ends FROM messages WHERE id > ? ORDER BY id LIMIT ?", after, limit)
}

// activityAfter sums the slots up. A key is a day, in four bytes, and an AppID.
func (t *tx) activityAfter(batch *store.Batch, after []byte, limit int) query {
	day, appID := -1, []byte{}
	if len(after) >= 4 {
		day, appID = int(binary.BigEndian.Uint32(after)), after[4:]
	}
	return ask(func(rows *sql.Rows) error {
		var a store.AppActivity
		err := rows.Scan(&a.Day, &a.AppID, &a.NewUsers, &a.ActiveUsers, &a.Logins)
		batch.Activity = append(batch.Activity, a)
		batch.Last = append(binary.BigEndian.AppendUint32(nil, uint32(a.Day)), a.AppID...)
		return err
	}, "SELECT day, app_id, "+figureSums+" FROM activity WHERE day > ? OR day = ? AND app_id > ? GROUP BY day, app_id ORDER BY day, app_id LIMIT ?", day, day, appID, limit)
}
