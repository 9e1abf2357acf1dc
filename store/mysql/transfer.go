package mysql

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"strings"

	"menshen/store"
)

var _ store.Transferable = (*Store)(nil)

// Origin names the store by its ring, whose key for look-ups never rotates.
func (s *Store) Origin() ([]byte, error) { return s.ring.Load().Lookup("the origin of a copy") }

// refuseUnfinished stops before half a copy is taken for a store.
func (s *Store) refuseUnfinished(ctx context.Context, one *server) error {
	if s.options.Unfinished {
		return nil
	}
	return s.newTx(one.pool, beginNothing).read(ctx, ask(func(*sql.Rows) error { return store.ErrUnfinished }, transferQuery))
}

// transferQuery reads how far the store has been copied to here: the row is there
// until it is whole.
const transferQuery = "SELECT value FROM meta WHERE name = 'transfer'"

// reached reads the same; nothing for a store that is no copy, or is one no longer.
func (t *tx) reached(text *[]byte) query {
	return ask(func(rows *sql.Rows) error { return rows.Scan(text) }, transferQuery+t.forUpdate())
}

// anyRecord finds out whether there is any.
func anyRecord(found *bool) (all []query) {
	for _, table := range []string{"secrets", "users", "identities", "sessions", "scan_logins", "audit", "messages", "activity"} {
		all = append(all, ask(func(*sql.Rows) error {
			*found = true
			return nil
		}, "SELECT 1 FROM "+table+" LIMIT 1"))
	}
	return all
}

// BeginTransfer notes in an empty database what is copied to it.
func (s *Store) BeginTransfer(ctx context.Context, origin []byte) (store.Checkpoint, error) {
	return update(ctx, s, "begin_transfer", func(ctx context.Context, t *tx) (begun store.Checkpoint, err error) {
		var text []byte
		found := false
		if err := t.read(ctx, append(anyRecord(&found), t.reached(&text))...); err != nil {
			return begun, err
		}
		if text != nil {
			begun, err = store.DecodeCheckpoint(text)
			found = !bytes.Equal(begun.Origin, origin)
		} else {
			begun = store.FirstCheckpoint(origin)
			t.write("INSERT INTO meta (name, value, version) VALUES ('transfer', ?, 0)", begun.Encode())
		}
		if err == nil && found {
			err = store.ErrNotEmpty
		}
		return begun, err
	})
}

// Receive writes a batch. When its COMMIT got no answer, how far the copy has come
// tells whether it happened.
func (s *Store) Receive(ctx context.Context, from, to store.Checkpoint, batch store.Batch) error {
	return s.change(ctx, "receive", func(ctx context.Context, t *tx) error {
		var text []byte
		if err := t.read(ctx, t.reached(&text)); err != nil {
			return err
		}
		switch {
		case bytes.Equal(text, to.Encode()):
			return nil
		case !bytes.Equal(text, from.Encode()):
			return store.ErrNotEmpty
		}
		if err := t.receive(batch); err != nil {
			return err
		}
		t.writes = inRows(t.writes)
		t.write("UPDATE meta SET value = ? WHERE name = 'transfer'", to.Encode())
		return nil
	})
}

// EndTransfer forgets that the database is a copy, which does no harm twice.
func (s *Store) EndTransfer(ctx context.Context) error {
	return s.change(ctx, "end_transfer", func(_ context.Context, t *tx) error {
		t.write("DELETE FROM meta WHERE name = 'transfer'")
		return nil
	})
}

// receive writes new records with all that follows from them.
func (t *tx) receive(batch store.Batch) error {
	for _, s := range batch.Secrets {
		if err := t.putSecret(s.Name, s.Value, false, store.RawID{}); err != nil {
			return err
		}
	}
	for _, u := range batch.Users {
		if err := t.receiveUser(u); err != nil {
			return err
		}
	}
	for _, s := range batch.Sessions {
		t.insertSession(s)
	}
	for _, l := range batch.ScanLogins {
		t.receiveTicket(l)
	}
	for _, e := range batch.AuditEvents {
		t.write("INSERT INTO audit (id, action, actor, user_id, ip_address, detail) VALUES (?, ?, ?, ?, ?, ?)",
			rawOf(store.EventPrefix, e.ID), []byte(e.Action), []byte(e.Actor), []byte(e.UserID), text(e.IPAddress), text(e.Detail))
	}
	t.count(countEvents, len(batch.AuditEvents))
	for _, m := range batch.Messages {
		t.write("INSERT INTO messages (id, ends) VALUES (?, ?)", m.ID[:], ms(m.End))
	}
	t.figures = map[figureKey]store.Activity{}
	for _, a := range batch.Activity {
		t.figures[figureKey{a.Day, a.AppID}] = a.Activity
	}
	return nil
}

func (t *tx) receiveTicket(l store.ScanLogin) {
	var session any
	if l.SessionID != "" {
		session = rawSession(l.SessionID)
	}
	t.write("INSERT INTO scan_logins (id, app_id, secret_hash, status, created_at, expires_at, ip_address, user_agent, session_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		rawOf(store.ScanLoginPrefix, l.ID), []byte(l.AppID), l.SecretHash[:], []byte(l.Status), ms(l.CreatedAt), ms(l.ExpiresAt),
		text(l.IPAddress), text(l.UserAgent), session)
}

func (t *tx) receiveUser(kept store.KeptUser) error {
	for place, i := range kept.Identities {
		if err := t.insertIdentity(i, place, kept.ID, kept.SessionKeys[place]); err != nil {
			return err
		}
	}
	t.countFacets(nil, &kept.User)
	t.saveNames("former_ids", "id", nil, idsAsBytes(kept.FormerIDs), kept.ID)
	t.saveNames("union_ids", "union_id", nil, textsAsBytes(kept.UnionIDs()), kept.ID)
	return t.putUser(kept.User, true)
}

// inRows makes one INSERT of many rows out of those that differ in their values
// alone, wherever they stand.
func inRows(all []statement) (merged []statement) {
	places := map[string]int{}
	rows := []int{}
	for _, s := range all {
		place, known := places[s.text]
		if !known {
			place = len(merged)
			places[s.text] = place
			merged, rows = append(merged, statement{text: s.text}), append(rows, 0)
		}
		merged[place].args = append(merged[place].args, s.args...)
		rows[place]++
	}
	for place := range merged {
		text := merged[place].text
		row := text[strings.LastIndex(text, "("):]
		merged[place].text += strings.Repeat(", "+row, rows[place]-1)
	}
	return slices.Clip(merged)
}
