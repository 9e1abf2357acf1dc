package store

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTouchesAreNotedOnceInAWhile(t *testing.T) {
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	var touches Touches
	for id, ago := range map[string]time.Duration{"just": 0, "lately": touchAfter - 1, "due": touchAfter, "gone": time.Hour} {
		touches.Note(Session{ID: id, LastUsedAt: now.Add(-ago)}, now)
	}
	touches.Forget([]string{"gone", "unknown"})
	if diff := cmp.Diff(map[string]time.Time{"due": now}, touches.Take(10)); diff != "" {
		t.Error(diff)
	}
	if left := touches.Take(10); len(left) != 0 {
		t.Errorf("taken twice: %v", left)
	}
}

func TestTouchesAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	var touches Touches
	for i := range maxTouches + 1 {
		touches.Note(Session{ID: strconv.Itoa(i)}, now)
	}
	touches.Note(Session{ID: "0"}, now.Add(time.Hour))
	all := touches.Take(maxTouches - 1)
	last := touches.Take(maxTouches)
	if len(all) != maxTouches-1 || len(last) != 1 {
		t.Fatalf("%d touches, then %d", len(all), len(last))
	}
	if at := max(all["0"].Unix(), last["0"].Unix()); at != now.Add(time.Hour).Unix() {
		t.Errorf("a noted session was touched later, and is kept at %v", time.Unix(at, 0))
	}
}

func TestTouchesThatWereNotKeptAreNotedAgain(t *testing.T) {
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	var touches Touches
	for i := range touchBatch + 1 {
		touches.Note(Session{ID: strconv.Itoa(i)}, now)
	}
	failed := errors.New("of the engine")
	fail := func(_ context.Context, used map[string]time.Time) error {
		for id := range used { // it is used again meanwhile
			touches.Note(Session{ID: id}, now.Add(time.Hour))
			break
		}
		return failed
	}
	if err := touches.Flush(t.Context(), fail); !errors.Is(err, failed) {
		t.Fatalf("error %v, want %v", err, failed)
	}
	kept, later, batches := 0, 0, 0
	err := touches.Flush(t.Context(), func(_ context.Context, used map[string]time.Time) error {
		batches++
		for _, at := range used {
			kept++
			later += int(at.Sub(now) / time.Hour)
		}
		return nil
	})
	if err != nil || kept != touchBatch+1 || later != 1 || batches != 2 {
		t.Errorf("%d kept in %d batches, %d of them used later, %v", kept, batches, later, err)
	}
}
