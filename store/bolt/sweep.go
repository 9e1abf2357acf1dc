package bolt

import (
	"bytes"
	"context"
	"errors"
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
			removed = max(removed, n)
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

// sweeper removes what a bucket whose keys begin with a time says is over.
type sweeper struct {
	bucket []byte
	over   func(t *tx) []byte            // the bound behind what is over
	remove func(t *tx, key []byte) error // everything but the key itself
}

var sweepers = []sweeper{
	{bucketSessionsByEnd, overNow, func(t *tx, key []byte) error {
		session, err := t.keptSession(rawID(named(key)))
		if err != nil {
			return err
		}
		return t.endSession(session)
	}},
	{bucketKeysByEnd, overNow, func(t *tx, key []byte) error {
		appID, openID := splitIdentityKey(named(key))
		before, known, err := t.identity(appID, openID)
		after := before
		after.keys = store.LiveSessionKeys(before.keys, t.now)
		if err != nil || !known || len(after.keys) == len(before.keys) {
			return err
		}
		return t.putIdentity(appID, openID, before, after)
	}},
	{bucketScanLogins, overScanLogins, func(t *tx, key []byte) error {
		ticket, err := t.keptScanLogin(rawID(key))
		if err != nil { // its key alone says that it is over, and it may hold an address
			return t.forgetScanLogin(rawID(key))
		}
		return t.replace(entriesOfScanLogin(ticket), nil)
	}},
	{bucketMessagesByEnd, overNow, func(t *tx, key []byte) error {
		if t.get(bucketMessages, named(key)) == nil {
			return dangling("message")
		}
		return t.delete(bucketMessages, named(key))
	}},
	{bucketAudit, overAuditRetention, func(t *tx, key []byte) error {
		event, err := t.event(rawID(key))
		if err != nil {
			return err
		}
		return errors.Join(t.replace(entriesOfEvent(rawID(key), event), nil), t.add(bucketMeta, keyEvents, -1))
	}},
}

// overNow is the bound of an index by end: at its end a thing is over.
func overNow(t *tx) []byte { return at(t.now.Add(time.Millisecond), nil) }

// overScanLogins is by the id, which says when a ticket was opened.
func overScanLogins(t *tx) []byte {
	return idsFrom(t.now.Add(time.Millisecond - store.ScanLoginLife - store.ScanLoginKept))
}

func overAuditRetention(t *tx) []byte { return idsFrom(t.now.Add(-t.options.AuditRetention)) }

// named is what a key of an index by end names.
func named(key []byte) []byte { return key[min(8, len(key)):] }

// sweep removes at most limit of what is over. What is damaged is passed over: it
// stays for a person to look at, and what comes behind it is swept all the same.
// The error is store.ErrDamaged, beside what was removed, or one that ends the
// transaction.
func (t *tx) sweep(s sweeper, limit int) (removed int, err error) {
	var from []byte
	var damage error
	for removed < limit {
		keys := t.keysFrom(s.bucket, nil, from, limit)
		for _, key := range keys {
			if bytes.Compare(key, s.over(t)) >= 0 || removed == limit {
				return removed, damage
			}
			err := s.remove(t, key)
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

// CountSessions counts the sessions that are neither ended nor swept.
func (s *Store) CountSessions(ctx context.Context) (n int, err error) {
	err = s.view(ctx, "count_sessions", func(t *tx) error {
		n = t.counter(bucketMeta, keySessions)
		return nil
	})
	return n, err
}
