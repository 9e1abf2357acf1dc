package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"menshen/store"
	"menshen/store/seal"
)

// Check reads one state of the database, batch by batch, and holds nothing in memory
// that grows with the users. As long as it lasts the server keeps what the others
// change meanwhile. When the server goes away at the very beginning it begins anew on
// another, and may tell a problem twice.
func (s *Store) Check(ctx context.Context, problem func(string)) (found store.Inventory, err error) {
	tell := func(format string, args ...any) { problem(fmt.Sprintf(format, args...)) }
	err = s.snapshot(ctx, "check", func(ctx context.Context, t *tx) error {
		c := newChecker(ctx, t, tell)
		err := c.check(s.key)
		found = c.found
		return err
	})
	return found, err
}

// checker walks one state of the database and tells what does not hold.
type checker struct {
	*tx
	ctx      context.Context
	tell     func(format string, args ...any)
	found    store.Inventory
	counters map[string]int    // what they should say
	active   map[figureKey]int // users whose last day it was
}

func newChecker(ctx context.Context, t *tx, tell func(format string, args ...any)) *checker {
	return &checker{
		tx: t, ctx: ctx, tell: tell,
		counters: map[string]int{countSessions: 0, countEvents: 0}, active: map[figureKey]int{},
	}
}

// check walks every table. Its error is for a walk that could not be finished.
func (c *checker) check(key seal.Key) error {
	c.ring = nil
	if err := c.read(c.ctx, c.ringThen(key)); err != nil && !ours(err) {
		return err
	}
	if c.ring == nil {
		c.tell("meta: the key ring is missing or does not open with the key file")
		return nil
	}
	for _, walk := range []func() error{
		c.checkSecrets, c.checkUsers, c.checkFormerIDs, c.checkUnionIDs, c.checkIdentities,
		c.checkSessions, c.checkScanLogins, c.checkEvents, c.checkFigures, c.checkCounters,
	} {
		if err := walk(); err != nil {
			return err
		}
	}
	return nil
}

// ringThen reads the ring as it was at the instant of the transaction; this instance
// may know an older or a newer one.
func (t *tx) ringThen(key seal.Key) query {
	return ask(func(rows *sql.Rows) error {
		var sealed []byte
		var version int64
		if err := rows.Scan(&sealed, &version); err != nil {
			return err
		}
		opened, err := seal.OpenRing(key, sealed)
		if err == nil {
			t.ring = &ring{opened, version}
		}
		return err
	}, "SELECT value, version FROM meta WHERE name = 'ring'")
}

// checkedAtOnce is how many records are read with one query.
const checkedAtOnce = 1000

// batches asks for the rows behind a key, and for those behind the last of these,
// until there are none. text ends before the limit; each leaves the last key in the
// args.
func (c *checker) batches(text string, args []any, each func(*sql.Rows) error) error {
	for more := true; more; {
		more = false
		err := c.read(c.ctx, ask(func(rows *sql.Rows) error {
			more = true
			return each(rows)
		}, text+" LIMIT ?", append(slices.Clip(args), checkedAtOnce)...))
		if err != nil {
			return err
		}
	}
	return nil
}

// checkCounters expects every counter to say what was counted.
func (c *checker) checkCounters() error {
	kept := map[string]int{}
	err := c.read(c.ctx, ask(func(rows *sql.Rows) error {
		var name string
		var n int
		err := rows.Scan(&name, &n)
		kept[name] = n
		return err
	}, "SELECT name, CAST(SUM(n) AS SIGNED) FROM counters GROUP BY name"))
	for name := range c.counters {
		kept[name] += 0
	}
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		if kept[name] != c.counters[name] {
			c.tell("counters: %q is %d, there are %d", name, kept[name], c.counters[name])
		}
	}
	return err
}
