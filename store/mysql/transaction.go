package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"menshen/store"
)

// tx is a transaction of a verb. It reads first: each read call is one round trip,
// the first one begins the transaction too. What it writes waits in memory and goes
// out in one packet before the COMMIT.
type tx struct {
	options *store.Options
	clock   func() time.Time
	now     time.Time // when it began, to the millisecond, as it will be read again
	ring    *ring

	conn querier
	beginning
	begun       bool
	committed   bool
	newestEvent store.RawID    // that is kept
	events      []*store.RawID // the transaction's own, which the COMMIT names

	writes   []statement
	counters map[string]int
	figures  map[figureKey]store.Activity
}

// querier is a connection, or a pool of them for what needs no transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// statement is one that changes something.
type statement struct {
	text string
	args []any
}

// query is a SELECT. each is called once a row, and again from the first row when
// the transaction is tried again.
type query struct {
	statement
	each func(*sql.Rows) error
}

func ask(each func(*sql.Rows) error, text string, args ...any) query {
	return query{statement{text, args}, each}
}

// lock is a query for the locks that it takes alone.
func lock(text string, args ...any) query {
	return ask(func(*sql.Rows) error { return nil }, text, args...)
}

// forUpdate is what locks the rows that a query reads, where the transaction may
// change them. Between two nodes of a Galera cluster, which are written to only while
// instances disagree, the COMMIT tells who was first.
func (t *tx) forUpdate() string {
	if t.writing {
		return " FOR UPDATE"
	}
	return ""
}

// read sends queries in one packet and hands over their rows. The newest event is
// asked for behind the locks that they take: whoever was waited for has left theirs.
func (t *tx) read(ctx context.Context, queries ...query) error {
	var text []string
	var args []any
	if t.writing {
		queries = append(slices.Clone(queries), t.askNewestEvent())
	}
	if !t.begun {
		text = slices.Clone(t.preamble)
		if t.writing {
			queries = slices.Insert(queries, 0, t.currentRing())
		}
	}
	for _, q := range queries {
		text, args = append(text, q.text), append(args, q.args...)
	}
	t.begun = true
	rows, err := t.conn.QueryContext(ctx, strings.Join(text, "; "), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := handOver(rows, queries); err != nil {
		return err
	}
	return rows.Close()
}

// handOver gives each query the rows of its answer.
func handOver(rows *sql.Rows, queries []query) error {
	for i, q := range queries {
		if i > 0 && !rows.NextResultSet() {
			return cmp.Or(rows.Err(), mysql.ErrInvalidConn) // an answer is missing
		}
		for rows.Next() {
			if err := q.each(rows); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	return nil
}

// write has a statement go out before the COMMIT, in the order of the calls.
func (t *tx) write(text string, args ...any) {
	t.writes = append(t.writes, statement{text, args})
}

// count adds to a counter.
func (t *tx) count(name string, more int) {
	if t.counters == nil {
		t.counters = map[string]int{}
	}
	t.counters[name] += more
}

// dirty reports whether there is anything to commit.
func (t *tx) dirty() bool { return len(t.writes)+len(t.counters)+len(t.figures) > 0 }

// packet is everything that was written, and the question whether the transaction is
// still the one that began.
func (t *tx) packet() (text string, args []any) {
	all := slices.Concat(t.writes, t.sums())
	var b strings.Builder
	if !t.begun {
		b.WriteString(strings.Join(t.preamble, "; ") + "; ")
	}
	for _, s := range all {
		b.WriteString(s.text)
		b.WriteString("; ")
		args = append(args, s.args...)
	}
	b.WriteString(stillBegun)
	return b.String(), args
}

// beginning is how a transaction begins.
type beginning struct {
	preamble []string
	writing  bool // it locks what it reads, and may write
}

// READ COMMITTED locks rows and no gaps between them: two who log in for the first
// time are not in each other's way. What a transaction changes it has read FOR
// UPDATE, or it changes without having read it.
//
// A Galera node that rolls a transaction back in favour of another node's, between
// two statements of one packet, does not say so: what follows in the packet would be
// a transaction, or several, of its own, and the COMMIT a success. Without autocommit
// nothing of it is durable before the COMMIT; the savepoint is gone with the
// transaction, and the packet ends with an error; and the COMMIT has a packet of its
// own, at the beginning of which the node does tell.
var (
	beginWriting = beginning{
		[]string{"SET autocommit = 0", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION", "SAVEPOINT begun"}, true,
	}
	beginSnapshot = beginning{
		[]string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT"}, false,
	}
	beginNothing = beginning{} // each statement is a transaction of its own
)

func (s *Store) newTx(conn querier, b beginning) *tx {
	return &tx{options: &s.options, clock: s.Now, now: s.Now(), ring: s.ring.Load(), conn: conn, beginning: b}
}

// view runs fn, which reads and must set all that it returns each time. Each read
// is atomic; two are not one. fn outlives a caller who leaves, for as long as tryOn
// would try: the driver hangs up to leave a statement, and callers who come and go
// would cost a new connection each.
func (s *Store) view(ctx context.Context, verb string, fn func(context.Context, *tx) error) error {
	defer s.observe(verb, time.Now())
	return s.try(ctx, func(ctx context.Context, one *server) error {
		return s.onConnection(ctx, one.pool, beginNothing, func(ctx context.Context, t *tx) error {
			deadline, _ := ctx.Deadline() // tryOn has set one
			ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
			defer cancel()
			return fn(ctx, t)
		})
	})
}

// snapshot runs fn, which reads and must set all that it returns each time. All its
// reads see one state of the database; it may take as long as its context allows.
func (s *Store) snapshot(ctx context.Context, verb string, fn func(context.Context, *tx) error) error {
	defer s.observe(verb, time.Now())
	return s.try(ctx, func(_ context.Context, one *server) error {
		return s.onConnection(ctx, one.slow, beginSnapshot, fn)
	})
}

// update runs fn in a transaction and returns when it is durable. fn may run more
// than once; what it returned in the attempt that was committed is returned.
func update[T any](ctx context.Context, s *Store, verb string, fn func(context.Context, *tx) (T, error)) (T, error) {
	defer s.observe(verb, time.Now())
	return transact(ctx, s, fn)
}

// change is update for what returns nothing.
func (s *Store) change(ctx context.Context, verb string, fn func(context.Context, *tx) error) error {
	_, err := update(ctx, s, verb, func(ctx context.Context, t *tx) (struct{}, error) { return struct{}{}, fn(ctx, t) })
	return err
}

// onConnection runs fn in a transaction on a connection of its own. What fn does not
// commit is rolled back, even if fn panics: the connection is used again.
func (s *Store) onConnection(ctx context.Context, pool *sql.DB, b beginning, fn func(context.Context, *tx) error) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	t := s.newTx(conn, b)
	defer t.end(ctx, conn)
	return fn(ctx, t)
}
