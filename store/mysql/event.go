package mysql

import (
	"bytes"
	"database/sql"

	"menshen/store"
)

// audit notes what happened to a user in the transaction that does it. The address
// of an actor who is gone would be personal data of somebody who was erased: the lock
// makes it wait for an erasure under way, and an erasure for it. Galera knows of locks
// on one node only, which is where all instances write; in the instant in which they
// move to another an address may stay, until its event is swept.
func (t *tx) audit(action, userID string, by store.Actor, detail store.Optional) {
	id := new(store.RawID)
	t.events = append(t.events, id)
	address, args := "?", []any{text(by.IPAddress)}
	if actor, ok := store.ParseID(store.UserPrefix, by.ID); ok {
		address = "(SELECT ? FROM users WHERE id = COALESCE((SELECT user_id FROM former_ids WHERE id = ?), ?) FOR UPDATE)"
		args = append(args, actor[:], actor[:])
	}
	args = append([]any{id[:], action, []byte(by.ID), []byte(userID)}, args...)
	t.write("INSERT INTO audit (id, action, actor, user_id, ip_address, detail) VALUES (?, ?, ?, ?, "+address+", ?)",
		append(args, text(detail))...)
	t.count(countEvents, +1)
}

// askNewestEvent asks for the id behind which the transaction's own events stand.
func (t *tx) askNewestEvent() query {
	return ask(func(rows *sql.Rows) error { return rows.Scan(rawID{&t.newestEvent}) },
		"SELECT id FROM audit ORDER BY id DESC LIMIT 1")
}

// nameEvents chooses the ids of the transaction's events when it has read everything,
// and so has waited for everybody. They stand behind all others that it can know of, so
// that the order of ids is the order of events, within a millisecond and under a clock
// that was set back too. Two transactions that know nothing of each other must not
// choose the same: the step is by chance.
func (t *tx) nameEvents() {
	newest, now := t.newestEvent, t.clock()
	for _, id := range t.events {
		*id, _ = store.ParseID(store.EventPrefix, store.NewID(store.EventPrefix, now))
		if bytes.Compare(id[:], newest[:]) <= 0 {
			*id = after(newest)
		}
		newest = *id
	}
}
