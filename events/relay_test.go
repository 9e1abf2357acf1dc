package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// board is a place that several processes write to and read.
type board struct {
	mu    sync.Mutex
	notes []note
	fault error
	sent  int // calls of Send
}

type note struct {
	by int
	Event
}

// seat is the board as one process sees it.
type seat struct {
	*board
	number int
	seen   int // notes, once it has looked
	looked bool
}

func (s *seat) Send(_ context.Context, all []Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent++
	for _, e := range all {
		s.notes = append(s.notes, note{s.number, e})
	}
	return s.fault
}

func (s *seat) Receive(context.Context) (all []Event, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != nil {
		return nil, s.fault
	}
	for _, n := range s.notes[s.seen:] {
		if s.looked && n.by != s.number {
			all = append(all, n.Event)
		}
	}
	s.seen, s.looked = len(s.notes), true
	return all, nil
}

func (b *board) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = err
}

// relay runs a Relay of its own at the board until the test ends.
func (b *board) relay(t *testing.T, number int, report func(error)) *Relay {
	t.Helper()
	r, err := NewRelay(t.Context(), &seat{board: b, number: number})
	if err != nil {
		t.Fatal(err)
	}
	go r.Run(t.Context(), report)
	return r
}

// carried lets a message go out and come in.
func carried() {
	time.Sleep(3 * relayEvery) // of the bubble's clock
	synctest.Wait()
}

func noReport(t *testing.T) func(error) {
	return func(err error) { t.Errorf("report: %v", err) }
}

func TestMessagesReachOtherProcessesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{}
		b.notes = []note{{by: 9, Event: Event{"weather", "too early"}}}
		one, two := b.relay(t, 1, noReport(t)), b.relay(t, 2, noReport(t))
		here, there, other := one.Subscribe(t.Context(), "weather"), two.Subscribe(t.Context(), "weather"), two.Subscribe(t.Context(), "sports")
		one.Publish("weather", "rain")
		one.Publish("weather", "sun")
		want(t, here, "rain", "sun") // at once
		carried()
		want(t, here)
		want(t, there, "rain", "sun")
		want(t, other)
		if len(b.notes) != 3 {
			t.Errorf("%d notes are on the board, want 3: what came in went out again", len(b.notes))
		}
	})
}

func TestManyMessagesGoOutTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{}
		one, two := b.relay(t, 1, noReport(t)), b.relay(t, 2, noReport(t))
		flood, rare := two.Subscribe(t.Context(), "login"), two.Subscribe(t.Context(), "ticket")
		one.Publish("ticket", "scanned")
		var newest []string
		for n := range 100 * outgoing {
			one.Publish("login", fmt.Sprint(n))
			newest = append(newest, fmt.Sprint(n))
		}
		carried()
		want(t, flood, newest[99*outgoing:]...)
		want(t, rare, "scanned")
		if b.sent != 1 {
			t.Errorf("they were sent in %d calls, want 1", b.sent)
		}
	})
}

func TestTheOutboxIsBounded(t *testing.T) {
	r, err := NewRelay(t.Context(), &seat{board: &board{}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 * outgoingTopics {
		r.Publish(fmt.Sprint("ticket ", n), "scanned")
	}
	r.Publish("ticket 0", "approved") // a topic that is waiting already
	all := r.take()
	if len(all) != outgoingTopics+1 || !slices.Contains(all, Event{"ticket 0", "approved"}) {
		t.Errorf("%d messages wait, want %d", len(all), outgoingTopics+1)
	}
}

// TestFailuresAreToldOnce has a carrier fail for a while.
func TestFailuresAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []error
		b, broken := &board{}, errors.New("no connection")
		one := b.relay(t, 1, func(err error) { told = append(told, err) })
		heard := one.Subscribe(t.Context(), "weather")
		b.fail(broken)
		for range 10 {
			one.Publish("weather", "rain")
			carried()
		}
		if len(told) != 1 || !errors.Is(told[0], broken) {
			t.Errorf("told of %v, want one failure", told)
		}
		if got := waiting(heard); len(got) != 10 {
			t.Errorf("heard %d messages in the process itself, want 10", len(got))
		}
		b.fail(nil)
		carried()
		if len(told) != 2 || told[1] != nil {
			t.Errorf("told of %v, want its end", told)
		}
	})
}

func TestTheLastMessagesAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{}
		r, err := NewRelay(t.Context(), &seat{board: b, number: 1})
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(t.Context())
		r.Publish("weather", "rain")
		end()
		r.Run(ctx, noReport(t))
		if diff := cmp.Diff([]note{{1, Event{"weather", "rain"}}}, b.notes, cmp.AllowUnexported(note{})); diff != "" {
			t.Errorf("on the board (-want +got):\n%s", diff)
		}
	})
}

func TestNobodyToRelayWith(t *testing.T) {
	broken := errors.New("no connection")
	if _, err := NewRelay(t.Context(), &seat{board: &board{fault: broken}}); !errors.Is(err, broken) {
		t.Errorf("NewRelay: %v, want %v", err, broken)
	}
}
