package mysql

import (
	"context"
	"database/sql"

	"menshen/store"
)

// CountUsers counts the users that a filter lets through.
func (s *Store) CountUsers(ctx context.Context, f store.UserFilter) (n int, exact bool, err error) {
	err = s.view(ctx, "count_users", func(ctx context.Context, t *tx) error {
		if f.Counted() {
			exact = true
			n, err = t.counted(ctx, f)
			return err
		}
		chosen, err := t.selection(ctx, f, store.ByCreatedAt)
		if err != nil {
			return err
		}
		n, exact, err = t.countUpToLimit(ctx, chosen.users(store.CountLimit+1))
		return err
	})
	return n, exact, err
}

// users finds users in no order.
func (s selection) users(limit int) clause {
	return join("", words("SELECT 1 FROM "), s.from, where(s.tests), words(" LIMIT ?", limit))
}

// countUpToLimit counts the rows of a SELECT that stops above CountLimit.
func (t *tx) countUpToLimit(ctx context.Context, rows clause) (n int, exact bool, err error) {
	err = t.read(ctx, ask(func(rows *sql.Rows) error { return rows.Scan(&n) }, "SELECT COUNT(*) FROM ("+rows.text+") c", rows.args...))
	return min(n, store.CountLimit), n <= store.CountLimit, err
}

// counted reads the counter of a filter that has one.
func (t *tx) counted(ctx context.Context, f store.UserFilter) (int, error) {
	switch {
	case f.AppID != "":
		return t.sum(ctx, store.AppFacet(f.AppID), "")
	case f.Status == store.StatusBlocked:
		return t.sum(ctx, store.FacetBlocked, "")
	case f.Status == store.StatusActive:
		return t.sum(ctx, store.FacetEverybody, store.FacetBlocked)
	case f.Role == store.RoleAdmin:
		return t.sum(ctx, store.FacetAdmin, "")
	case f.Role == store.RoleUser:
		return t.sum(ctx, store.FacetEverybody, store.FacetAdmin)
	case f != store.UserFilter{}:
		return 0, nil // a status or a role that nobody has
	}
	return t.sum(ctx, store.FacetEverybody, "")
}

// sum reads a counter, less another one unless that is "".
func (t *tx) sum(ctx context.Context, name, less string) (n int, err error) {
	err = t.read(ctx, ask(func(rows *sql.Rows) error { return rows.Scan(&n) },
		"SELECT CAST(COALESCE(SUM(CASE name WHEN ? THEN -n ELSE n END), 0) AS SIGNED) FROM counters WHERE name IN (?, ?)",
		[]byte(less), []byte(less), []byte(name)))
	return n, err
}
