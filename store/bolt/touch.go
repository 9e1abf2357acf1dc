package bolt

import (
	"context"
	"errors"
	"sync"
	"time"

	"menshen/store"
)

// touches remembers when sessions were used until the next Sweep, so that a
// read costs no write. A crash forgets them; nobody was told that they are kept.
type touches struct {
	mu   sync.Mutex
	used map[string]time.Time
}

const (
	// touchAfter leaves the sweep a minute within store.LastUsedAccuracy.
	touchAfter = store.LastUsedAccuracy - time.Minute
	maxTouches = 1 << 16
	touchBatch = 200
)

// note remembers that the session is used now, if it has not been for a while.
func (t *touches) note(session store.Session, now time.Time) {
	if now.Sub(session.LastUsedAt) < touchAfter {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.used == nil {
		t.used = make(map[string]time.Time)
	}
	if _, noted := t.used[session.ID]; noted || len(t.used) < maxTouches {
		t.used[session.ID] = now
	}
}

// take returns at most n touches and forgets them.
func (t *touches) take(n int) map[string]time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := make(map[string]time.Time, min(n, len(t.used)))
	for id, at := range t.used {
		if len(taken) == n {
			break
		}
		taken[id] = at
		delete(t.used, id)
	}
	return taken
}

// forget drops the touches of sessions that are gone for good.
func (t *touches) forget(ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		delete(t.used, id)
	}
}

func (s *Store) flushTouches(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		taken := s.touched.take(touchBatch)
		if len(taken) == 0 {
			return nil
		}
		err := s.update(context.WithoutCancel(ctx), "touch", func(t *tx) error { return t.touch(taken) })
		if err != nil {
			return err
		}
	}
}

func (t *tx) touch(used map[string]time.Time) error {
	for id, at := range used {
		session, err := t.liveSession(id)
		if errors.Is(notFound(err), store.ErrNotFound) {
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
