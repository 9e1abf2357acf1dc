package mysql

import (
	"context"
	"database/sql"
	"encoding/binary"
	"slices"
	"time"

	"menshen/store"
)

// trails are the events a of a filter, as the tests that lead to them: one for each id
// that the user has had, so that an index holds the events of each in order.
type trails []clause

func (t *tx) trailsOf(ctx context.Context, f store.AuditFilter) (found trails, err error) {
	var tests []clause
	if f.Action != "" {
		tests = append(tests, words("a.action = ?", []byte(f.Action)))
	}
	if !f.At.From.IsZero() {
		tests = append(tests, words("a.id >= ?", idsFrom(f.At.From)))
	}
	if !f.At.To.IsZero() {
		tests = append(tests, words("a.id < ?", idsFrom(f.At.To)))
	}
	if f.UserID == "" {
		return trails{join(" AND ", append(tests, words("TRUE"))...)}, nil
	}
	ids, err := t.idsOf(ctx, f.UserID)
	for _, id := range ids {
		found = append(found, join(" AND ", append(slices.Clip(tests), words("a.user_id = ?", []byte(id)))...))
	}
	return found, err
}

// newest finds the ids of the newest events on each of the trails that pass a test.
func (all trails) newest(test clause, limit int) clause {
	var parts []clause
	for _, trail := range all {
		parts = append(parts, join("",
			words("(SELECT a.id FROM audit a WHERE "), trail, words(" AND "), test, words(" ORDER BY a.id DESC LIMIT ?)", limit)))
	}
	return join(" UNION ALL ", parts...)
}

// idsOf returns the ids under which the audit knows a user: theirs and their former
// ones, when id is any of these. Of a deleted user only id itself is known.
func (t *tx) idsOf(ctx context.Context, id string) (ids []string, err error) {
	raw, ok := store.ParseID(store.UserPrefix, id)
	if !ok {
		return nil, nil
	}
	err = t.read(ctx, ask(func(rows *sql.Rows) error {
		var now string
		var packed []byte
		if err := rows.Scan(idText{store.UserPrefix, &now}, &packed); err != nil {
			return err
		}
		former, err := unpackIDs(packed)
		ids = append(former, now)
		return err
	}, "SELECT u.id, u.former_ids FROM users u WHERE "+survivor, raw[:], raw[:]))
	if len(ids) == 0 {
		ids = []string{id}
	}
	return ids, err
}

// idsFrom is the first of all ids of the first millisecond that is not before an
// instant.
func idsFrom(t time.Time) []byte {
	var first store.RawID
	ms := min(max(notBefore(t), 0), 1<<48-1)
	binary.BigEndian.PutUint64(first[:8], uint64(ms)<<16)
	return first[:]
}
