package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"menshen/store"
	"menshen/store/seal"
)

// tx is a transaction with what every verb needs. It notes whether it wrote,
// so that a verb that only refused leaves its company's transaction clean.
type tx struct {
	*bbolt.Tx
	options *store.Options
	now     time.Time // to the millisecond, as it will be read again
	ring    *seal.Ring
	wrote   bool
}

func (t *tx) get(bucket, key []byte) []byte { return t.Bucket(bucket).Get(key) }

func (t *tx) put(bucket, key, value []byte) error {
	t.wrote = true
	return t.Bucket(bucket).Put(key, value)
}

func (t *tx) delete(bucket, key []byte) error {
	t.wrote = true
	return t.Bucket(bucket).Delete(key)
}

// keysFrom copies at most n keys of a bucket that begin with prefix, from one on.
// They are collected before anything is written because a bbolt cursor loses its
// place under writes.
func (t *tx) keysFrom(bucket, prefix, from []byte, n int) (keys [][]byte) {
	c := t.Bucket(bucket).Cursor()
	for k, _ := c.Seek(from); k != nil && bytes.HasPrefix(k, prefix) && len(keys) < n; k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	return keys
}

// add adds to a counter.
func (t *tx) add(bucket, key []byte, more int) error {
	n := t.counter(bucket, key) + more
	if n < 0 {
		return fmt.Errorf("%w: counter %s below zero", store.ErrDamaged, key)
	}
	return t.put(bucket, key, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func (t *tx) counter(bucket, key []byte) int {
	b := t.get(bucket, key)
	if len(b) != 8 {
		return 0
	}
	return int(binary.BigEndian.Uint64(b))
}

func (s *Store) newTx(t *bbolt.Tx, ring *seal.Ring) *tx {
	return &tx{Tx: t, options: &s.options, now: s.options.Now().UTC().Truncate(time.Millisecond), ring: ring}
}

// view runs fn in a read transaction. Slices of the file die with it: fn
// copies out what it returns.
//
// A reader holds a ring and a state of the file that were not taken at one
// instant: what it meets may be sealed with a key of the next ring. So fn runs
// again if the ring changed meanwhile, and must set all that it returns each time.
func (s *Store) view(ctx context.Context, verb string, fn func(*tx) error) (err error) {
	defer s.observe(verb, time.Now())
	if err := ctx.Err(); err != nil {
		return err
	}
	for again := true; again; {
		ring := s.ring.Load()
		err = s.file.View(func(t *bbolt.Tx) error { return fn(s.newTx(t, ring)) })
		again = errors.Is(err, store.ErrDamaged) && s.ring.Load() != ring
	}
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return store.ErrUnavailable
	}
	return err
}

// update runs fn in a write transaction and returns when it is durable. A
// write once queued is carried through, whatever becomes of the context. fn
// may run more than once and must set all that it returns each time.
func (s *Store) update(ctx context.Context, verb string, fn func(*tx) error) (err error) {
	defer s.observe(verb, time.Now())
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.committer.do(func(t *bbolt.Tx) (wrote bool, err error) {
		write := s.newTx(t, s.ring.Load())
		err = fn(write)
		return write.wrote, err
	})
}

func (s *Store) observe(verb string, began time.Time) {
	s.options.Observe(verb, time.Since(began))
}
