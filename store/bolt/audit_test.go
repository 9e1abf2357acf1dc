package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"menshen/store"
)

// noteEvents writes n events about a user in one transaction.
func noteEvents(t *testing.T, s *Store, n int, action, userID string, by store.Actor) {
	t.Helper()
	err := s.update(t.Context(), "note", func(t *tx) (err error) {
		for i := range n {
			err = errors.Join(err, t.audit(action, userID, by, store.Optional(fmt.Sprint("event ", i))))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCountStopsAtItsLimit(t *testing.T) {
	s := openTest(t, testOptions())
	alice := mustLogin(t, s, login("alice")).User.ID
	counts := func(what string, f store.AuditFilter, want int, wantExact bool) {
		t.Helper()
		n, exact, err := s.CountAuditEvents(t.Context(), f)
		if n != want || exact != wantExact || err != nil {
			t.Errorf("%s: %d, exact %v, %v, want %d, %v", what, n, exact, err, want, wantExact)
		}
	}
	blocks := store.AuditFilter{Action: store.ActionBlock}
	noteEvents(t, s, store.CountLimit, store.ActionBlock, alice, store.Actor{})
	counts("as many as are counted", blocks, store.CountLimit, true)
	noteEvents(t, s, 1, store.ActionBlock, alice, store.Actor{})
	counts("one more", blocks, store.CountLimit, false)
	counts("everything", store.AuditFilter{}, store.CountLimit+2, true)
	counts("of one user, who has logged in too", store.AuditFilter{UserID: alice, Action: store.ActionLogin}, 1, true)
}

// counted is a trail that counts how often it is asked.
type counted struct {
	trail
	asked *int
}

func (c counted) before(b bound) (store.RawID, bool) {
	*c.asked++
	return c.trail.before(b)
}

// TestShortestTrailDecides looks for three events of one user, far apart, among
// thousands of others with the same action.
func TestShortestTrailDecides(t *testing.T) {
	s := openTest(t, testOptions())
	alice, bob := mustLogin(t, s, login("alice")).User.ID, mustLogin(t, s, login("bob")).User.ID
	for range 3 {
		noteEvents(t, s, 1000, store.ActionBlock, bob, store.Actor{})
		noteEvents(t, s, 1, store.ActionBlock, alice, store.Actor{})
		noteEvents(t, s, 1000, store.ActionUnblock, alice, store.Actor{})
	}
	err := s.view(t.Context(), "look", func(tx *tx) error {
		trails, err := tx.trailsOf(store.AuditFilter{UserID: alice, Action: store.ActionBlock})
		asked, found := 0, 0
		for i := range trails {
			trails[i] = counted{trails[i], &asked}
		}
		for event, walkErr := range tx.eventsOn(t.Context(), trails, everything) {
			err = errors.Join(err, walkErr)
			if found++; event.UserID != store.Optional(alice) || event.Action != store.ActionBlock {
				t.Errorf("found %+v", event)
			}
		}
		if found != 3 || asked > 20 {
			t.Errorf("%d events for %d questions", found, asked)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWalkEndsWithItsContext(t *testing.T) {
	s := openTest(t, testOptions())
	noteEvents(t, s, 10, store.ActionPush, "", store.Actor{})
	ctx, cancel := context.WithCancel(t.Context())
	found := 0
	err := s.view(ctx, "look", func(tx *tx) error {
		for _, err := range tx.eventsOf(ctx, store.AuditFilter{}, everything.high) {
			if err != nil {
				return err
			}
			found++
			cancel()
		}
		return nil
	})
	if found != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d events, %v", found, err)
	}
}

// TestEventIDsCarry makes the id behind one whose last bytes are full.
func TestEventIDsCarry(t *testing.T) {
	s := openTest(t, testOptions())
	full := store.RawID(bytes.Repeat([]byte{0xff}, 16))
	copy(full[:], idsFrom(begin))
	err := s.update(t.Context(), "carry", func(tx *tx) error {
		event := store.AuditEvent{At: full.Time(), Action: store.ActionPush}
		return errors.Join(tx.putEvent(full, event), tx.indexEvent(full, event), tx.audit(store.ActionPush, "", store.Actor{}, ""))
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.AuditEvents(t.Context(), store.AuditQuery{Limit: 1})
	if err != nil || page.Events[0].At != begin.Add(time.Millisecond) || page.Events[0].ID <= full.Text(store.EventPrefix) {
		t.Errorf("the newest event: %+v, %v", page.Events, err)
	}
}

func TestSweepPassesOverDamagedEvents(t *testing.T) {
	s := openUnchecked(t)
	noteEvents(t, s, 5, store.ActionPush, "", store.Actor{})
	err := s.update(t.Context(), "damage", func(t *tx) error {
		first, _ := t.Bucket(bucketAudit).Cursor().First()
		return t.put(bucketAudit, bytes.Clone(first), []byte("?"))
	})
	if err != nil {
		t.Fatal(err)
	}
	life := s.options.AuditRetention
	s.options.Now = func() time.Time { return begin.Add(life + time.Millisecond) }
	for _, want := range []int{3, 1, 0} {
		if n, err := s.Sweep(t.Context(), 3); n != want || !errors.Is(err, store.ErrDamaged) {
			t.Errorf("swept %d, %v, want %d and the damage told", n, err, want)
		}
	}
}
