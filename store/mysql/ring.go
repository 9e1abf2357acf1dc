package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"

	"menshen/store"
	"menshen/store/seal"
)

// ring is the key ring as this instance knows it. The database may hold another by
// now: another instance has changed it, or a failover or a backup has brought an older
// one back. So versions are compared for being the same, and are numbers by chance: no
// two rings have the same.
type ring struct {
	*seal.Ring
	version int64
}

// newVersion is the version of a ring that is about to be written.
func newVersion() int64 { return rand.Int64() }

// errStaleRing is a transaction that found another ring than its own.
var errStaleRing = errors.New("mysql: the key ring has changed")

// currentRing makes sure that what the transaction seals, it seals with a key that the
// database holds, the newest.
func (t *tx) currentRing() query { return t.sameRing("SELECT version FROM meta WHERE name = 'ring'") }

// lockedRing is currentRing for a transaction that replaces the ring.
func (t *tx) lockedRing() query {
	return t.sameRing("SELECT version FROM meta WHERE name = 'ring' FOR UPDATE")
}

func (t *tx) sameRing(text string) query {
	return ask(func(rows *sql.Rows) error {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return err
		}
		if version != t.ring.version {
			return errStaleRing
		}
		return nil
	}, text)
}

// withRing runs an attempt, and again when the ring has changed under it. A reader
// finds that out by a value that does not open.
func (s *Store) withRing(ctx context.Context, one *server, attempt func(context.Context, *server) error) error {
	for {
		before := s.ring.Load()
		err := attempt(ctx, one)
		if !errors.Is(err, errStaleRing) && !errors.Is(err, store.ErrDamaged) {
			return err
		}
		if loadErr := s.loadRing(ctx, one); loadErr != nil {
			return loadErr
		}
		if now := s.ring.Load(); before == nil || now.version == before.version {
			return err
		}
	}
}

// loadRing makes the ring of the database that of this instance.
func (s *Store) loadRing(ctx context.Context, one *server) error {
	var sealed []byte
	var version int64
	row := one.pool.QueryRowContext(ctx, "SELECT value, version FROM meta WHERE name = 'ring'")
	err := row.Scan(&sealed, &version)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%w: the key ring is missing", store.ErrDamaged)
	}
	if err != nil {
		return err
	}
	known := s.ring.Load()
	if known != nil && known.version == version {
		return nil
	}
	opened, err := seal.OpenRing(s.key, sealed)
	if err != nil {
		return err
	}
	s.ring.CompareAndSwap(known, &ring{opened, version})
	return nil
}
