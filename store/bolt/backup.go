package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"menshen/store"
	"menshen/store/seal"
)

// Backup writes the store to w as it is at one instant, a file that Restore takes,
// and returns its length. Reads and writes go on meanwhile; the file grows instead
// of using the pages that the backup still reads. The key file is not in it. It
// waits for a Check, a Compact or another Backup to end.
func (s *Store) Backup(ctx context.Context, w io.Writer) (n int64, err error) {
	if err := s.longJob.Acquire(ctx, 1); err != nil {
		return 0, err
	}
	defer s.longJob.Release(1)
	err = s.view(ctx, "backup", func(t *tx) error {
		n, err = t.WriteTo(untilDone{ctx, w})
		return err
	})
	if ctx.Err() != nil { // bbolt tells it in words of its own
		err = ctx.Err()
	}
	return n, err
}

// untilDone is a writer that fails when a context has ended.
type untilDone struct {
	ctx context.Context
	w   io.Writer
}

func (u untilDone) Write(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.w.Write(b)
}

// Restore puts a backup where no store is. It copies the backup beside path, opens
// the copy with the key file, which brings it to the newest version, and checks it
// as Check does; only then does the copy get its name, durably. It fails with
// fs.ErrExist when something is at path, which stays as it is, with
// store.ErrDamaged when there was a problem, and with the errors of Open; path is
// untouched then. An error of the last sync leaves the copy at path, perhaps not
// durable.
func Restore(ctx context.Context, backup, path string, keyFile seal.KeyFile, options store.Options, problem func(string)) (store.Inventory, error) {
	if _, err := os.Lstat(path); err == nil {
		return store.Inventory{}, fmt.Errorf("bolt: restore: %s: %w", path, fs.ErrExist)
	}
	unnamed, err := copyBeside(ctx, backup, path)
	if err != nil {
		return store.Inventory{}, fmt.Errorf("bolt: restore: %w", err)
	}
	defer os.Remove(unnamed) // its second name, if all went well
	found, err := verify(ctx, unnamed, keyFile, options, problem)
	if err != nil {
		return found, err
	}
	// A link, unlike a new name, never replaces what has come to path meanwhile.
	if err = os.Link(unnamed, path); err == nil {
		err = seal.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return found, fmt.Errorf("bolt: restore: %w", err)
	}
	return found, nil
}

// copyBeside copies a file durably into the directory of path, with mode 0600, and
// returns the name of the copy.
func copyBeside(ctx context.Context, from, path string) (name string, err error) {
	source, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer source.Close()
	dir := filepath.Dir(path)
	if err := seal.MakeDir(dir); err != nil {
		return "", err
	}
	target, err := os.CreateTemp(dir, filepath.Base(path)+".restore-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(untilDone{ctx, target}, source)
	if err = errors.Join(err, target.Sync(), target.Close()); err != nil {
		return "", errors.Join(err, os.Remove(target.Name()))
	}
	return target.Name(), nil
}

// verify opens a file that must hold a store, checks it and closes it.
func verify(ctx context.Context, path string, keyFile seal.KeyFile, options store.Options, problem func(string)) (found store.Inventory, err error) {
	s, err := open(path, keyFile, options, holdsStore)
	if err != nil {
		return found, err
	}
	problems := 0
	found, err = s.Check(ctx, func(sentence string) {
		problems++
		problem(sentence)
	})
	if err == nil && problems > 0 {
		err = fmt.Errorf("%w: %d problems", store.ErrDamaged, problems)
	}
	return found, errors.Join(err, s.Close())
}
