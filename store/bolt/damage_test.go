package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"menshen/store"
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
		for _, bucket := range slices.Concat(bucketsOf1[1:], bucketsOf2) { // Open reads meta, and has its own tests
			t.Run(fmt.Sprintf("%s %s", bucket, name), func(t *testing.T) {
				s := openUnchecked(t)
				alice := useEverything(t, s)
				if err := s.db.Update(func(tx *bbolt.Tx) error { return damaged(tx.Bucket(bucket), damage) }); err != nil {
					t.Fatal(err)
				}
				errs := everyVerb(t, s, alice)
				for _, err := range errs {
					if !known(err) || strings.Contains(err.Error(), "panic") {
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
	for _, promised := range []error{store.ErrNotFound, store.ErrSessionEnded, store.ErrUserBlocked, store.ErrDamaged, store.ErrPhoneTaken} {
		if errors.Is(err, promised) {
			return true
		}
	}
	return false
}

// everyVerb calls all verbs and returns the errors.
func everyVerb(t *testing.T, s *Store, alice store.LoggedIn) (errs []error) {
	ctx, userID, id, app := t.Context(), alice.User.ID, alice.Session.ID, alice.Session.AppID
	number := store.Phone{PureNumber: secretPhone, CountryCode: "86"}
	bob, by := login("bob"), store.Actor{ID: userID}
	bob.UnionID = "union-alice"
	everybody := store.UserQuery{Order: store.UserOrder{By: store.ByLastLoginAt}, Limit: 10}
	for _, verb := range []func() error{
		func() error { _, _, err := s.Authenticate(ctx, id); return err },
		func() error { _, err := s.Session(ctx, id); return err },
		func() error { _, err := s.Sessions(ctx, userID); return err },
		func() error { _, err := s.SessionKeys(ctx, app, "alice"); return err },
		func() error { _, err := s.User(ctx, userID); return err },
		func() error { _, err := s.UserByIdentity(ctx, app, "alice"); return err },
		func() error { _, err := s.UserByUnionID(ctx, "union-alice"); return err },
		func() error { _, err := s.UserByPhone(ctx, number); return err },
		func() error { _, err := s.Users(ctx, everybody); return err },
		func() error { _, _, err := s.CountUsers(ctx, store.UserFilter{AppID: app}); return err },
		func() error { _, _, err := s.CountUsers(ctx, store.UserFilter{Search: "alice"}); return err },
		func() error { _, err := s.Activity(ctx, today, today, app); return err },
		func() error { _, err := s.Secret(ctx, "token"); return err },
		func() error { _, err := s.AuditEvents(ctx, store.AuditQuery{Limit: 10}); return err },
		func() error { _, err := s.AuditEvent(ctx, store.NewID(store.EventPrefix, begin)); return err },
		func() error {
			_, _, err := s.CountAuditEvents(ctx, store.AuditFilter{UserID: userID, Action: store.ActionMerge})
			return err
		},
		func() error { _, err := s.Export(ctx, userID); return err },
		func() error { _, err := s.LiveSessions(ctx); return err },
		func() error { _, err := s.OldestSession(ctx); return err },
		func() error { _, err := s.Check(ctx, func(string) {}); return err },
		func() error { _, err := s.Backup(ctx, io.Discard); return err },
		func() error { _, err := s.Login(ctx, bob); return err },
		func() error { _, err := s.Login(ctx, login("alice")); return err },
		func() error { return s.RefuseLogin(ctx, store.RefusedLogin{AppID: app, OpenID: "alice"}) },
		func() error { _, err := s.KeepProfile(ctx, userID, store.Profile{NickName: "name"}); return err },
		func() error { _, err := s.UpdateProfile(ctx, userID, store.ProfileChange{}); return err },
		func() error { _, err := s.BindPhone(ctx, userID, number, by); return err },
		func() error { _, err := s.UnbindPhone(ctx, userID, by); return err },
		func() error { _, err := s.SetRole(ctx, userID, store.RoleUser, by); return err },
		func() error { _, _, err := s.Refresh(ctx, store.Refresh{SessionID: id}); return err },
		func() error { return s.EndSession(ctx, userID, id, by) },
		func() error { _, err := s.Block(ctx, userID, "spam", by); return err },
		func() error { _, err := s.Unblock(ctx, userID, by); return err },
		func() error { _, err := s.EndSessions(ctx, userID, by); return err },
		func() error { return s.RotateSealing(ctx) },
		func() error { _, err := s.PruneSealing(ctx); return err },
		func() error { _, _, err := s.Compact(ctx); return err },
		func() error {
			return s.Withdraw(ctx, store.Withdrawal{MessageID: [32]byte{2}, AppID: app, OpenID: "alice", NickName: true, Phone: true})
		},
		func() error { _, err := s.DeleteUser(ctx, userID, by); return err },
		func() error {
			s.options.Now = func() time.Time { return begin.Add(2 * s.options.SessionLife) }
			_, err := s.Sweep(ctx, 100)
			return err
		},
	} {
		if err := verb(); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// TestDamageIsTold finds damage of each sealed or packed record.
func TestDamageIsTold(t *testing.T) {
	reads := map[string]func(*testing.T, *Store, store.LoggedIn) error{
		"users": func(t *testing.T, s *Store, in store.LoggedIn) error {
			_, err := s.User(t.Context(), in.User.ID)
			return err
		},
		"sessions": func(t *testing.T, s *Store, in store.LoggedIn) error {
			_, err := s.Session(t.Context(), in.Session.ID)
			return err
		},
		"audit": func(t *testing.T, s *Store, _ store.LoggedIn) error {
			_, err := s.AuditEvents(t.Context(), store.AuditQuery{Limit: 10})
			return err
		},
		"keys": func(t *testing.T, s *Store, _ store.LoggedIn) error {
			_, err := s.Secret(t.Context(), "token")
			return err
		},
		"identities": func(t *testing.T, s *Store, in store.LoggedIn) error {
			_, err := s.SessionKeys(t.Context(), in.Session.AppID, "alice")
			return err
		},
	}
	for bucket, read := range reads {
		for _, name := range []string{"emptied", "halved", "overwritten", "longer"} {
			t.Run(bucket+" "+name, func(t *testing.T) {
				s := openUnchecked(t)
				alice := useEverything(t, s)
				if err := read(t, s, alice); err != nil {
					t.Fatal(err)
				}
				err := s.db.Update(func(tx *bbolt.Tx) error { return damaged(tx.Bucket([]byte(bucket)), damages[name]) })
				if err != nil {
					t.Fatal(err)
				}
				if err := read(t, s, alice); !errors.Is(err, store.ErrDamaged) {
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
	origin := s.db.Path()
	var used int // the file may be longer
	if err := s.db.View(func(tx *bbolt.Tx) error { used = int(tx.Size()); return nil }); err != nil {
		t.Fatal(err)
	}
	closeTest(t, s)
	text, err := os.ReadFile(origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 4096, 8192, 12288, 16384, used / 2, used - 1} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "menshen.db")
			if err := os.WriteFile(path, text[:size], 0o600); err != nil {
				t.Fatal(err)
			}
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

// TestDamagedSessionLocksNobodyOut damages one of a user's sessions.
func TestDamagedSessionLocksNobodyOut(t *testing.T) {
	s := openUnchecked(t)
	broken := mustLogin(t, s, login("alice")).Session
	_, id := sessionIDs(broken)
	err := s.db.Update(func(t *bbolt.Tx) error { return t.Bucket(bucketSessions).Put(id[:], []byte("?")) })
	if err != nil {
		t.Fatal(err)
	}
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
		_, id := sessionIDs(mustLogin(t, s, login("alice")).Session)
		err := s.db.Update(func(t *bbolt.Tx) error { return t.Bucket(bucketSessions).Put(id[:], []byte("?")) })
		if err != nil {
			t.Fatal(err)
		}
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
