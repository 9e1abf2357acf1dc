package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"menshen/store/seal"
)

// Compact rewrites the file without its free pages and returns its length before
// and after. Writes wait meanwhile; reads go on. A crash leaves the file as it was
// or rewritten, never between the two. It waits for a Check, a Backup or another
// Compact to end.
func (s *Store) Compact(ctx context.Context) (before, after int64, err error) {
	if err := s.longJob.Acquire(ctx, 1); err != nil {
		return 0, 0, err
	}
	defer s.longJob.Release(1)
	var old *bbolt.DB
	err = s.committer.alone(func() (err, fatal error) {
		if before, err = size(s.file.Path()); err != nil {
			return err, nil
		}
		old, err, fatal = s.rewrite(ctx, before)
		return err, fatal
	})
	if old != nil {
		err = errors.Join(err, old.Close()) // when its last reader has gone
	}
	if err == nil {
		after, err = size(s.file.Path())
	}
	if err != nil {
		return before, 0, fmt.Errorf("bolt: compact: %w", err)
	}
	return before, after, nil
}

func size(path string) (int64, error) {
	file, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return file.Size(), nil
}

// rewrite puts a copy of the file in its place and returns the file that it
// replaced, which readers may still use. The error is fatal when a loss of power
// could bring that file back: what is written to the copy could be lost.
func (s *Store) rewrite(ctx context.Context, size int64) (old *bbolt.DB, err, fatal error) {
	path, old := s.file.Path(), s.file.db.Load()
	fresh, err := copyOf(ctx, old, copyPath(path), size)
	if err != nil {
		return nil, errors.Join(err, removeCopy(path)), nil
	}
	if err := os.Rename(copyPath(path), path); err != nil {
		return nil, errors.Join(err, fresh.Close(), removeCopy(path)), nil
	}
	s.use(fresh)
	return old, nil, seal.SyncDir(filepath.Dir(path))
}

// copyPath is where Compact writes.
func copyPath(path string) string { return path + ".compact" }

// removeCopy removes what a Compact that did not finish has left. Only who holds
// the store's file may call it.
func removeCopy(path string) error {
	if err := os.Remove(copyPath(path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// copyOf writes what a file holds to a new file at path, durably, and leaves that
// open. It is locked from its first instant, so that no other process can take it
// for its own once it has the store's name.
func copyOf(ctx context.Context, from *bbolt.DB, path string, size int64) (*bbolt.DB, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	to, err := openBolt(path, size)
	if err != nil {
		return nil, err
	}
	to.NoSync = true // one sync at the end is enough
	err = from.View(func(t *bbolt.Tx) error {
		return t.ForEach(func(name []byte, b *bbolt.Bucket) error { return copyBucket(ctx, to, name, b) })
	})
	to.NoSync = false
	if err = errors.Join(err, to.Sync()); err != nil {
		return nil, errors.Join(err, to.Close())
	}
	return to, nil
}

const (
	copyBatch = 4 << 20 // bytes in one transaction, all of them in memory
	// copyFill leaves a little room in each page, so that the first entries to come
	// do not split them all.
	copyFill = 0.9
)

// copyBucket copies a bucket in the order of its keys, which fills its pages one
// after the other.
func copyBucket(ctx context.Context, to *bbolt.DB, name []byte, from *bbolt.Bucket) error {
	c := from.Cursor()
	k, v := c.First()
	for done := false; !done; done = k == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := to.Update(func(t *bbolt.Tx) error {
			b, err := t.CreateBucketIfNotExists(name)
			if err != nil {
				return err
			}
			b.FillPercent = copyFill
			for copied := 0; k != nil && copied < copyBatch; k, v = c.Next() {
				if err := b.Put(k, v); err != nil {
					return err
				}
				copied += len(k) + len(v)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
