package mysql

import (
	"math"
	"sync/atomic"
	"testing"
	"time"
)

func TestLeaseHasOneHolder(t *testing.T) {
	f := newShared(t)
	all := []*Store{f.instance(), f.instance(), f.instance()}
	for _, name := range []string{"sweep", "backup"} {
		var held [3]atomic.Int32
		f.together(24, func(i int) error {
			mine, err := all[i%3].Lease(t.Context(), name, time.Hour)
			if mine {
				held[i%3].Add(1)
			}
			return err
		})
		holders := 0
		for i := range held {
			if n := held[i].Load(); n != 0 {
				holders++
				if n != 8 { // of 24 asks the holder made a third, and got all of them
					t.Errorf("the holder was refused %d times", 8-n)
				}
			}
		}
		if holders != 1 {
			t.Errorf("%d instances hold %s, want one", holders, name)
		}
	}
}

func TestLeaseEnds(t *testing.T) {
	f := newShared(t)
	gone, next := f.instance(), f.instance()
	held, err := gone.Lease(t.Context(), "sweep", time.Millisecond)
	if err != nil || !held {
		t.Fatalf("held %v, %v", held, err)
	}
	for held = false; !held; { // by the database's clock, until the test's time is up
		held, err = next.Lease(t.Context(), "sweep", time.Hour)
		f.need(err)
	}
	if held, err := gone.Lease(t.Context(), "sweep", time.Hour); held || err != nil {
		t.Errorf("the former holder holds it %v, %v", held, err)
	}
}

// TestLeased has two instances hold leases, and one of them end without giving its own
// back.
func TestLeased(t *testing.T) {
	f := newShared(t)
	one, two := f.instance(), f.instance()
	expect := func(atLeast, atMost time.Duration) {
		t.Helper()
		if left, err := two.Leased(t.Context()); err != nil || left < atLeast || left > atMost {
			t.Errorf("leased for %v, %v, want from %v to %v", left, err, atLeast, atMost)
		}
	}
	take := func(s *Store, name string, life time.Duration) {
		t.Helper()
		if held, err := s.Lease(t.Context(), name, life); err != nil || !held {
			t.Fatalf("%s is held %v, %v", name, held, err)
		}
	}
	expect(0, 0)
	take(one, "one", 2*time.Hour)
	take(two, "two", time.Hour)
	expect(time.Hour+time.Minute, 2*time.Hour)
	f.need(one.EndLeases(t.Context()))
	expect(time.Minute, time.Hour)
	take(two, "two", 0)
	expect(math.MinInt64, 0)
	take(one, "one", time.Hour)
	var rows int
	f.need(f.QueryRow("SELECT COUNT(*) FROM leases").Scan(&rows))
	if rows != 1 {
		t.Errorf("%d leases are kept, want the one that has not ended", rows)
	}
}
