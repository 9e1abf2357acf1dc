package bolt

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/seal"
)

// renewSealing seals everything with a new key and forgets the one before.
func renewSealing(t *testing.T, s *Store) {
	t.Helper()
	if err := s.RotateSealing(t.Context()); err != nil {
		t.Error(err)
	}
	if pruned, err := s.PruneSealing(t.Context()); err != nil || len(pruned) != 1 {
		t.Errorf("pruned %q, %v", pruned, err)
	}
}

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
	makeRoom(t, s)
	for range 100 {
		mustLogin(t, s, login("alice"))
	}
	alice := useEverything(t, s).User
	overtake := func() { renewSealing(t, s) }
	for name, read := range readers(t, s, alice.ID) {
		inRead.Store(&overtake)
		if err := read(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// makeRoom leaves a megabyte free in the file, so that no write has to map it
// anew under a reader.
func makeRoom(t *testing.T, s *Store) {
	t.Helper()
	for _, size := range []int{1 << 20, 0} {
		err := s.UpdateSecret(t.Context(), "room", func([]byte) ([]byte, error) { return make([]byte, size), nil })
		if err != nil {
			t.Fatal(err)
		}
	}
}

// readers read something of each kind that is sealed, and all events there are.
func readers(t *testing.T, s *Store, userID string) map[string]func() error {
	t.Helper()
	events, _, err := s.CountAuditEvents(t.Context(), store.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]func() error{
		"user":         func() error { return errorOf(s.User(t.Context(), userID)) },
		"session_keys": func() error { return errorOf(s.SessionKeys(t.Context(), app, "alice")) },
		"secret":       func() error { return errorOf(s.Secret(t.Context(), "token")) },
		"phone": func() error {
			return errorOf(s.UserByPhone(t.Context(), store.Phone{PureNumber: secretPhone, CountryCode: "86"}))
		},
		"audit": func() error {
			page, err := s.AuditEvents(t.Context(), store.AuditQuery{Limit: 1000})
			if err == nil && len(page.Events) != events {
				t.Errorf("%d audit events, want %d", len(page.Events), events)
			}
			return err
		},
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
	renewSealing(t, s)
	err := s.view(t.Context(), "look", func(tx *tx) error {
		// The ring holds the newest key alone: what opens is sealed with it.
		_, _, identityErr := tx.identity(app, "alice")
		_, keysErr := tx.secret("token")
		_, userErr := tx.user(alice.ID)
		if err := errors.Join(identityErr, keysErr, userErr); err != nil || len(tx.ring.Keys()) != 1 {
			t.Errorf("%d keys, %v", len(tx.ring.Keys()), err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
