package bolt

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"menshen/store"
)

// committer lets writers that come together share one transaction and so one
// sync of the disk, which is what a write costs.
//
// The first writer leads: it takes all that has queued, commits it, and hands
// the lead to one of those who queued meanwhile. So a lone writer waits for its
// own sync and for no timer, a crowd shares, and no goroutine is needed.
type committer struct {
	db      *bbolt.DB
	commits atomic.Uint64

	mu      sync.Mutex
	queue   []*write
	leading bool          // somebody leads
	broken  error         // a failed commit, after which nothing is written
	full    error         // the disk is full; nil after the next commit
	idle    chan struct{} // made by close; closed when the last leader is done
}

var errClosed = fmt.Errorf("%w: closed", store.ErrUnavailable)

// write is one caller's part of a transaction, or what a caller does alone.
type write struct {
	fn    func(*bbolt.Tx) (wrote bool, err error)
	alone func() (err, fatal error)
	err   error
	turn  chan bool // true: done, false: you lead
}

// maxBatch bounds a transaction, and with it the wait of the last in the queue.
const maxBatch = 256

// do runs fn in a transaction, perhaps with others, and returns when it is
// durable. fn reports whether it wrote: a write that fails without writing
// leaves the transaction to its company; one that wrote is undone by running
// the company again without it.
func (c *committer) do(fn func(*bbolt.Tx) (bool, error)) error {
	return c.enqueue(&write{fn: fn})
}

// alone runs fn while nobody writes; those who come meanwhile wait. A fatal error
// forbids all further writes, as that of a failed commit does.
func (c *committer) alone(fn func() (err, fatal error)) error {
	return c.enqueue(&write{alone: fn})
}

func (c *committer) enqueue(w *write) error {
	w.turn = make(chan bool, 1)
	c.mu.Lock()
	if err := c.refusal(); err != nil {
		c.mu.Unlock()
		return err
	}
	c.queue = append(c.queue, w)
	lead := !c.leading
	c.leading = true
	c.mu.Unlock()

	if lead || !<-w.turn {
		c.lead()
	}
	return w.err
}

// lead commits one batch, the caller's own write in it, and passes the lead on.
func (c *committer) lead() {
	// On one processor the company is ready to queue but has not run yet.
	runtime.Gosched()
	c.mu.Lock()
	batch := c.next()
	c.mu.Unlock()

	err := c.commit(batch)

	c.mu.Lock()
	if err != nil {
		c.broken = err
		fail(c.queue, err)
		batch, c.queue = append(batch, c.queue...), nil
	}
	c.passOn()
	c.mu.Unlock()
	for _, w := range batch {
		w.turn <- true
	}
}

// next takes a batch from the queue: what runs alone, or what stands before it.
func (c *committer) next() []*write {
	n := min(len(c.queue), maxBatch)
	if i := slices.IndexFunc(c.queue[:n], func(w *write) bool { return w.alone != nil }); i >= 0 {
		n = max(i, 1)
	}
	batch := slices.Clone(c.queue[:n])
	c.queue = slices.Delete(c.queue, 0, n)
	return batch
}

// passOn gives the lead to the next in the queue, if there is one.
func (c *committer) passOn() {
	if len(c.queue) > 0 {
		c.queue[0].turn <- false
		return
	}
	c.leading = false
	if c.idle != nil {
		close(c.idle)
	}
}

func (c *committer) isFull() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.full != nil
}

func (c *committer) setFull(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.full = err
}

// health returns why nothing can be written, or nil.
func (c *committer) health() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refusal(); err != nil {
		return err
	}
	return c.full
}

func (c *committer) refusal() error {
	if c.idle != nil {
		return errClosed
	}
	return c.broken
}

// close refuses further writes and waits for those under way. It reports false
// when it was closed before.
func (c *committer) close() bool {
	c.mu.Lock()
	if c.idle != nil {
		c.mu.Unlock()
		return false
	}
	c.idle = make(chan struct{})
	if !c.leading {
		close(c.idle)
	}
	c.mu.Unlock()
	<-c.idle
	return true
}
