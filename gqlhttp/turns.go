package gqlhttp

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Turns has work that keeps a processor busy wait until one is free. Callers take
// turns, so that who asks a thousand times holds up another by no more than a turn,
// and one caller has no more than half of the processors. It must not be copied.
type Turns struct {
	AtOnce  int // in all, as many as processors; at least 1
	Waiting int // of one caller; more are refused
	// Longest ends a turn that lasts longer: what it does waits for something else
	// than a processor. 0 for never.
	Longest time.Duration
	// Caller names who the request in ctx comes from; nil: all are one.
	Caller func(ctx context.Context) string

	mu      sync.Mutex
	working int
	queues  map[string]*queue // of callers that work or wait
	rota    []*queue          // of those that wait, who has been called last at the end
}

// queue is one caller's work.
type queue struct {
	caller  string
	working int
	waiting []chan struct{} // closed when it is their turn
}

// admission takes a turn that the lease in ctx gives back.
func (t *Turns) admission(ctx context.Context) *gqlerror.Error {
	lease := leaseOf(ctx)
	if t == nil || lease == nil {
		return nil
	}
	leave, err := t.take(ctx)
	lease.add(leave)
	return err
}

// take waits for a turn until ctx ends. leave may be called whatever the error,
// and more than once.
func (t *Turns) take(ctx context.Context) (leave func(), err *gqlerror.Error) {
	q, turn := t.join(ctx)
	if q == nil {
		return func() {}, crowded("Too many of your requests wait for their turn.")
	}
	select {
	case <-turn:
		return t.begun(q), nil
	case <-ctx.Done():
		t.quit(q, turn)
		return func() {}, gqlerror.Wrap(ctx.Err())
	}
}

// join adds to the caller's queue. Nil: it is full.
func (t *Turns) join(ctx context.Context) (*queue, chan struct{}) {
	caller := ""
	if t.Caller != nil {
		caller = t.Caller(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[caller]
	switch {
	case q == nil:
		q = &queue{caller: caller}
		if t.queues == nil {
			t.queues = map[string]*queue{}
		}
		t.queues[caller] = q
	case len(q.waiting) >= t.Waiting:
		return nil, nil
	}
	if len(q.waiting) == 0 {
		t.rota = append(t.rota, q)
	}
	turn := make(chan struct{})
	q.waiting = append(q.waiting, turn)
	t.call()
	return q, turn
}

// call begins the turns for which there are processors.
func (t *Turns) call() {
	mayWork := func(q *queue) bool { return q.working < max(1, t.AtOnce/2) }
	for t.working < t.AtOnce {
		next := slices.IndexFunc(t.rota, mayWork)
		if next < 0 {
			return
		}
		q := t.rota[next]
		t.rota = slices.Delete(t.rota, next, next+1)
		close(q.waiting[0])
		q.waiting = q.waiting[1:]
		if len(q.waiting) > 0 {
			t.rota = append(t.rota, q)
		}
		q.working++
		t.working++
	}
}

// begun returns what ends a turn.
func (t *Turns) begun(q *queue) (leave func()) {
	end := sync.OnceFunc(func() { t.end(q) })
	if t.Longest <= 0 {
		return end
	}
	timer := time.AfterFunc(t.Longest, end)
	return func() {
		timer.Stop()
		end()
	}
}

// end lets somebody else begin.
func (t *Turns) end(q *queue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q.working--
	t.working--
	t.drop(q)
	t.call()
}

// quit gives up waiting for a turn, or the turn that began just then.
func (t *Turns) quit(q *queue, turn chan struct{}) {
	t.mu.Lock()
	place := slices.Index(q.waiting, turn)
	if place >= 0 {
		q.waiting = slices.Delete(q.waiting, place, place+1)
		t.drop(q)
	}
	t.mu.Unlock()
	if place < 0 {
		t.end(q)
	}
}

// drop forgets a caller who waits no more.
func (t *Turns) drop(q *queue) {
	if len(q.waiting) > 0 {
		return
	}
	t.rota = slices.DeleteFunc(t.rota, func(other *queue) bool { return other == q })
	if q.working == 0 {
		delete(t.queues, q.caller)
	}
}
