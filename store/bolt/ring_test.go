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
		err := s.UpdateSecret(t.Context(), "room", func([]byte) ([]byte, error) { return make([]byte, size), nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		mustLogin(t, s, login("alice"))
	}
	alice := useEverything(t, s).User
	events, _, err := s.CountAuditEvents(t.Context(), store.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
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
		"secret":       func() error { _, err := s.Secret(t.Context(), "token"); return err },
		"phone": func() error {
			_, err := s.UserByPhone(t.Context(), store.Phone{PureNumber: secretPhone, CountryCode: "86"})
			return err
		},
		"audit": func() error {
			page, err := s.AuditEvents(t.Context(), store.AuditQuery{Limit: 1000})
			if err == nil && len(page.Events) != events {
				t.Errorf("%d audit events, want %d", len(page.Events), events)
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
		// The ring holds the newest key alone: what opens is sealed with it.
		_, _, identityErr := tx.identity("wx0000000000000001", "alice")
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
