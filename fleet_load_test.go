package main_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// load is what clients do for a while, and how they are answered.
type load struct {
	t       *testing.T
	stopped chan struct{}
	broken  context.Context // ends when a client gives up
	clients *errgroup.Group

	mu        sync.Mutex
	logins    []span
	refreshes []span
	refusals  []refusal
	lost      int // sessions, see entry
}

// span is when a client began to ask for something and when it was answered.
type span struct{ asked, answered time.Time }

// refusal is a request that its client sent again elsewhere.
type refusal struct {
	span
	instance int
	err      error
}

const loadClients = 24

// begin has clients log in, ask who they are and refresh until end. Each asks so many
// times for the same before it gives up.
func (f *fleet) begin(attempts int) *load {
	l := &load{t: f.t, stopped: make(chan struct{})}
	l.clients, l.broken = errgroup.WithContext(f.t.Context())
	f.loads++
	for n := range loadClients {
		c := &visitingClient{fleet: f, load: l, name: fmt.Sprintf("user-%d-%d", f.loads, n), instance: n, attempts: attempts}
		l.clients.Go(func() error { return c.stay(l.broken) })
	}
	return l
}

// end waits until each client has its last answer.
func (l *load) end() {
	l.t.Helper()
	close(l.stopped)
	if err := l.clients.Wait(); err != nil {
		l.t.Fatal(err)
	}
}

// grow waits for so many more answers.
func (l *load) grow(answers int) {
	l.t.Helper()
	until := l.count(time.Time{}) + answers
	eventually(l.t, fmt.Sprintf("%d answers", until), func() bool { return l.count(time.Time{}) >= until || l.broken.Err() != nil })
}

// note changes what is known.
func (l *load) note(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// count tells how much was answered of what was asked after an instant.
func (l *load) count(after time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, all := range [][]span{l.logins, l.refreshes} {
		for _, s := range all {
			if s.asked.After(after) {
				n++
			}
		}
	}
	return n
}

// refused is what was asked after an instant and was not answered at once.
func (l *load) refused(after time.Time) (late []refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.refusals {
		if r.asked.After(after) {
			late = append(late, r)
		}
	}
	return late
}

// gap is the longest time between two answered logins, and when it was over.
func (l *load) gap() (longest time.Duration, over time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortFunc(l.logins, func(a, b span) int { return a.answered.Compare(b.answered) })
	for i, login := range l.logins[1:] {
		if gap := login.answered.Sub(l.logins[i].answered); gap > longest {
			longest, over = gap, login.answered
		}
	}
	return longest, over
}

// expectShortGap fails the test unless clients were answered again soon, and since
// then at once.
func (l *load) expectShortGap() {
	l.t.Helper()
	const maxGap = 10 * time.Second
	gap, over := l.gap()
	if gap >= maxGap {
		l.t.Errorf("no login was answered for %v", gap)
	}
	if late := l.refused(over); len(late) > 0 {
		l.t.Errorf("%d requests were refused after the gap: %v", len(late), late[0].err)
	}
	if l.lost > 0 {
		l.t.Errorf("%d sessions were lost", l.lost)
	}
}

// expectOnly fails the test when a request was refused in another way.
func (l *load) expectOnly(want error) {
	l.t.Helper()
	for _, r := range l.refusals {
		if !errors.Is(r.err, want) {
			l.t.Errorf("instance %d refused with %v, want %v", r.instance+1, r.err, want)
		}
	}
}
