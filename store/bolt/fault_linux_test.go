package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"menshen/store"
)

// divert makes the descriptor of a store's file lead to another file, so that
// writes fail as the kernel lets them fail. It returns how to undo that.
func divert(t *testing.T, s *Store, path string, flag int) (undo func()) {
	t.Helper()
	fd := descriptor(t, s.file.Path())
	saved, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.OpenFile(path, flag, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := syscall.Dup3(int(other.Fd()), fd, syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(syscall.Dup3(saved, fd, syscall.O_CLOEXEC), syscall.Close(saved)); err != nil {
			t.Error(err)
		}
	}
}

// descriptor finds the one that leads to a file.
func descriptor(t *testing.T, path string) int {
	t.Helper()
	open, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range open {
		if target, err := os.Readlink(link); err == nil && target == path {
			fd, err := strconv.Atoi(filepath.Base(link))
			if err != nil {
				t.Fatal(err)
			}
			return fd
		}
	}
	t.Fatalf("no descriptor leads to %s", path)
	return -1
}

// keep remembers a session_key of alice.
func (s *Store) keep(t *testing.T, text string) error {
	key := store.SessionKey{Text: text, GivenAt: begin}
	return s.RefuseLogin(t.Context(), store.RefusedLogin{AppID: app, OpenID: "alice", SessionKey: key})
}

// roomy returns a store whose file has free pages, so that a small write does
// not have to make it longer first.
func roomy(t *testing.T) *Store {
	s := openTest(t, testOptions())
	for range 100 {
		mustLogin(t, s, login("alice"))
	}
	for range 3 {
		if err := s.keep(t, "key of alice"); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestBrokenDiskEndsWriting(t *testing.T) {
	for name, fault := range map[string]struct {
		path string
		flag int
	}{
		"a write fails": {"/dev/zero", os.O_RDONLY},
		"a sync fails":  {"/dev/null", os.O_WRONLY},
	} {
		t.Run(name, func(t *testing.T) {
			s := roomy(t)
			path := s.file.Path()
			undo := divert(t, s, fault.path, fault.flag)
			failed := s.keep(t, "lost")
			undo()
			for name, err := range map[string]error{
				"the write": failed, "one after it": s.keep(t, "later"), "a ping": s.Ping(t.Context()),
			} {
				if !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("%s: %v, want ErrUnavailable", name, err)
				}
			}
			closeTest(t, s)
			onlyFirstKey(t, mustOpen(t, path, s.options))
		})
	}
}

// onlyFirstKey expects that no later session_key was kept, and closes the store.
func onlyFirstKey(t *testing.T, s *Store) {
	t.Helper()
	defer closeTest(t, s)
	keys, err := s.SessionKeys(t.Context(), app, "alice")
	if err != nil || len(keys) != 1 || keys[0].Text != "key of alice" {
		t.Errorf("%d session_keys, %v, want the first alone", len(keys), err)
	}
}

func TestFullDiskIsOutlived(t *testing.T) {
	s := roomy(t)
	undo := divert(t, s, "/dev/full", os.O_WRONLY)
	err := s.keep(t, "lost")
	if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v, want ErrUnavailable for ENOSPC", err)
	}
	undo()
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ping on a full disk: %v, want ErrUnavailable", err)
	}
	// Where requests follow Ping, only the sweep is left to find that out.
	if _, err := s.Sweep(t.Context(), 1); err != nil {
		t.Error(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ping after the disk has room again: %v", err)
	}
	mustLogin(t, s, login("alice"))
	path := s.file.Path()
	closeTest(t, s)
	onlyFirstKey(t, mustOpen(t, path, s.options))
}
