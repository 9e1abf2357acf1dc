package mysql

import (
	"context"
	"database/sql"
	"time"
)

// Lease gives the work that a name stands for to one instance, for so long by the
// database's time. To be done twice does no harm: the holder extends it. Of two who
// take it at once, the database makes one begin anew, and find the other.
func (s *Store) Lease(ctx context.Context, name string, life time.Duration) (held bool, err error) {
	return update(ctx, s, "lease", func(ctx context.Context, t *tx) (bool, error) {
		known, mine := false, false
		err := t.read(ctx, ask(func(rows *sql.Rows) error {
			known = true
			return rows.Scan(&mine)
		}, "SELECT holder = ? OR ends <= "+serverNow+" FROM leases WHERE name = ?"+t.forUpdate(), s.instance[:], []byte(name)))
		switch {
		case err != nil || known && !mine:
			return false, err
		case known:
			t.write("UPDATE leases SET holder = ?, ends = "+serverNow+" + ? WHERE name = ?", s.instance[:], life.Milliseconds(), []byte(name))
		default:
			t.write("DELETE FROM leases WHERE ends <= " + serverNow) // of those who ended without a word
			t.write("INSERT INTO leases (holder, ends, name) VALUES (?, "+serverNow+" + ?, ?)", s.instance[:], life.Milliseconds(), []byte(name))
		}
		return true, nil
	})
}

// Leased tells for how long, by the database's time, somebody still holds a lease;
// 0 or less when nobody does.
func (s *Store) Leased(ctx context.Context) (left time.Duration, err error) {
	err = s.view(ctx, "leased", func(ctx context.Context, t *tx) error {
		return t.read(ctx, ask(func(rows *sql.Rows) error {
			var milliseconds int64
			err := rows.Scan(&milliseconds)
			left = time.Duration(milliseconds) * time.Millisecond
			return err
		}, "SELECT COALESCE(MAX(ends) - "+serverNow+", 0) FROM leases"))
	})
	return left, err
}

// EndLeases gives back what this instance holds.
func (s *Store) EndLeases(ctx context.Context) error {
	return s.change(ctx, "end_leases", func(_ context.Context, t *tx) error {
		t.write("DELETE FROM leases WHERE holder = ?", s.instance[:])
		return nil
	})
}
