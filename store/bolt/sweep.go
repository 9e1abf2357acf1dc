package bolt

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"menshen/store"
)

// Sweep removes what has expired and writes down when sessions were last used.
func (s *Store) Sweep(ctx context.Context, limit int) (removed int, err error) {
	if err := s.flushTouches(ctx); err != nil {
		return 0, err
	}
	if err := s.probe(ctx); err != nil {
		return 0, err
	}
	var damage error
	err = s.update(ctx, "sweep", func(t *tx) error {
		removed, damage = 0, nil
		for _, index := range sweepers {
			n, err := t.sweep(index, limit)
			removed += n
			if damage = errors.Join(damage, err); err != nil && !errors.Is(err, store.ErrDamaged) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return removed, damage
}

// probe writes something small after the disk was full. Where requests follow
// Ping nothing else would, and Ping would fail for ever.
func (s *Store) probe(ctx context.Context) error {
	if !s.committer.isFull() {
		return nil
	}
	return s.update(ctx, "probe", func(t *tx) error {
		return t.put(bucketMeta, keyVersion, bytes.Clone(t.get(bucketMeta, keyVersion)))
	})
}

// sweeper removes what an index by time names.
type sweeper struct {
	bucket []byte
	remove func(t *tx, name []byte) error
}

var sweepers = []sweeper{
	{bucketSessionsByEnd, func(t *tx, name []byte) error {
		session, err := t.keptSession(rawID(name))
		if err != nil {
			return err
		}
		return t.endSession(session)
	}},
	{bucketKeysByEnd, func(t *tx, name []byte) error {
		appID, openID := splitIdentityKey(name)
		who, known, err := t.identity(appID, openID)
		live := store.LiveSessionKeys(who.keys, t.now)
		if err != nil || !known || len(live) == len(who.keys) {
			return err
		}
		who.keys = live
		return t.putIdentity(appID, openID, who)
	}},
}

// sweep removes at most limit of what an index says has expired. What is
// damaged is passed over: it stays for a person to look at, and what comes
// behind it is swept all the same. The error is store.ErrDamaged, beside what was
// removed, or one that ends the transaction.
func (t *tx) sweep(s sweeper, limit int) (removed int, err error) {
	var from []byte
	var damage error
	for removed < limit {
		keys := t.keysFrom(s.bucket, from, limit)
		for _, key := range keys {
			end, name := key[:min(8, len(key))], key[min(8, len(key)):]
			if bytes.Compare(end, at(t.now, nil)) > 0 || removed == limit {
				return removed, damage
			}
			err := s.remove(t, name)
			if err == nil {
				err = t.delete(s.bucket, key)
			}
			switch {
			case errors.Is(err, store.ErrDamaged):
				damage = err
			case err != nil:
				return removed, err
			default:
				removed++
			}
			from = append(key, 0)
		}
		if len(keys) < limit {
			break
		}
	}
	return removed, damage
}

// LiveSessions counts the sessions that are neither ended nor swept.
func (s *Store) LiveSessions(ctx context.Context) (n int, err error) {
	err = s.view(ctx, "live_sessions", func(t *tx) error {
		n = int(t.counted(keySessions))
		return nil
	})
	return n, err
}

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
		if errors.Is(err, store.ErrSessionEnded) {
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
