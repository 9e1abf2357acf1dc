package bolt

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

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

// commit writes a batch. Its error, if any, forbids all further writes.
func (c *committer) commit(batch []*write) error {
	if first := batch[0]; first.alone != nil {
		return first.runAlone()
	}
	for len(batch) > 0 {
		spoiler, err := c.attempt(batch)
		if spoiler == nil {
			return err
		}
		batch = slices.DeleteFunc(slices.Clone(batch), func(w *write) bool { return w == spoiler })
	}
	return nil
}

// attempt runs a batch in one transaction. It returns the write that has to be
// left out, if one failed after it had written.
func (c *committer) attempt(batch []*write) (spoiler *write, err error) {
	t, err := c.db.Begin(true)
	if err != nil {
		return nil, fail(batch, fmt.Errorf("%w: %w", store.ErrUnavailable, err))
	}
	defer t.Rollback()
	wrote := false
	for _, w := range batch {
		var dirty bool
		dirty, w.err = run(w.fn, t)
		if dirty && w.err != nil {
			return w, nil
		}
		wrote = wrote || dirty
	}
	if !wrote {
		return nil, nil
	}
	id := t.ID()
	if err := commitTx(t); err != nil {
		return nil, c.commitFailed(batch, id, err)
	}
	c.commits.Add(1)
	c.setFull(nil)
	return nil, nil
}

// commitTx turns a panic, bbolt's answer to a damaged freelist, into an error: a
// leader that panicked would leave its company waiting for ever.
func commitTx(t *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return t.Commit()
}

// commitFailed tells the batch and decides whether to go on. After a failed
// sync the kernel may have dropped pages and call the next sync a success, so
// nothing written later could be trusted. A full disk is different, unless the
// transaction got as far as the meta page, which is written last: then readers
// see what nobody was promised.
func (c *committer) commitFailed(batch []*write, id int, err error) error {
	failure := fail(batch, fmt.Errorf("%w: commit: %w", store.ErrUnavailable, err))
	if outOfSpace(err) && !c.visible(id) {
		c.setFull(failure)
		return nil
	}
	return failure
}

// outOfSpace reports whether the disk or the quota is full. It looks at the
// text because bbolt hides the errno of a file that could not grow.
func outOfSpace(err error) bool {
	text := err.Error()
	return strings.Contains(text, syscall.ENOSPC.Error()) || strings.Contains(text, syscall.EDQUOT.Error())
}

// visible reports whether readers see the transaction.
func (c *committer) visible(id int) (seen bool) {
	err := c.db.View(func(t *bbolt.Tx) error {
		seen = t.ID() >= id
		return nil
	})
	return seen || err != nil
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

// fail gives err to a whole batch, also to those who were refused: what they
// were refused for may have been written beside them, and is not there.
func fail(batch []*write, err error) error {
	for _, w := range batch {
		w.err = err
	}
	return err
}

// run calls fn and turns a panic into an error of that write alone.
func run(fn func(*bbolt.Tx) (bool, error), t *bbolt.Tx) (wrote bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			wrote, err = true, fmt.Errorf("bolt: panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(t)
}

// runAlone calls alone and turns a panic into its error.
func (w *write) runAlone() (fatal error) {
	defer func() {
		if p := recover(); p != nil {
			w.err = fmt.Errorf("bolt: panic: %v\n%s", p, debug.Stack())
		}
	}()
	w.err, fatal = w.alone()
	return fatal
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
