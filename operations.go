package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"menshen/store"
	"menshen/store/bolt"
	"menshen/store/seal"
)

type checkCommand struct {
	storeSettings `embed:""`
}

// Run checks the store.
func (c checkCommand) Run(ctx context.Context, env environment) error {
	return c.perform(ctx, "check", "", env.stdout)
}

func check(ctx context.Context, h holder, _ string, w io.Writer) error {
	list := problems{w: w}
	found, err := h.store.Check(ctx, list.add)
	if err != nil {
		return errors.Join(list.end(), fmt.Errorf("the check could not be finished: %w", err))
	}
	fmt.Fprintf(w, "checked %s\n", counted(found))
	if err := list.end(); err != nil {
		return fmt.Errorf("the store is damaged: %w", err)
	}
	return nil
}

func counted(found store.Inventory) string {
	return fmt.Sprintf("%d users, %d identities, %d sessions, %d audit events",
		found.Users, found.Identities, found.Sessions, found.AuditEvents)
}

// problems prints the first of what is wrong with a store, or a backup of it,
// and counts.
type problems struct {
	w io.Writer
	n int
}

// maxProblems are printed. Where there are more, they have one cause.
const maxProblems = 100

func (p *problems) add(sentence string) {
	if p.n++; p.n <= maxProblems {
		fmt.Fprintln(p.w, sentence)
	}
}

// end returns an error if there was a problem.
func (p *problems) end() error {
	if p.n > maxProblems {
		fmt.Fprintf(p.w, "and %d more\n", p.n-maxProblems)
	}
	if p.n > 0 {
		return fmt.Errorf("%d problems found", p.n)
	}
	return nil
}

type backupCommand struct {
	storeSettings `embed:""`
	File          string `arg:"" type:"local" help:"The file to make. It must not exist yet."`
}

// Run takes a backup.
func (c backupCommand) Run(ctx context.Context, env environment) error {
	if _, isFile := c.Store.boltPath(); !isFile {
		return c.backUpDatabase(ctx, env)
	}
	size, err := createWhole(c.File, func(w io.Writer) error { return c.perform(ctx, "backup", "", w) })
	if err != nil {
		return err
	}
	return c.tell(env, size)
}

// tell says what was made, and what is not in it.
func (c backupCommand) tell(env environment, size int64) error {
	_, err := fmt.Fprintf(env.stdout, "%s: %d bytes. The key file (%s) is not in it, and nothing sealed opens without it: keep a copy of it, apart from the backups.\n",
		c.File, size, c.keyFile())
	return err
}

func backUp(ctx context.Context, h holder, _ string, w io.Writer) error {
	_, err := h.store.(*bolt.Store).Backup(ctx, w) // a database is copied by backUpDatabase
	return err
}

// createWhole makes a file with mode 0600 of what write writes. The file has its
// name only when it is whole and durable, and takes it from no other.
func createWhole(path string, write func(io.Writer) error) (size int64, err error) {
	if err := refuseExisting(path); err != nil {
		return 0, err
	}
	unnamed, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(unnamed.Name()) // its second name, if all went well
	err = write(unnamed)
	info, statErr := unnamed.Stat()
	if err := errors.Join(err, statErr, unnamed.Sync(), unnamed.Close()); err != nil {
		return 0, err
	}
	return info.Size(), nameWhole(unnamed.Name(), path)
}

// refuseExisting keeps a command from beginning a file that it could not name.
func refuseExisting(path string) error {
	if path == "" {
		return errors.New("the file to make has no name")
	}
	if _, err := os.Lstat(path); err == nil {
		return errTaken(path)
	}
	return nil
}

func errTaken(path string) error { return fmt.Errorf("%s is there already", path) }

// nameWhole gives a whole file its name, durably. A link, unlike a new name, never
// replaces what has come there meanwhile.
func nameWhole(unnamed, path string) error {
	switch err := os.Link(unnamed, path); {
	case errors.Is(err, fs.ErrExist):
		return errTaken(path)
	case err != nil:
		return err
	}
	return seal.SyncDir(filepath.Dir(path))
}

type restoreCommand struct {
	storeSettings `embed:""`
	File          string `arg:"" type:"local" help:"A file that backup made."`
}

// Run puts a backup where no store is.
func (c restoreCommand) Run(ctx context.Context, env environment) error {
	if err := c.validate(); err != nil {
		return err
	}
	path, isFile := c.Store.boltPath()
	if !isFile {
		return c.restoreDatabase(ctx, env)
	}
	if err := refuseServer(ctx, path); err != nil {
		return err
	}
	list := problems{w: env.stdout}
	found, err := bolt.Restore(ctx, c.File, path, c.keyFile(), commandOptions, list.add)
	switch {
	case err == nil:
		_, err = fmt.Fprintf(env.stdout, "%s: restored %s\n", path, counted(found))
		return err
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("there is a store at %s: move it away first", path)
	}
	return c.notRestored(err, &list)
}

// notRestored says why a backup cannot be restored.
func (c restoreCommand) notRestored(err error, list *problems) error {
	if errors.Is(err, seal.ErrWrongKey) || errors.Is(err, seal.ErrNoKeyFile) {
		return fmt.Errorf("%w: --key-file (MENSHEN_KEY_FILE) must name the key file of the store that was backed up", err)
	}
	return errors.Join(list.end(), fmt.Errorf("%s cannot be restored: %w", c.File, err))
}

// refuseServer keeps a restore from a server that runs without its file, which
// was moved away under it.
func refuseServer(ctx context.Context, path string) error {
	connection, err := new(net.Dialer).DialContext(ctx, "unix", controlPath(path))
	if noServer(err) {
		return nil
	}
	if err != nil {
		return err
	}
	connection.Close()
	return fmt.Errorf("a server is running with the store at %s: stop it first", path)
}

type compactCommand struct {
	storeSettings `embed:""`
}

// Run compacts the store.
func (c compactCommand) Run(ctx context.Context, env environment) error {
	return c.perform(ctx, "compact", "", env.stdout)
}

func compact(ctx context.Context, h holder, _ string, w io.Writer) error {
	file, isFile := h.store.(*bolt.Store)
	if !isFile {
		return errors.New("only a bolt file is compacted: a database uses the room of what was removed by itself")
	}
	before, after, err := file.Compact(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%d bytes before, %d bytes after\n", before, after)
	return err
}
