// Package bolt keeps the store in one bbolt file.
//
// The buckets, with their keys and values. The drawing is tested against the
// file; it changes together with a migration and a new version.
//
//	meta              "version" → uint32; "sessions" → uint64, sessions not yet ended;
//	                  "events" → uint64, audit events; "ring" → the key ring, sealed by
//	                  the key file; "transfer" → how far a copy to here has come, until
//	                  it is whole
//	keys              name → a secret of the server's own (signing keys, access_tokens),
//	                  sealed by the ring
//	users             user id → user; the phone number in it is sealed
//	former_ids        id of a user who was absorbed → user id
//	identities        AppID, NUL, OpenID → user id; session_keys, sealed
//	unionids          unionid → user id
//	phones            keyed hash of the canonical number → user id
//	nicknames         folded nickname, NUL, user id → nothing
//	directory         facet, NUL, c or l, time of creation or of the last login in
//	                  milliseconds, user id → nothing
//	facets            facet → uint64, users in it
//	activity          day, AppID (none for all) → figures of that day
//	sessions          session id → session
//	sessions_by_user  user id, session id → nothing
//	sessions_by_end   expiry in milliseconds, session id → nothing
//	scan_logins       ticket id → ticket of scan login
//	scan_logins_by_session
//	                  session id, id of a ticket that it claimed → nothing
//	keys_by_end       when a replaced session_key must be gone, in milliseconds,
//	                  AppID, NUL, OpenID → nothing
//	audit             event id → event
//	audit_by_user     id of the user it happened to, event id → nothing
//	audit_by_actor    id of the user who did it to somebody else, event id → nothing
//	audit_by_action   action, NUL, event id → nothing; not for logins
//	messages          hash of a pushed message → when it may be forgotten, in milliseconds
//	messages_by_end   the same time, hash → nothing
//
// A facet is a group of users that the directory can be narrowed to: "users",
// which is everybody, "blocked", "admin", or "app " and an AppID.
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
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sync/semaphore"

	"menshen/store"
	"menshen/store/seal"
)

var (
	bucketMeta                = []byte("meta")
	bucketKeys                = []byte("keys")
	bucketUsers               = []byte("users")
	bucketFormerIDs           = []byte("former_ids")
	bucketIdentities          = []byte("identities")
	bucketUnionIDs            = []byte("unionids")
	bucketPhones              = []byte("phones")
	bucketNickNames           = []byte("nicknames")
	bucketDirectory           = []byte("directory")
	bucketFacets              = []byte("facets")
	bucketActivity            = []byte("activity")
	bucketSessions            = []byte("sessions")
	bucketSessionsByUser      = []byte("sessions_by_user")
	bucketSessionsByEnd       = []byte("sessions_by_end")
	bucketScanLogins          = []byte("scan_logins")
	bucketScanLoginsBySession = []byte("scan_logins_by_session")
	bucketKeysByEnd           = []byte("keys_by_end")
	bucketAudit               = []byte("audit")
	bucketAuditByUser         = []byte("audit_by_user")
	bucketAuditByActor        = []byte("audit_by_actor")
	bucketAuditByAction       = []byte("audit_by_action")
	bucketMessages            = []byte("messages")
	bucketMessagesByEnd       = []byte("messages_by_end")

	keyVersion  = []byte("version")
	keySessions = []byte("sessions")
	keyEvents   = []byte("events")
	keyRing     = []byte("ring")
	keyTransfer = []byte("transfer")
)

// Store is the store in a bbolt file.
type Store struct {
	options   store.Options
	file      file
	committer committer
	touched   store.Touches
	longJob   *semaphore.Weighted // Check, Backup and Compact run one at a time

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
// It fails with store.ErrInUse, store.ErrNewer, store.ErrUnfinished,
// store.ErrNoStore, store.ErrDamaged, seal.ErrWrongKey, and the errors of
// seal.KeyFile.Key.
func Open(path string, keyFile seal.KeyFile, options store.Options) (*Store, error) {
	return open(path, keyFile, options, mayBeNew)
}

// state is what a file must be to be opened.
type state bool

const (
	mayBeNew   state = false
	holdsStore state = true
)

func open(path string, keyFile seal.KeyFile, options store.Options, must state) (*Store, error) {
	if options.SessionLife <= 0 || options.MaxSessions < 1 || options.AuditRetention <= 0 {
		return nil, errors.New("bolt: open: SessionLife, MaxSessions and AuditRetention must be positive")
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
	if _, err := os.Stat(path); options.Existing && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s", store.ErrNoStore, path)
	}
	db, err := openFile(path)
	if err != nil {
		return nil, err
	}
	s := &Store{options: options, file: file{path: path}, longJob: semaphore.NewWeighted(1)}
	s.use(db)
	if err := whole(path, func() error { return s.prepare(keyFile, must) }); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// use makes db the file that is read and written from now on.
func (s *Store) use(db *bbolt.DB) {
	s.file.db.Store(db)
	s.committer.db = db
}

// prepare migrates the file and opens the key ring, making both for a new one.
// It writes only where there is something to make.
func (s *Store) prepare(keyFile seal.KeyFile, must state) error {
	var had int
	err := s.file.View(func(t *bbolt.Tx) (err error) {
		if had, err = version(t); err != nil {
			return err
		}
		return checkSize(t, s.file.Path())
	})
	if err != nil {
		return err
	}
	if had == 0 && must == holdsStore {
		return fmt.Errorf("%w: there is no store in %s", store.ErrDamaged, s.file.Path())
	}
	if had < len(migrations) {
		if err := s.file.Update(func(t *bbolt.Tx) error { return s.migrate(t, had, keyFile) }); err != nil {
			return err
		}
	}
	return s.file.View(func(t *bbolt.Tx) error {
		if t.Bucket(bucketMeta).Get(keyTransfer) != nil && !s.options.Unfinished {
			return store.ErrUnfinished
		}
		return s.openRing(t, keyFile)
	})
}

// migrate brings the file to the newest version; a new one gets its key file
// and its ring.
func (s *Store) migrate(t *bbolt.Tx, had int, keyFile seal.KeyFile) error {
	if had > 0 {
		if err := s.openRing(t, keyFile); err != nil {
			return err
		}
		return upgrade(s.newTx(t, s.ring.Load()), had)
	}
	if err := upgrade(s.newTx(t, nil), had); err != nil {
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
	return errors.Join(flushErr, s.file.Close())
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

// Commits returns how many transactions have been written since Open. Benchmarks
// show with it how many logins share one.
func (s *Store) Commits() uint64 { return s.committer.commits.Load() }
