// Package mysql keeps the store in a database that speaks the MySQL wire: MySQL,
// MariaDB, TDSQL-C, TiDB, OceanBase. Any number of processes may share it.
//
// A verb is one transaction: a packet that begins it and reads, with locks, what it
// needs; a packet with all that it writes; and the COMMIT. A login takes these three
// round trips, Authenticate one query in one.
//
// The URL may name several servers of a cluster that replicates synchronously, or
// ends of one that fails over. A server that does not answer, has lost its cluster
// or turned read-only is left for the next, and the whole transaction begins anew
// there. See transact for what becomes of a COMMIT that got no answer.
//
// The tables are in schema.go. Every instance keeps the same clock, the database's.
package mysql

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"menshen/store"
	"menshen/store/seal"
)

// Store is the store in a database.
type Store struct {
	options  store.Options
	servers  servers
	instance store.RawID // names this process in what it writes
	touched  store.Touches

	key   seal.Key
	ring  atomic.Pointer[ring]
	ahead atomic.Int64 // nanoseconds that the database's clock is ahead of this machine's

	settling time.Duration        // after a rotation, until nothing is sealed with an older key
	seen     map[store.RawID]bool // announcements in the window; nil before the first look

	closed  atomic.Bool
	closing sync.RWMutex // held to begin a write, and to close
	writes  sync.WaitGroup
	end     context.CancelFunc
	watches sync.WaitGroup
}

var _ store.Shared = (*Store)(nil)

// Open connects to the database that a URL names, and makes the tables or brings
// them to the newest version, as one of all instances that start; the others wait.
// A new store gets a ring that the key file seals; the key file must be there, since
// all instances need the same one.
//
// It fails with store.ErrUnavailable, store.ErrNewer, store.ErrUnfinished,
// store.ErrNoStore, store.ErrDamaged, seal.ErrWrongKey, the errors of
// seal.KeyFile.Key, and a sentence about a URL that does not read. None repeats the
// URL.
func Open(ctx context.Context, url string, keyFile seal.KeyFile, options store.Options) (*Store, error) {
	if err := checkOptions(&options); err != nil {
		return nil, err
	}
	target, err := parseURL(url)
	if err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	key, err := keyFile.Key(false)
	if err != nil {
		return nil, err
	}
	all, err := newServers(target)
	if err != nil {
		return nil, err
	}
	s := &Store{options: options, servers: all, key: key, settling: settling}
	rand.Read(s.instance[:])
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, all.close())
	}
	watching, end := context.WithCancel(context.Background())
	s.end = end
	for _, one := range all {
		s.watches.Go(func() { s.watch(watching, one) })
	}
	return s, nil
}

// checkOptions fills in what may be left out.
func checkOptions(o *store.Options) error {
	if o.SessionLife <= 0 || o.MaxSessions < 1 || o.AuditRetention <= 0 {
		return errors.New("mysql: open: SessionLife, MaxSessions and AuditRetention must be positive")
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration) {}
	}
	return nil
}

// prepare looks at the servers, which tells the clock too, migrates the database, which
// gives a new one its ring, and fetches the ring.
func (s *Store) prepare(ctx context.Context) error {
	s.lookAround(ctx)
	if err := s.migrate(ctx); err != nil {
		return err
	}
	s.lookAround(ctx)
	if err := s.try(ctx, s.refuseUnfinished); err != nil {
		return err
	}
	return s.try(ctx, s.loadRing)
}

// Now is the database's time, as near as a round trip tells, to the millisecond;
// that of the options, if they bring a clock.
func (s *Store) Now() time.Time {
	now := time.Now().Add(time.Duration(s.ahead.Load()))
	if s.options.Now != nil {
		now = s.options.Now()
	}
	return now.UTC().Truncate(time.Millisecond)
}

func (s *Store) observe(verb string, began time.Time) {
	s.options.Observe(verb, time.Since(began))
}

// Ping answers nil when the watch, which looks every second, last saw a server that
// reads and that nothing says takes no writes. However often somebody asks, no server
// hears of it.
func (s *Store) Ping(ctx context.Context) error {
	defer s.observe("ping", time.Now())
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return store.ErrUnavailable
	}
	for _, one := range s.servers {
		if !one.down.Load() {
			return nil
		}
	}
	return fmt.Errorf("%w: no server can work", store.ErrUnavailable)
}

// Close writes down when sessions were last used, waits for the writes under way and
// lets go of the connections.
func (s *Store) Close() error {
	if s.closed.Load() {
		return nil
	}
	err := s.flushTouches(context.Background())
	s.closing.Lock() // whoever has seen the store open has been counted
	closed := s.closed.Swap(true)
	s.closing.Unlock()
	if closed {
		return nil
	}
	s.writes.Wait()
	s.end()
	s.watches.Wait()
	return errors.Join(err, s.servers.close())
}

// beginWrite reports whether a write may begin; Close waits until writes.Done.
func (s *Store) beginWrite() bool {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed.Load() {
		return false
	}
	s.writes.Add(1)
	return true
}
