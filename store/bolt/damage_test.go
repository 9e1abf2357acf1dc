package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"menshen/store"
	"menshen/store/storetest"
)

// damages are what a record may have become.
var damages = map[string]func(key, value []byte) ([]byte, []byte){
	"emptied":      func(k, _ []byte) ([]byte, []byte) { return k, nil },
	"halved":       func(k, v []byte) ([]byte, []byte) { return k, v[:len(v)/2] },
	"overwritten":  func(k, v []byte) ([]byte, []byte) { return k, bytes.Repeat([]byte{0xff}, len(v)) },
	"of version 3": func(k, v []byte) ([]byte, []byte) { return k, append([]byte{recordVersion + 1}, v[min(1, len(v)):]...) },
	"longer":       func(k, v []byte) ([]byte, []byte) { return k, append(bytes.Clone(v), 0) },
	"changed":      func(k, v []byte) ([]byte, []byte) { return k, flipped(v) },
	"misnamed":     func(k, v []byte) ([]byte, []byte) { return k[:len(k)/2], v },
	"overnamed":    func(k, v []byte) ([]byte, []byte) { return append(bytes.Clone(k), 0), v },
}

func flipped(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) > 0 {
		b[len(b)-1] ^= 0x80
	}
	return b
}

// TestDamageIsNoDisaster damages all entries of one bucket at a time. Verbs may
// fail with the store's errors; none may panic or go on for ever.
func TestDamageIsNoDisaster(t *testing.T) {
	for name, damage := range damages {
		for _, bucket := range allBuckets[1:] { // Open reads meta, and has its own tests
			t.Run(fmt.Sprintf("%s %s", bucket, name), func(t *testing.T) {
				s := openUnchecked(t)
				alice := useEverything(t, s)
				ticket := ticketOf(t, s)
				if err := s.file.Update(func(tx *bbolt.Tx) error { return damaged(tx.Bucket(bucket), damage) }); err != nil {
					t.Fatal(err)
				}
				for _, err := range everyVerb(t, s, alice, ticket) {
					if err != nil && (!known(err) || strings.Contains(err.Error(), "panic")) {
						t.Errorf("error %v", err)
					}
				}
			})
		}
	}
}

// damaged rewrites each entry of a bucket.
func damaged(b *bbolt.Bucket, damage func(k, v []byte) ([]byte, []byte)) error {
	type entry struct{ key, value []byte }
	var entries []entry
	err := b.ForEach(func(k, v []byte) error {
		entries = append(entries, entry{bytes.Clone(k), bytes.Clone(v)})
		return nil
	})
	for _, e := range entries {
		key, value := damage(e.key, e.value)
		err = errors.Join(err, b.Delete(e.key), b.Put(key, value))
	}
	return err
}

// known reports whether an error is one that store.Store promises.
func known(err error) bool {
	for _, promised := range []error{
		store.ErrNotFound, store.ErrSessionEnded, store.ErrUserBlocked, store.ErrPhoneTaken, store.ErrScanLoginTaken,
		store.ErrDamaged,
	} {
		if errors.Is(err, promised) {
			return true
		}
	}
	return false
}

// everyVerb calls all verbs, some of them in more ways than one, and returns what
// they answer: errors, and nil.
func everyVerb(t *testing.T, s *Store, alice store.LoggedIn, ticket store.ScanLogin) []error {
	ctx, byLogin := t.Context(), store.UserOrder{By: store.ByLastLoginAt}
	errs := []error{
		errorOf(s.Users(ctx, store.UserQuery{Order: byLogin, Limit: 10})),
		errorOf2(s.CountUsers(ctx, store.UserFilter{AppID: app})),
		errorOf2(s.CountUsers(ctx, store.UserFilter{Search: "alice"})),
		errorOf2(s.CountAuditEvents(ctx, store.AuditFilter{UserID: alice.User.ID, Action: store.ActionMerge})),
		errorOf(s.Backup(ctx, io.Discard)),
		errorOf2(s.Compact(ctx)),
		errorOf(s.Login(ctx, loginWith("bob", "union-alice"))),
	}
	for _, verb := range storetest.Verbs(s, alice, store.NewID(store.EventPrefix, begin), ticket) {
		errs = append(errs, verb.Call(ctx))
	}
	s.options.Now = func() time.Time { return begin.Add(2 * s.options.SessionLife) }
	return append(errs, errorOf(s.Sweep(ctx, 100)))
}

// TestDamageIsTold finds damage of each sealed or packed record.
func TestDamageIsTold(t *testing.T) {
	reads := map[string]func(*Store, store.LoggedIn) error{
		"users":    func(s *Store, in store.LoggedIn) error { return errorOf(s.User(t.Context(), in.User.ID)) },
		"sessions": func(s *Store, in store.LoggedIn) error { return errorOf(s.Session(t.Context(), in.Session.ID)) },
		"audit": func(s *Store, _ store.LoggedIn) error {
			return errorOf(s.AuditEvents(t.Context(), store.AuditQuery{Limit: 10}))
		},
		"keys": func(s *Store, _ store.LoggedIn) error { return errorOf(s.Secret(t.Context(), "token")) },
		"scan_logins": func(s *Store, _ store.LoggedIn) error {
			return errorOf(s.ScanLogin(t.Context(), ticketOf(t, s).ID))
		},
		"identities": func(s *Store, _ store.LoggedIn) error { return errorOf(s.SessionKeys(t.Context(), app, "alice")) },
	}
	for bucket, read := range reads {
		for _, name := range []string{"emptied", "halved", "overwritten", "longer"} {
			t.Run(bucket+" "+name, func(t *testing.T) {
				s := openUnchecked(t)
				alice := useEverything(t, s)
				if err := read(s, alice); err != nil {
					t.Fatal(err)
				}
				err := s.file.Update(func(tx *bbolt.Tx) error { return damaged(tx.Bucket([]byte(bucket)), damages[name]) })
				if err != nil {
					t.Fatal(err)
				}
				if err := read(s, alice); !errors.Is(err, store.ErrDamaged) {
					t.Errorf("error %v, want ErrDamaged", err)
				}
			})
		}
	}
}

// TestOpenDamaged opens files whose first records are damaged.
func TestOpenDamaged(t *testing.T) {
	for name, damage := range damages {
		for _, key := range [][]byte{keyVersion, keyRing} {
			t.Run(fmt.Sprintf("%s %s", key, name), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "menshen.db")
				closeTest(t, mustOpen(t, path, testOptions()))
				raw(t, path, func(tx *bbolt.Tx) error {
					meta := tx.Bucket(bucketMeta)
					k, v := damage(bytes.Clone(key), bytes.Clone(meta.Get(key)))
					return errors.Join(meta.Delete(key), meta.Put(k, v))
				})
				if s, err := Open(path, keyFileOf(path), testOptions()); err == nil {
					closeTest(t, s)
					t.Error("it was opened")
				}
			})
		}
	}
}

// TestOpenTorn opens files that have lost their end.
func TestOpenTorn(t *testing.T) {
	s := openUnchecked(t)
	for range 200 {
		mustLogin(t, s, login("alice"))
	}
	origin := s.file.Path()
	var used int // the file may be longer
	if err := s.file.View(func(tx *bbolt.Tx) error { used = int(tx.Size()); return nil }); err != nil {
		t.Fatal(err)
	}
	closeTest(t, s)
	text, err := os.ReadFile(origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 4096, 8192, 12288, 16384, used / 2, used - 1} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			path := fileOf(t, text[:size])
			if torn, err := Open(path, keyFileOf(origin), testOptions()); err == nil {
				closeTest(t, torn)
				t.Error("it was opened")
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(after, text[:size]) {
				t.Errorf("it was changed: %d bytes, %v", len(after), err)
			}
		})
	}
}

// breakSession logs alice in and damages her session.
func breakSession(t *testing.T, s *Store) {
	t.Helper()
	session := mustLogin(t, s, login("alice")).Session
	id := rawSession(session.ID)
	err := s.file.Update(func(t *bbolt.Tx) error { return t.Bucket(bucketSessions).Put(id[:], []byte("?")) })
	if err != nil {
		t.Fatal(err)
	}
}

// TestDamagedSessionLocksNobodyOut damages one of a user's sessions.
func TestDamagedSessionLocksNobodyOut(t *testing.T) {
	s := openUnchecked(t)
	breakSession(t, s)
	whole := mustLogin(t, s, login("alice")).Session
	if live, err := s.Sessions(t.Context(), whole.UserID); err != nil || len(live) != 1 || live[0].ID != whole.ID {
		t.Errorf("sessions %v, %v", live, err)
	}
	if n, err := s.EndSessions(t.Context(), whole.UserID, store.Actor{}); n != 1 || err != nil {
		t.Errorf("ended %d, %v", n, err)
	}
}

// TestSweepGoesOnBehindDamage damages the sessions that end first.
func TestSweepGoesOnBehindDamage(t *testing.T) {
	s := openUnchecked(t)
	for range 3 {
		breakSession(t, s)
	}
	s.options.Now = func() time.Time { return begin.Add(time.Hour) }
	for range 5 {
		mustLogin(t, s, login("bob"))
	}
	s.options.Now = func() time.Time { return begin.Add(2 * s.options.SessionLife) }
	for _, want := range []int{2, 2, 1, 0} {
		if n, err := s.Sweep(t.Context(), 2); n != want || !errors.Is(err, store.ErrDamaged) {
			t.Errorf("swept %d, %v, want %d and the damage told", n, err, want)
		}
	}
}

// TestSweepTakesTicketsThatDoNotRead damages a ticket that a session claimed.
func TestSweepTakesTicketsThatDoNotRead(t *testing.T) {
	s := openTest(t, testOptions())
	useEverything(t, s)
	err := s.file.Update(func(tx *bbolt.Tx) error { return damaged(tx.Bucket(bucketScanLogins), damages["halved"]) })
	if err != nil {
		t.Fatal(err)
	}
	if len(problemsOf(t, s)) == 0 {
		t.Error("the damage is not told while the ticket is kept")
	}
	over := begin.Add(store.ScanLoginLife + store.ScanLoginKept)
	for want, now := range []time.Time{over.Add(-time.Millisecond), over} {
		s.options.Now = func() time.Time { return now }
		if n, err := s.Sweep(t.Context(), 100); n != want || err != nil {
			t.Errorf("%v after it was opened: swept %d, %v, want %d", now.Sub(begin), n, err, want)
		}
	}
	checkStore(t, s)
}

// ticketOf names the ticket of a store that was used for everything.
func ticketOf(t *testing.T, s *Store) store.ScanLogin {
	t.Helper()
	keys := keysOf(t, s, "scan_logins")
	return store.ScanLogin{ID: rawID([]byte(keys[0])).Text(store.ScanLoginPrefix)}
}
