package bolt

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/seal"
)

// TestReadOvertakenByPrune rotates and prunes while a read holds an older state
// of the file: it must not take what it finds there for damage.
func TestReadOvertakenByPrune(t *testing.T) {
	var inRead atomic.Pointer[func()] // called by the clock, once
	options := testOptions()
	options.Now = func() time.Time {
		if overtake := inRead.Swap(nil); overtake != nil {
			(*overtake)()
		}
		return begin
	}
	s := openTest(t, options)
	for _, size := range []int{1 << 20, 0} { // room, so that no write has to map the file anew under the reader
		err := s.UpdateKeySet(t.Context(), "room", func([]byte) ([]byte, error) { return make([]byte, size), nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		mustLogin(t, s, login("alice"))
	}
	alice := useEverything(t, s).User
	overtake := func() {
		if err := s.RotateSealing(t.Context()); err != nil {
			t.Error(err)
		}
		if pruned, err := s.PruneSealing(t.Context()); err != nil || len(pruned) != 1 {
			t.Errorf("pruned %q, %v", pruned, err)
		}
	}
	reads := map[string]func() error{
		"user":         func() error { _, err := s.User(t.Context(), alice.ID); return err },
		"session_keys": func() error { _, err := s.SessionKeys(t.Context(), "wx0000000000000001", "alice"); return err },
		"key set":      func() error { _, err := s.KeySet(t.Context(), "token"); return err },
		"phone": func() error {
			_, err := s.UserByPhone(t.Context(), store.Phone{PureNumber: secretPhone, CountryCode: "86"})
			return err
		},
		"audit": func() error {
			events, err := s.AuditEvents(t.Context(), 1000)
			if err == nil && len(events) != 102 {
				t.Errorf("%d audit events, want 102", len(events))
			}
			return err
		},
	}
	for name, read := range reads {
		inRead.Store(&overtake)
		if err := read(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadOvertakenByRotation changes the ring between the ring that a read
// holds and what it finds: it has to look again, with the new ring, and once.
func TestReadOvertakenByRotation(t *testing.T) {
	s := openTest(t, testOptions())
	old := s.ring.Load()
	fresh, err := old.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	var held []*seal.Ring
	err = s.view(t.Context(), "read", func(tx *tx) error {
		held = append(held, tx.ring)
		s.ring.Store(fresh)
		return store.ErrDamaged
	})
	if !errors.Is(err, store.ErrDamaged) {
		t.Errorf("damage that stays: %v", err)
	}
	if len(held) != 2 || held[0] != old || held[1] != fresh {
		t.Errorf("read %d times, want twice with one ring after the other", len(held))
	}
}

// TestPruneSealsEverythingAgain looks at the file itself.
func TestPruneSealsEverythingAgain(t *testing.T) {
	s := openTest(t, testOptions())
	alice := useEverything(t, s).User
	if err := s.RotateSealing(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PruneSealing(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := s.view(t.Context(), "look", func(tx *tx) error {
		raw, _ := store.ParseID(store.UserPrefix, alice.ID)
		d := openRecord(tx.get(bucketIdentities, identityKey("wx0000000000000001", "alice")))
		d.id()
		user := tx.get(bucketUsers, raw[:])
		for name, sealed := range map[string][]byte{
			"session_keys": d.bytes(), "keys": tx.get(bucketKeys, []byte("token")), "phone": sealedTail(t, tx, user),
		} {
			if !tx.ring.Current(sealed) {
				t.Errorf("%s are sealed with an older key", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// sealedTail returns the sealed number at the end of a user.
func sealedTail(t *testing.T, tx *tx, user []byte) []byte {
	t.Helper()
	number := store.Phone{Number: "+86" + secretPhone, PureNumber: secretPhone, CountryCode: "86"}
	like, err := tx.sealPhone(&number, "")
	if err != nil {
		t.Fatal(err)
	}
	return user[len(user)-len(like):]
}
