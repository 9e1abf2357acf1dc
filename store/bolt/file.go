package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"menshen/store"
	"menshen/store/seal"
)

// file is the bbolt file of a store. Compact puts another one in its place while
// readers go on.
type file struct {
	path string
	db   atomic.Pointer[bbolt.DB]
}

// Path returns where the file lies.
func (f *file) Path() string { return f.path }

// View runs fn in a read transaction. One that meets the old file closed, after
// another was put in its place, turns to that.
func (f *file) View(fn func(*bbolt.Tx) error) error {
	for {
		db := f.db.Load()
		err := db.View(fn)
		if !errors.Is(err, bolterrors.ErrDatabaseNotOpen) || f.db.Load() == db {
			return err
		}
	}
}

// Update runs fn in a write transaction, beside the committer.
func (f *file) Update(fn func(*bbolt.Tx) error) error { return f.db.Load().Update(fn) }

// Close waits for the transactions under way and closes the file.
func (f *file) Close() error { return f.db.Load().Close() }

// refuseEmptied stops before a file that was cut to nothing is taken for a new
// one: the key file shows that there was a store.
func refuseEmptied(path string, keyFile seal.KeyFile) error {
	file, err := os.Stat(path)
	if err != nil || file.Size() > 0 {
		return nil
	}
	if _, err := os.Stat(string(keyFile)); err != nil {
		return nil
	}
	return fmt.Errorf("%w: %s is empty; put its backup there, or remove it to begin a new store", store.ErrDamaged, path)
}

// openFile opens or makes the file. One that it could not finish making does
// not stay: it would look like a damaged store.
func openFile(path string) (db *bbolt.DB, err error) {
	if err := seal.MakeDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("bolt: open: %w", err)
	}
	_, absent := os.Stat(path)
	err = whole(path, func() (err error) {
		var size int64
		if file, err := os.Stat(path); err == nil {
			size = file.Size()
		}
		db, err = openBolt(path, size)
		return err
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%w: %s", store.ErrInUse, path)
	case err != nil && errors.Is(absent, fs.ErrNotExist):
		return nil, errors.Join(fmt.Errorf("bolt: make the store: %w", err), removeUnfinished(path))
	case errors.Is(err, store.ErrDamaged):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("bolt: open %s: %w", path, err)
	}
	if err := errors.Join(removeCopy(path), seal.SyncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(fmt.Errorf("bolt: open: %w", err), db.Close())
	}
	return db, nil
}

const (
	// mapAhead is how far a file may grow before it has to be mapped anew, for
	// which bbolt waits until the last reader has gone: nobody could log in while a
	// backup is taken. It costs addresses, no memory.
	mapAhead = 1 << 30
	// growth is by how much a file becomes longer at a time.
	growth = 1 << 20
	// openAttempts is far more often than anybody compacts while one opens, and
	// ends where a file system cannot tell whether two files are one.
	openAttempts = 100
)

// openBolt opens or makes a file that is, or will be, about size bytes long.
//
// bbolt locks what it has opened, which need not be what lies at path by then: who
// waited for the lock while Compact put another file there would get that of the
// old one. So a lock on anything else is let go, and the file opened again; one
// that is never what lies at path is as good as held.
func openBolt(path string, size int64) (*bbolt.DB, error) {
	for range openAttempts {
		var opened *os.File
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{
			// The freelist stays synced (bbolt's default): without it a crashed file of
			// a million users takes seconds to open.
			Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapAhead + int(size),
			OpenFile: func(name string, flag int, mode os.FileMode) (file *os.File, err error) {
				opened, err = os.OpenFile(name, flag, mode)
				return opened, err
			},
		})
		if err != nil {
			return nil, err
		}
		if liesAt(path, opened) {
			db.AllocSize = growth
			return db, nil
		}
		if err := db.Close(); err != nil {
			return nil, err
		}
	}
	return nil, bolterrors.ErrTimeout
}

// liesAt reports whether an open file is the one at path.
func liesAt(path string, file *os.File) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	own, err := file.Stat()
	return err == nil && os.SameFile(there, own)
}

// removeUnfinished removes a file that is too short to be a store, if there is
// one. A longer file stays whatever went wrong: since we looked, another process
// may have made it and answered for what is in it.
func removeUnfinished(path string) error {
	file, err := os.Stat(path)
	if err != nil || file.Size() >= initialPages*int64(os.Getpagesize()) {
		return nil
	}
	return os.Remove(path)
}

// initialPages are written into every new bbolt file: two meta pages, a freelist
// and a leaf.
const initialPages = 4

// whole runs fn, which reads pages that nobody has vouched for. bbolt panics, and
// the kernel faults, on those of a file that has lost its end.
func whole(path string, fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%w: %s has lost its end or is no store; put its backup there", store.ErrDamaged, path)
		}
	}()
	return fn()
}

// checkSize refuses a file that has lost its end: a torn copy, or a restore that
// did not finish.
func checkSize(t *bbolt.Tx, path string) error {
	file, err := os.Stat(path)
	if err != nil {
		return err
	}
	if file.Size() < t.Size() {
		return fmt.Errorf("%w: %s has %d bytes, it had %d; put its backup there", store.ErrDamaged, path, file.Size(), t.Size())
	}
	return nil
}
