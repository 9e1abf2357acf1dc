package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"menshen/store"
)

// server is one of the addresses of a URL.
type server struct {
	address string
	pool    *sql.DB
	slow    *sql.DB // for what may keep the server silent for long
	probe   *sql.DB // one connection, of which no request is ahead
	down    atomic.Bool
	galera  atomic.Bool
	barred  atomic.Bool   // it refused to write, so it must show that it can
	doubted chan struct{} // holds one when a request found the server unfit
}

// openDB is where tests listen to the statements.
var openDB = sql.OpenDB

// newServer opens nothing yet.
func newServer(t target, address string) (*server, error) {
	s := &server{address: address, doubted: make(chan struct{}, 1)}
	config := t.config.Clone()
	config.Addr = address
	patient := config.Clone()
	patient.ReadTimeout = slowTimeout
	for _, kind := range []struct {
		pool   **sql.DB
		config *mysql.Config
		size   int
	}{{&s.pool, config, t.pool}, {&s.slow, patient, slowPool}, {&s.probe, config, 1}} {
		connector, err := mysql.NewConnector(kind.config)
		if err != nil {
			return nil, fmt.Errorf("mysql: %w", err)
		}
		pool := openDB(dialer{connector})
		pool.SetMaxOpenConns(kind.size)
		pool.SetMaxIdleConns(kind.size)
		pool.SetConnMaxLifetime(connectionLife)
		pool.SetConnMaxIdleTime(connectionIdle)
		*kind.pool = pool
	}
	return s, nil
}

// slowPool is how many long jobs go on at once, and slowTimeout how long a server may
// be silent over one.
const (
	slowPool    = 2
	slowTimeout = 10 * time.Minute
)

const (
	// connectionLife lets a load balancer in front of the servers move instances.
	connectionLife = 30 * time.Minute
	connectionIdle = 5 * time.Minute
)

// leave marks a server that cannot work, and hangs up: when the address leads to
// another machine by now, connections would still lead to the old one.
func (s *server) leave() {
	s.down.Store(true)
	for _, pool := range []*sql.DB{s.pool, s.slow, s.probe} {
		pool.SetMaxIdleConns(0)
		pool.SetMaxIdleConns(pool.Stats().MaxOpenConnections)
	}
}

func (s *server) close() error { return errors.Join(s.pool.Close(), s.slow.Close(), s.probe.Close()) }

// servers are all the addresses, in the order of preference.
type servers []*server

func newServers(t target) (all servers, err error) {
	for _, address := range t.addresses {
		s, err := newServer(t, address)
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all = append(all, s)
	}
	return all, nil
}

func (all servers) close() (err error) {
	for _, s := range all {
		err = errors.Join(err, s.close())
	}
	return err
}

// pick chooses a server for those who have found n unfit: the nth that is up. As a
// last resort it is one after the other, since one may have come back unnoticed.
func (all servers) pick(n int) *server {
	skip := n
	for _, s := range all {
		if s.down.Load() {
			continue
		}
		if skip == 0 {
			return s
		}
		skip--
	}
	return all[n%len(all)]
}

// writer chooses a server to write to. On different nodes of a Galera cluster nobody
// waits for anybody, and of two transactions that are in each other's way one fails at
// its COMMIT: so all instances write to the same node, whatever they prefer to read
// from, the first by address that is up. All nodes apply all writes in any case.
func (all servers) writer(n int) *server {
	if !all.pick(0).galera.Load() {
		return all.pick(n)
	}
	byAddress := slices.SortedFunc(slices.Values(all), func(a, b *server) int { return cmp.Compare(a.address, b.address) })
	return servers(byAddress).pick(n)
}

// doubt has the watch look at a server now. A request alone cannot tell a server that
// is gone from one that takes long over it.
func (s *server) doubt(err error) {
	if refusesWrites(err) {
		s.barred.Store(true)
	}
	select {
	case s.doubted <- struct{}{}:
	default: // it will be looked at already
	}
}

// patience is how long a verb looks for a server that can work: longer than a
// cluster needs to agree that a member is gone, and so short that who is told to try
// again comes within store.RefreshGrace. A COMMIT that got no answer may land later.
const patience = 6 * time.Second

// persistence is how long a verb waits for a connection, and goes on against others
// that are in its way, as long as all servers answer: what was rolled back is no
// doubtful COMMIT.
const persistence = 20 * time.Second

// maxPauses is the attempt from which on pauses are no longer.
const maxPauses = 6

// pause is between two attempts, longer each time, and by chance: those who were
// in each other's way should not meet again.
func pause(ctx context.Context, attempt int) error {
	longest := 5 * time.Millisecond << min(attempt, maxPauses)
	timer := time.NewTimer(longest/2 + randomUpTo(longest/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// try runs an attempt to read on one server after the other until it succeeds, cannot
// succeed, or the time is over: patience where a server cannot work, persistence where
// all can.
func (s *Store) try(ctx context.Context, attempt func(context.Context, *server) error) error {
	return s.tryOn(ctx, s.servers.pick, attempt)
}

// tryWriting is try for an attempt to write, which Close waits for.
func (s *Store) tryWriting(ctx context.Context, attempt func(context.Context, *server) error) error {
	if !s.beginWrite() {
		return store.ErrUnavailable
	}
	defer s.writes.Done()
	return s.tryOn(ctx, s.servers.writer, attempt)
}

func (s *Store) tryOn(ctx context.Context, choose func(unfit int) *server, attempt func(context.Context, *server) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, persistence)
	defer cancel()
	var last error // before the time was over, which says more than that it was
	for n, unfit := 0, 0; ; n++ {
		if s.closed.Load() {
			return store.ErrUnavailable
		}
		one := choose(unfit)
		err := s.withRing(limited, one, attempt)
		if err == nil {
			return nil
		}
		if limited.Err() == nil || last == nil {
			last = err
		}
		what := remedyFor(err)
		if what == elsewhere && limited.Err() == nil {
			if unfit++; unfit == 1 {
				limited, cancel = context.WithDeadline(limited, began.Add(patience))
				defer cancel()
			}
			one.doubt(err)
		}
		if what == giveUp || limited.Err() != nil || pause(limited, n) != nil {
			return failureOf(ctx, last)
		}
	}
}
