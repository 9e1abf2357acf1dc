package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"menshen/store"
	"menshen/store/bolt"
	"menshen/store/seal"
)

// A backup of a database is a bolt file, sealed by the same key file: what it holds
// can be looked at and served without a database.

// backUpDatabase makes a file of what a database holds at one instant, while servers
// run. The file has its name only when it is whole, and takes it from no other.
func (c backupCommand) backUpDatabase(ctx context.Context, env environment) error {
	if err := refuseExisting(c.File); err != nil {
		return err
	}
	from, err := openForCopy(ctx, c.storeSettings, commandOptions)
	if err != nil {
		return err
	}
	err = inTempDir(filepath.Dir(c.File), filepath.Base(c.File), func(path string) error {
		if err := copyToFile(ctx, from, path, c.keyFile(), env); err != nil {
			return err
		}
		return nameWhole(path, c.File)
	})
	if err := errors.Join(err, from.Close()); err != nil {
		return err
	}
	made, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	return c.tell(env, made.Size())
}

func copyToFile(ctx context.Context, from store.Transferable, path string, key seal.KeyFile, env environment) error {
	to, err := bolt.Open(path, key, unfinishedOptions)
	if err != nil {
		return err
	}
	return errors.Join(copyStore(ctx, from, to, env), to.Close())
}

// restoreDatabase fills an empty database from a backup, of a database or of a file,
// which stays as it is: a copy of it is opened, checked and read.
func (c restoreCommand) restoreDatabase(ctx context.Context, env environment) error {
	to, err := openAlone(ctx, c.storeSettings, unfinishedOptions)
	if err != nil {
		return err
	}
	err = inTempDir(os.TempDir(), filepath.Base(c.File), func(path string) error {
		list := problems{w: env.stdout}
		if _, err := bolt.Restore(ctx, c.File, path, c.keyFile(), commandOptions, list.add); err != nil {
			return c.notRestored(err, &list)
		}
		from, err := bolt.Open(path, c.keyFile(), commandOptions)
		if err != nil {
			return err
		}
		return errors.Join(copyStore(ctx, from, to, env), from.Close())
	})
	return errors.Join(err, to.Close())
}

// inTempDir runs fn with the path of a file to make, in a directory that is removed
// with all that is in it.
func inTempDir(parent, name string, fn func(path string) error) error {
	dir, err := os.MkdirTemp(parent, name+".partial-*")
	if err != nil {
		return err
	}
	return errors.Join(fn(filepath.Join(dir, "menshen.db")), os.RemoveAll(dir))
}
