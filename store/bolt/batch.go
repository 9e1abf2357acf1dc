package bolt

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"go.etcd.io/bbolt"

	"menshen/store"
)

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

// runAlone calls alone, whose caller gets both its errors, and turns a panic into
// one of them.
func (w *write) runAlone() (fatal error) {
	defer func() {
		if p := recover(); p != nil {
			w.err = fmt.Errorf("bolt: panic: %v\n%s", p, debug.Stack())
		}
	}()
	err, fatal := w.alone()
	w.err = errors.Join(err, fatal)
	return fatal
}
