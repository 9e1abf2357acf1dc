// Package bolt keeps the store in one bbolt file.
//
// The buckets, with their keys and values. The drawing is tested against the
// file; it changes together with a migration and a new version.
//
//	meta              "version" → uint32; "sessions" → uint64, sessions not yet ended
//	                  "ring" → the key ring, sealed by the key file
//	keys              name → a key set, sealed by the ring
//	users             user id → user; the phone number in it is sealed
//	identities        AppID, NUL, OpenID → user id; session_keys, sealed
//	unionids          unionid → user id
//	phones            keyed hash of the canonical number → user id
//	sessions          session id → session
//	sessions_by_user  user id, session id → nothing
//	sessions_by_end   expiry in milliseconds, session id → nothing
//	keys_by_end       when a replaced session_key must be gone, in milliseconds,
//	                  AppID, NUL, OpenID → nothing
//	audit             event id → event
//
// Ids are the 16 bytes of store.RawID, numbers in keys big-endian, so that the
// order of keys is the order of time. A refresh token needs no index: it
// carries its session's id.
//
// bbolt gives its file to one process. Readers never wait. Writers that come
// together share one transaction (see committer).
package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"menshen/store"
	"menshen/store/seal"
)

var (
	bucketMeta           = []byte("meta")
	bucketKeys           = []byte("keys")
	bucketUsers          = []byte("users")
	bucketIdentities     = []byte("identities")
	bucketUnionIDs       = []byte("unionids")
	bucketPhones         = []byte("phones")
	bucketSessions       = []byte("sessions")
	bucketSessionsByUser = []byte("sessions_by_user")
	bucketSessionsByEnd  = []byte("sessions_by_end")
	bucketKeysByEnd      = []byte("keys_by_end")
	bucketAudit          = []byte("audit")

	buckets = [][]byte{
		bucketMeta, bucketKeys, bucketUsers, bucketIdentities, bucketUnionIDs, bucketPhones,
		bucketSessions, bucketSessionsByUser, bucketSessionsByEnd, bucketKeysByEnd, bucketAudit,
	}

	keyVersion  = []byte("version")
	keySessions = []byte("sessions")
	keyRing     = []byte("ring")
)

// Store is the store in a bbolt file.
type Store struct {
	options   store.Options
	db        *bbolt.DB
	committer committer
	touched   touches

	ring   atomic.Pointer[seal.Ring]
	ringMu sync.Mutex // held while the ring changes
	key    seal.Key
}

var _ store.Store = (*Store)(nil)

// lockTimeout is how long Open waits for another process to let go of the
// file: long enough for a restart, short enough to tell a person.
const lockTimeout = time.Second

// Open opens the file, or makes it and its directory with modes 0600 and 0700.
// The key file is made with a new store only; an existing one needs its own.
// It fails with store.ErrInUse, store.ErrNewer, store.ErrDamaged,
// seal.ErrWrongKey, and the errors of seal.KeyFile.Key.
func Open(path string, keyFile seal.KeyFile, options store.Options) (*Store, error) {
	if options.SessionLife <= 0 || options.MaxSessions < 1 {
		return nil, errors.New("bolt: open: SessionLife and MaxSessions must be positive")
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Observe == nil {
		options.Observe = func(string, time.Duration) {}
	}
	if err := refuseEmptied(path, keyFile); err != nil {
		return nil, err
	}
	db, err := openFile(path)
	if err != nil {
		return nil, err
	}
	s := &Store{options: options, db: db}
	s.committer.db = db
	if err := whole(path, func() error { return s.prepare(keyFile) }); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// refuseEmptied stops before a file that was cut to nothing is taken for a new
// one: the key file shows that there was a store.
func refuseEmptied(path string, keyFile seal.KeyFile) error {
	file, err := os.Stat(path)
	if err != nil || file.Size() > 0 {
		return nil
	}
	if _, err := os.Stat(string(keyFile)); err != nil {
		return nil
	}
	return fmt.Errorf("%w: %s is empty; put its backup there, or remove it to begin a new store", store.ErrDamaged, path)
}

// openFile opens or makes the file. One that it could not finish making does
// not stay: it would look like a damaged store.
func openFile(path string) (db *bbolt.DB, err error) {
	if err := seal.MakeDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("bolt: open: %w", err)
	}
	_, absent := os.Stat(path)
	err = whole(path, func() (err error) {
		// The freelist stays synced (bbolt's default): without it a crashed file
		// of a million users takes seconds to open.
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
		return err
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%w: %s", store.ErrInUse, path)
	case err != nil && errors.Is(absent, fs.ErrNotExist):
		return nil, errors.Join(fmt.Errorf("bolt: make the store: %w", err), removeUnfinished(path))
	case errors.Is(err, store.ErrDamaged):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("bolt: open %s: %w", path, err)
	}
	if err := seal.SyncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(fmt.Errorf("bolt: open: %w", err), db.Close())
	}
	return db, nil
}

// removeUnfinished removes a file that is too short to be a store, if there is
// one. A longer file stays whatever went wrong: since we looked, another process
// may have made it and answered for what is in it.
func removeUnfinished(path string) error {
	file, err := os.Stat(path)
	if err != nil || file.Size() >= initialPages*int64(os.Getpagesize()) {
		return nil
	}
	return os.Remove(path)
}

// initialPages are written into every new bbolt file: two meta pages, a freelist
// and a leaf.
const initialPages = 4

// whole runs fn, which reads the file for the first time. bbolt panics, and the
// kernel faults, on pages of a file that has lost its end.
func whole(path string, fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%w: %s has lost its end or is no store; put its backup there", store.ErrDamaged, path)
		}
	}()
	return fn()
}

// prepare migrates the file and opens the key ring, making both for a new one.
// It writes only where there is something to make.
func (s *Store) prepare(keyFile seal.KeyFile) error {
	var had int
	err := s.db.View(func(t *bbolt.Tx) (err error) {
		if had, err = version(t); err != nil {
			return err
		}
		return checkSize(t, s.db.Path())
	})
	if err != nil {
		return err
	}
	if had < len(migrations) {
		if err := s.db.Update(func(t *bbolt.Tx) error { return s.migrate(t, had, keyFile) }); err != nil {
			return err
		}
	}
	return s.db.View(func(t *bbolt.Tx) error { return s.openRing(t, keyFile) })
}

// checkSize refuses a file that has lost its end: a torn copy, or a restore that
// did not finish.
func checkSize(t *bbolt.Tx, path string) error {
	file, err := os.Stat(path)
	if err != nil {
		return err
	}
	if file.Size() < t.Size() {
		return fmt.Errorf("%w: %s has %d bytes, it had %d; put its backup there", store.ErrDamaged, path, file.Size(), t.Size())
	}
	return nil
}

// migrate brings the file to the newest version; a new one gets its key file
// and its ring.
func (s *Store) migrate(t *bbolt.Tx, had int, keyFile seal.KeyFile) error {
	if err := upgrade(t, had); err != nil || had > 0 {
		return err
	}
	key, err := keyFile.Key(true)
	if err != nil {
		return err
	}
	ring, err := seal.NewRing()
	if err != nil {
		return err
	}
	s.key = key
	return s.putRing(t, ring)
}

func (s *Store) openRing(t *bbolt.Tx, keyFile seal.KeyFile) error {
	key, err := keyFile.Key(false)
	if err != nil {
		return err
	}
	ring, err := seal.OpenRing(key, t.Bucket(bucketMeta).Get(keyRing))
	if err != nil {
		return err
	}
	s.key = key
	s.ring.Store(ring)
	return nil
}

// Close waits for the writes under way and closes the file.
func (s *Store) Close() error {
	flushErr := s.flushTouches(context.Background())
	if !s.committer.close() {
		return nil
	}
	return errors.Join(flushErr, s.db.Close())
}

// Ping answers nil when the file can be read and the last write did not fail.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.committer.health(); err != nil {
		return err
	}
	return s.view(ctx, "ping", func(t *tx) error {
		if t.get(bucketMeta, keyVersion) == nil {
			return store.ErrDamaged
		}
		return nil
	})
}

// Commits returns how many transactions have been written since Open.
func (s *Store) Commits() uint64 { return s.committer.commits.Load() }

// tx is a transaction with what every verb needs. It notes whether it wrote,
// so that a verb that only refused leaves its company's transaction clean.
type tx struct {
	*bbolt.Tx
	now   time.Time // to the millisecond, as it will be read again
	ring  *seal.Ring
	wrote bool
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

// count adds to a counter in meta.
func (t *tx) count(key []byte, add int) error {
	n := int64(t.counted(key)) + int64(add)
	if n < 0 {
		return fmt.Errorf("%w: counter %s below zero", store.ErrDamaged, key)
	}
	return t.put(bucketMeta, key, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func (t *tx) counted(key []byte) uint64 {
	b := t.get(bucketMeta, key)
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func (s *Store) newTx(t *bbolt.Tx, ring *seal.Ring) *tx {
	return &tx{Tx: t, now: s.options.Now().UTC().Truncate(time.Millisecond), ring: ring}
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
		err = s.db.View(func(t *bbolt.Tx) error { return fn(s.newTx(t, ring)) })
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
