package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"

	"menshen/store"
)

const (
	stillBegun    = "RELEASE SAVEPOINT begun"
	endByCommit   = "COMMIT; SET autocommit = 1"
	endByRollback = "ROLLBACK; SET autocommit = 1"
)

// transact runs fn in a transaction that is tried again as long as that may help.
//
// When a COMMIT gets no answer nobody knows whether it happened. fn runs again, and
// once it has read, and so has waited for whoever still holds the same rows, the
// audit tells whether the earlier attempt left its events: then its result is the
// result. A verb that writes no event must come to the same when it is done twice.
func transact[T any](ctx context.Context, s *Store, fn func(context.Context, *tx) (T, error)) (T, error) {
	all := attempts[T]{fn: fn}
	err := s.tryWriting(ctx, func(ctx context.Context, one *server) error {
		return all.judge(s.onConnection(ctx, one.pool, beginWriting, all.run))
	})
	if err != nil {
		var none T
		return none, err
	}
	return all.result, nil
}

// attempts are those at one transaction.
type attempts[T any] struct {
	fn         func(context.Context, *tx) (T, error)
	result     T
	unanswered []unanswered[T]
	duplicates int // in a row
}

// unanswered is an attempt whose COMMIT got no answer.
type unanswered[T any] struct {
	event  store.RawID // one that it leaves if it happened
	result T
}

// run makes one attempt. It ends in time for PruneSealing, which waits for those that
// began with an older ring.
func (a *attempts[T]) run(ctx context.Context, t *tx) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	a.result, err = a.fn(ctx, t)
	if found, lookErr := a.landed(ctx, t); found || lookErr != nil {
		return lookErr
	}
	if err != nil || !t.dirty() {
		return err
	}
	if err = t.commit(ctx); err != nil && undecided(err) && len(t.events) > 0 {
		a.unanswered = append(a.unanswered, unanswered[T]{*t.events[0], a.result})
	}
	return err
}

// landed looks for the events of attempts that got no answer. The result of the one
// that left them is the result.
func (a *attempts[T]) landed(ctx context.Context, t *tx) (found bool, err error) {
	for _, earlier := range a.unanswered {
		err := t.read(ctx, ask(func(*sql.Rows) error {
			a.result, found = earlier.result, true
			return nil
		}, "SELECT 1 FROM audit WHERE id = ?", earlier.event[:]))
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// maxDuplicates is how many attempts in a row may find a unique key taken. The next
// one finds who has taken it, unless what the verb brings is there for good.
const maxDuplicates = 6

// judge gives up a transaction that will never find its keys free.
func (a *attempts[T]) judge(err error) error {
	if !isDuplicate(err) {
		a.duplicates = 0
		return err
	}
	if a.duplicates++; a.duplicates == maxDuplicates {
		return errTaken
	}
	return err
}

// commitTimeout is how long a COMMIT may take, with lock waits and a cluster that
// counts its members.
const commitTimeout = 6 * time.Second

// commit sends what was written. Once under way it is carried through, whatever
// becomes of the context.
func (t *tx) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	t.nameEvents()
	text, args := t.packet()
	t.begun = true
	_, err := t.conn.ExecContext(ctx, text, args...)
	if err == nil {
		_, err = t.conn.ExecContext(ctx, endByCommit)
	}
	t.committed = err == nil
	return err
}

// end lets go of what the transaction holds, if it was not committed. A connection on
// which that fails is not used again.
func (t *tx) end(ctx context.Context, conn *sql.Conn) {
	if !t.begun || t.committed || len(t.preamble) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dialTimeout)
	defer cancel()
	if _, err := conn.ExecContext(ctx, endByRollback); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // which is how database/sql is told
	}
}
