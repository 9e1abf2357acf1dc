package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"menshen/store"
)

// healthQuery touches a table, which a Galera node outside the primary component
// refuses, and tells whether the server takes writes and what time it is.
const healthQuery = "SELECT @@global.read_only, " + serverNow + " FROM meta WHERE name = 'schema'"

// errNoStore is a database that nobody has migrated, or one that was emptied since.
var errNoStore = fmt.Errorf("%w: there is no store in the database", store.ErrUnavailable)

// errReadOnly is a server that was primary before a managed failover.
var errReadOnly = fmt.Errorf("%w: the server takes no writes", store.ErrUnavailable)

// health asks whether the server can work, and how far its clock is ahead of this
// machine's.
func (s *server) health(ctx context.Context) (ahead time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var name, on string // asked first: the time it takes to connect is not the clock's
	switch err := s.probe.QueryRowContext(ctx, clusterQuery).Scan(&name, &on); {
	case err == nil:
		s.galera.Store(on == "ON")
	case !errors.Is(err, sql.ErrNoRows):
		return 0, err
	}
	var readOnly string
	var ms int64
	asked := time.Now()
	switch err := s.probe.QueryRowContext(ctx, healthQuery).Scan(&readOnly, &ms); {
	case isNew(err):
		return 0, errNoStore
	case err != nil:
		return 0, err
	}
	if readOnly != "0" && readOnly != "OFF" {
		return 0, errReadOnly
	}
	answered := time.Now()
	if err := s.unbar(ctx); err != nil {
		return 0, err
	}
	return time.UnixMilli(ms).Sub(asked.Add(answered.Sub(asked) / 2)), nil
}

// writeRefusals are the numbers of errors of a server that reads and does not write: a
// full disk (3, 1021, 1026, 1114), a reader of a cluster with shared storage (1036,
// 1874), or one that was primary before a managed failover (1290, 1792, 1836).
var writeRefusals = []uint16{3, 1021, 1026, 1036, 1114, 1290, 1792, 1836, 1874}

func refusesWrites(err error) bool {
	refused := new(mysql.MySQLError)
	return errors.As(err, &refused) && slices.Contains(writeRefusals, refused.Number)
}

// unbar has a server that refused to write write something small: nothing else tells
// that a full disk has room again, or that a reader has become the primary.
func (s *server) unbar(ctx context.Context) error {
	if !s.barred.Load() {
		return nil
	}
	_, err := s.probe.ExecContext(ctx, "INSERT INTO meta (name, value, version) VALUES ('probe', '', 0) ON DUPLICATE KEY UPDATE version = version + 1")
	if err == nil {
		s.barred.Store(false)
	}
	return err
}

// watchEvery is how often each server is asked how it is. One that came back is noticed
// within it, one that fell silent dialTimeout later.
const watchEvery = time.Second

// watch asks one server how it is until the context ends.
func (s *Store) watch(ctx context.Context, one *server) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-one.doubted:
		}
		_ = s.look(ctx, one) // which notes what it finds
	}
}

// look notes whether a server can work. The clock is that of the one that is asked
// first.
func (s *Store) look(ctx context.Context, one *server) error {
	ahead, err := one.health(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, errNoStore) && s.ring.Load() == nil {
		err = nil // this process is about to make it
	}
	if err != nil {
		one.leave()
		return err
	}
	one.down.Store(false)
	if s.servers.pick(0) == one {
		s.ahead.Store(int64(ahead))
	}
	return nil
}

// lookAround looks at all servers at once: each may say nothing for dialTimeout.
func (s *Store) lookAround(ctx context.Context) {
	var all sync.WaitGroup
	for _, one := range s.servers {
		all.Go(func() { _ = s.look(ctx, one) }) // one that is down now may come back
	}
	all.Wait()
}
