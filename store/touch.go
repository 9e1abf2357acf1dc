package store

import (
	"context"
	"sync"
	"time"
)

// Touches remembers when sessions were used until an engine writes it down, so that
// a read costs no write. A crash forgets them; nobody was told that they are kept.
// The zero value is ready, and safe for concurrent use.
type Touches struct {
	mu   sync.Mutex
	used map[string]time.Time
}

const (
	// touchAfter leaves the sweep a minute within LastUsedAccuracy.
	touchAfter = LastUsedAccuracy - time.Minute
	maxTouches = 1 << 16
	touchBatch = 200 // that an engine writes down in one transaction
)

// Note remembers that the session is used now, if it has not been for a while and
// there is room.
func (t *Touches) Note(session Session, now time.Time) {
	if now.Sub(session.LastUsedAt) < touchAfter {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(session.ID, now)
}

func (t *Touches) note(id string, at time.Time) {
	if t.used == nil {
		t.used = make(map[string]time.Time)
	}
	if earlier, noted := t.used[id]; noted && at.After(earlier) || !noted && len(t.used) < maxTouches {
		t.used[id] = at
	}
}

// Flush has write keep all touches, in batches by the session's id, until none is left
// or the context ends. write runs to its end in any case; what it fails to keep is
// noted again, and its error returned.
func (t *Touches) Flush(ctx context.Context, write func(context.Context, map[string]time.Time) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		taken := t.Take(touchBatch)
		if len(taken) == 0 {
			return nil
		}
		if err := write(context.WithoutCancel(ctx), taken); err != nil {
			t.putBack(taken)
			return err
		}
	}
}

func (t *Touches) putBack(taken map[string]time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, at := range taken {
		t.note(id, at)
	}
}

// Take returns at most n touches, by the session's id, and forgets them.
func (t *Touches) Take(n int) map[string]time.Time {
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

// Forget drops the touches of sessions that are gone for good.
func (t *Touches) Forget(ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		delete(t.used, id)
	}
}
