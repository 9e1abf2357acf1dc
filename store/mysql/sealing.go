package mysql

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"menshen/store"
	"menshen/store/seal"
)

// SealingKeys lists the keys that seal secrets at rest.
func (s *Store) SealingKeys(ctx context.Context) (keys []store.SealingKey, err error) {
	err = s.view(ctx, "sealing_keys", func(ctx context.Context, t *tx) error {
		keys = nil
		for _, k := range t.ring.Keys() {
			keys = append(keys, store.SealingKey{ID: k.ID, Active: k.Active})
		}
		return t.read(ctx, t.currentRing())
	})
	return keys, err
}

// RotateSealing makes a new sealing key. An attempt whose COMMIT got no answer is
// known by its key.
func (s *Store) RotateSealing(ctx context.Context) error {
	var fresh *seal.Ring
	return s.change(ctx, "rotate_sealing", func(ctx context.Context, t *tx) error {
		if err := t.read(ctx, t.lockedRing()); err != nil {
			return err
		}
		if fresh != nil && slices.Equal(t.ring.Keys(), fresh.Keys()) {
			return nil
		}
		var err error
		if fresh, err = t.ring.Rotate(); err != nil {
			return err
		}
		t.write("INSERT INTO meta (name, value, version) VALUES ('rotated', '', " + serverNow + ") ON DUPLICATE KEY UPDATE version = VALUES(version)")
		return s.putRing(t, fresh)
	})
}

// putRing writes down the ring that follows the transaction's.
func (s *Store) putRing(t *tx, next *seal.Ring) error {
	sealed, err := next.Marshal(s.key)
	if err != nil {
		return err
	}
	t.write("UPDATE meta SET value = ?, version = ? WHERE name = 'ring'", sealed, newVersion())
	return nil
}

// settling is how long after a rotation the last transaction ends that began before
// it, and so may seal with an older key: the COMMIT of the rotation, a transaction
// that began just before that, and its own COMMIT.
const settling = commitTimeout + patience + commitTimeout

// PruneSealing seals everything again with the newest key and forgets the others.
//
// What is sealed is never lost, whatever other instances do meanwhile. A transaction
// takes the newest ring when it begins, so that once the ring has settled nothing is
// sealed any more with an older key. Only then is everything sealed again, and only
// then are those keys forgotten, unless there was another rotation meanwhile.
func (s *Store) PruneSealing(ctx context.Context) ([]string, error) {
	for {
		newest, err := s.settledRing(ctx)
		if err != nil {
			return nil, err
		}
		pruned, err := s.prune(ctx, newest)
		if !errors.Is(err, errStaleRing) {
			return pruned, err
		}
	}
}

// settledRing is the newest ring, when it is old enough or has one key alone.
func (s *Store) settledRing(ctx context.Context) (newest *ring, err error) {
	var age time.Duration
	err = s.view(ctx, "settled_ring", func(ctx context.Context, t *tx) error {
		newest, age = t.ring, 0
		return t.read(ctx, t.currentRing(), ask(func(rows *sql.Rows) error {
			var ms int64
			err := rows.Scan(&ms)
			age = time.Duration(ms) * time.Millisecond
			return err
		}, "SELECT "+serverNow+" - version FROM meta WHERE name = 'rotated'"))
	})
	if err != nil || len(newest.Keys()) == 1 {
		return newest, err
	}
	return newest, wait(ctx, s.settling-max(age, 0)) // a clock may have been set back
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// prune seals everything with the newest key of a ring, and forgets the older ones.
// errStaleRing when there is another ring by then.
func (s *Store) prune(ctx context.Context, newest *ring) (ids []string, err error) {
	for _, k := range newest.Keys() {
		if !k.Active {
			ids = append(ids, k.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := s.reseal(ctx, newest); err != nil {
		return nil, err
	}
	if err := s.forgetOlderKeys(ctx, newest); err != nil {
		return nil, err
	}
	// A server that stood still may have committed since what it was sent long ago.
	// The older keys are still at hand.
	return ids, s.reseal(ctx, newest)
}

// forgetOlderKeys writes the ring down without them. It has happened already when
// another instance was faster, or an attempt's COMMIT got no answer.
func (s *Store) forgetOlderKeys(ctx context.Context, newest *ring) error {
	pruned, err := newest.Prune()
	if err != nil {
		return err
	}
	return s.change(ctx, "prune_sealing", func(ctx context.Context, t *tx) error {
		if err := t.read(ctx, t.lockedRing()); err != nil {
			return err
		}
		if slices.Equal(t.ring.Keys(), pruned.Keys()) {
			return nil
		}
		if t.ring.version != newest.version {
			return errStaleRing
		}
		return s.putRing(t, pruned)
	})
}
