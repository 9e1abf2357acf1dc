package bolt

import (
	"context"
	"errors"
	"time"

	"menshen/store"
)

func (s *Store) flushTouches(ctx context.Context) error {
	return s.touched.Flush(ctx, func(ctx context.Context, used map[string]time.Time) error {
		return s.update(ctx, "touch", func(t *tx) error { return t.touch(used) })
	})
}

// touch passes over sessions that are gone, and those that are damaged, which nobody
// can use: they must not keep the others from being written down.
func (t *tx) touch(used map[string]time.Time) error {
	for id, at := range used {
		session, err := t.liveSession(id)
		if errors.Is(notFound(err), store.ErrNotFound) || errors.Is(err, store.ErrDamaged) {
			continue
		}
		if err != nil {
			return err
		}
		if at.Before(session.LastUsedAt) {
			continue
		}
		session.LastUsedAt = at
		if err := t.putSession(session); err != nil {
			return err
		}
	}
	return nil
}
