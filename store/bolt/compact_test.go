package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"menshen/store"
)

func TestCompact(t *testing.T) {
	s := openTest(t, testOptions())
	useEverything(t, s)
	logInMany(t, s, "guest", 3000)
	big := func([]byte) ([]byte, error) { return make([]byte, 8<<20), nil }
	small := func([]byte) ([]byte, error) { return []byte(secretKeys), nil }
	for _, change := range []func([]byte) ([]byte, error){big, small} {
		if err := s.UpdateSecret(t.Context(), "token", change); err != nil {
			t.Fatal(err)
		}
	}
	entries := contents(t, s)
	before, after, err := s.Compact(t.Context())
	if err != nil || before < 8<<20 || after > 8<<20 {
		t.Errorf("%d bytes became %d, %v", before, after, err)
	}
	if diff := cmp.Diff(entries, contents(t, s)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if info, err := os.Stat(s.file.Path()); err != nil || info.Size() != after || info.Mode() != 0o600 {
		t.Errorf("the file has %d bytes and mode %v, %v", info.Size(), info.Mode(), err)
	}
	mustLogin(t, s, login("later"))
	refuses(t, s.file.Path(), keyFileOf(s.file.Path()), store.ErrInUse)
}

// TestCompactUnderLoad compacts while clients log in, read and take backups.
func TestCompactUnderLoad(t *testing.T) {
	s := openTest(t, testOptions())
	ctx, stop := context.WithCancel(t.Context())
	var group errgroup.Group
	for client := range 8 {
		group.Go(func() error {
			for ctx.Err() == nil {
				in := login(fmt.Sprint(client))
				if _, err := s.Login(t.Context(), in); err != nil {
					return err
				}
				if _, _, err := s.Authenticate(t.Context(), in.SessionID); err != nil {
					return fmt.Errorf("a session that began: %w", err)
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		for ctx.Err() == nil {
			if _, err := s.Backup(t.Context(), io.Discard); err != nil {
				return err
			}
		}
		return nil
	})
	for range 30 {
		if _, _, err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// TestCloseDuringCompact closes a store that is compacted: the file stays whole.
func TestCloseDuringCompact(t *testing.T) {
	for range 20 {
		s := openUnchecked(t)
		logInMany(t, s, "guest", 200)
		entries := contents(t, s)
		compacted := make(chan error, 1)
		go func() { compacted <- errorOf2(s.Compact(t.Context())) }()
		closeTest(t, s)
		if err := <-compacted; err != nil && !errors.Is(err, store.ErrUnavailable) {
			t.Error(err)
		}
		s = mustOpen(t, s.file.Path(), testOptions())
		if diff := cmp.Diff(entries, contents(t, s)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		closeTest(t, s)
	}
}

// TestCompactThatFails leaves the file as it was, and nothing beside it.
func TestCompactThatFails(t *testing.T) {
	s := openTest(t, testOptions())
	useEverything(t, s)
	entries := contents(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	old := s.file.db.Load()
	if _, err, fatal := s.rewrite(ctx, 0); !errors.Is(err, context.Canceled) || fatal != nil {
		t.Errorf("when its context ends: %v, %v", err, fatal)
	}
	blocked := filepath.Join(copyPath(s.file.Path()), "x")
	if err := os.MkdirAll(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Compact(t.Context()); err == nil {
		t.Error("it wrote where it could not")
	}
	if err := os.RemoveAll(copyPath(s.file.Path())); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entries, contents(t, s)); diff != "" || s.file.db.Load() != old {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if left, err := filepath.Glob(s.file.Path() + "?*"); err != nil || left != nil {
		t.Errorf("it left %v, %v", left, err)
	}
	mustLogin(t, s, login("bob"))
}

// TestCompactLetsNobodyIn opens a store that is held, again and again being put in
// another file: a lock on one of those that it was in is no lock on the store.
func TestCompactLetsNobodyIn(t *testing.T) {
	s := openTest(t, testOptions())
	mustLogin(t, s, login("alice"))
	second := make(chan error, 1)
	go func() {
		_, err := Open(s.file.Path(), keyFileOf(s.file.Path()), testOptions())
		second <- err
	}()
	for range 50 {
		if _, _, err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := <-second; !errors.Is(err, store.ErrInUse) {
		t.Errorf("the second who opens the store gets %v", err)
	}
	mustLogin(t, s, login("bob"))
}

// TestOpenRemovesALeftCopy opens a store whose compaction was killed.
func TestOpenRemovesALeftCopy(t *testing.T) {
	path := closedStore(t)
	if err := os.WriteFile(copyPath(path), []byte("half a copy"), 0o600); err != nil {
		t.Fatal(err)
	}
	closeTest(t, mustOpen(t, path, testOptions()))
	if _, err := os.Stat(copyPath(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy is there: %v", err)
	}
}
