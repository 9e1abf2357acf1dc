package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"menshen/store"
)

// Sweep removes what has expired and writes down when sessions were last used. Two
// instances may sweep at once: what a transaction removes it has locked, and counts.
func (s *Store) Sweep(ctx context.Context, limit int) (removed int, err error) {
	if err := s.flushTouches(ctx); err != nil {
		return 0, err
	}
	keys, err := s.sweepBatches(ctx, limit, sweepSessionKeys)
	if err != nil {
		return 0, err
	}
	removed = keys.removed
	for _, w := range sweepers {
		n, err := s.sweepBatches(ctx, limit, w.sweep)
		if err != nil {
			return 0, err
		}
		removed = max(removed, n.removed)
	}
	if keys.damaged > 0 {
		err = fmt.Errorf("%w: session_keys of %d identities", store.ErrDamaged, keys.damaged)
	}
	return removed, err
}

// swept is what became of what was over: damaged is what was passed over.
type swept struct{ removed, damaged int }

// sweepBatch keeps each transaction short.
const sweepBatch = 200

// sweepBatches has sweep remove at most limit rows, in one transaction after the
// other. Each is told to begin behind those that were passed over.
func (s *Store) sweepBatches(
	ctx context.Context, limit int, sweep func(ctx context.Context, t *tx, behind, most int) (swept, error),
) (all swept, err error) {
	for all.removed < limit {
		most := min(limit-all.removed, sweepBatch)
		n, err := update(ctx, s, "sweep", func(ctx context.Context, t *tx) (swept, error) {
			return sweep(ctx, t, all.damaged, most)
		})
		if err != nil {
			return all, err
		}
		all.removed, all.damaged = all.removed+n.removed, all.damaged+n.damaged
		if n.removed+n.damaged < most {
			break
		}
	}
	return all, nil
}

// sweeper removes the rows that are over.
type sweeper struct {
	bound   func(t *tx) any
	over    string // selects the ids of rows below the bound, and by how much they count
	counter string
	remove  []string // each completed by a list of ids
}

var sweepers = []sweeper{
	{
		bound:   now,
		over:    "SELECT id, 1 - blocked FROM sessions WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ?",
		counter: countSessions,
		remove:  []string{"DELETE FROM sessions WHERE id IN ", "DELETE FROM scan_logins WHERE session_id IN "},
	},
	{
		bound: func(t *tx) any {
			return idsFrom(t.now.Add(time.Millisecond - store.ScanLoginLife - store.ScanLoginKept))
		},
		over:   "SELECT id, 0 FROM scan_logins WHERE id < ? ORDER BY id LIMIT ?",
		remove: []string{"DELETE FROM scan_logins WHERE id IN "},
	},
	{
		bound:  now,
		over:   "SELECT id, 0 FROM messages WHERE ends <= ? ORDER BY ends, id LIMIT ?",
		remove: []string{"DELETE FROM messages WHERE id IN "},
	},
	{
		bound:   func(t *tx) any { return idsFrom(t.now.Add(-t.options.AuditRetention)) },
		over:    "SELECT id, 1 FROM audit WHERE id < ? ORDER BY id LIMIT ?",
		counter: countEvents,
		remove:  []string{"DELETE FROM audit WHERE id IN "},
	},
	{
		bound:  func(*tx) any { return announcementMemory.Milliseconds() },
		over:   "SELECT id, 0 FROM announcements WHERE at <= " + serverNow + " - ? ORDER BY at, id LIMIT ?",
		remove: []string{"DELETE FROM announcements WHERE id IN "},
	},
}

// now is the bound of what is kept with its end: at its end a thing is over.
func now(t *tx) any { return ms(t.now) }

func (w sweeper) sweep(ctx context.Context, t *tx, _, most int) (n swept, err error) {
	var ids []any
	counted := 0
	err = t.read(ctx, ask(func(rows *sql.Rows) error {
		var id []byte
		var counts int
		err := rows.Scan(&id, &counts)
		ids, counted = append(ids, id), counted+counts
		return err
	}, w.over+t.forUpdate(), w.bound(t), most))
	if err != nil || len(ids) == 0 {
		return n, err
	}
	for _, remove := range w.remove {
		t.write(remove+"("+placeholders(len(ids))+")", ids...)
	}
	if w.counter != "" {
		t.count(w.counter, -counted)
	}
	return swept{removed: len(ids)}, nil
}

// sweepSessionKeys forgets the session_keys that are remembered no longer. Those that
// do not open stay first in their order, for a person to look at.
func sweepSessionKeys(ctx context.Context, t *tx, behind, most int) (n swept, err error) {
	err = t.read(ctx, ask(func(rows *sql.Rows) error {
		var appID, openID string
		var sealed []byte
		if err := rows.Scan(&appID, &openID, &sealed); err != nil {
			return err
		}
		keys, err := t.openSessionKeys(sealed, appID, openID)
		if err != nil {
			n.damaged++
			return nil
		}
		n.removed++
		return t.putSessionKeys(appID, openID, store.LiveSessionKeys(keys, t.now))
	}, "SELECT app_id, open_id, session_keys FROM identities WHERE keys_end <= ? ORDER BY keys_end, app_id, open_id LIMIT ? OFFSET ?"+t.forUpdate(),
		ms(t.now), most, behind))
	return n, err
}
