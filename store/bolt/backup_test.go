package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"

	"menshen/store"
)

// contents returns all entries of a store, by bucket and key.
func contents(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := s.file.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error { all[string(name)+"/"+string(k)] = string(v); return nil })
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// backup returns a backup of a store.
func backup(t *testing.T, s *Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := s.Backup(t.Context(), &b); err != nil || n != int64(b.Len()) {
		t.Fatalf("%d bytes of %d, %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func TestBackupRestores(t *testing.T) {
	s := openTest(t, testOptions())
	useEverything(t, s)
	for _, name := range []string{"a backup", "one after a compaction"} {
		t.Run(name, func(t *testing.T) {
			path, found, err := restore(t, backup(t, s), keyFileOf(s.file.Path()))
			if err != nil || found.Users != 2 {
				t.Fatalf("found %+v, %v", found, err)
			}
			if diff := cmp.Diff(contents(t, s), contents(t, openRestored(t, path, s))); diff != "" {
				t.Errorf("(-store +restored):\n%s", diff)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			onlyFile(t, path)
		})
		if _, _, err := s.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// onlyFile expects nothing beside a file.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if diff := cmp.Diff([]string{path}, names); err != nil || diff != "" {
		t.Errorf("the directory (-want +got): %v\n%s", err, diff)
	}
}

// TestBackupHoldsNobodyUp stops reading in the middle of a backup, and meanwhile
// more users come than the file has room for.
func TestBackupHoldsNobodyUp(t *testing.T) {
	s := openTest(t, testOptions())
	mustLogin(t, s, login("before"))
	r, w := io.Pipe()
	go func() {
		_, err := s.Backup(t.Context(), w)
		w.CloseWithError(err)
	}()
	first := make([]byte, 1)
	if _, err := io.ReadFull(r, first); err != nil { // it has begun
		t.Fatal(err)
	}
	before, err := os.Stat(s.file.Path())
	if err != nil {
		t.Fatal(err)
	}
	logInMany(t, s, "during", 3000)
	if after, err := os.Stat(s.file.Path()); err != nil || after.Size() == before.Size() {
		t.Errorf("the file did not grow: %v", err)
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	path, found, err := restore(t, append(first, rest...), keyFileOf(s.file.Path()))
	if err != nil || found.Users != 1 {
		t.Fatalf("found %+v, %v, want the user of the first instant", found, err)
	}
	openRestored(t, path, s)
}

// logInMany logs n users in, many at a time.
func logInMany(t *testing.T, s *Store, name string, n int) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(64)
	for i := range n {
		group.Go(func() error { return errorOf(s.Login(t.Context(), login(fmt.Sprint(name, " ", i)))) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestBackupEnds(t *testing.T) {
	s := openTest(t, testOptions())
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.Backup(ctx, writer(func([]byte) error { cancel(); return nil })); !errors.Is(err, context.Canceled) {
		t.Errorf("when its context ends: %v", err)
	}
	if _, err := s.Backup(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("when its context has ended: %v", err)
	}
	if _, err := s.Backup(t.Context(), writer(func([]byte) error { return fs.ErrClosed })); err == nil {
		t.Error("a backup that could not be written was taken")
	}
	backup(t, s)
}

// writer is a function as an io.Writer.
type writer func([]byte) error

func (w writer) Write(b []byte) (int, error) { return len(b), w(b) }

func TestClosedStoreHasNoLongJobs(t *testing.T) {
	s := openUnchecked(t)
	closeTest(t, s)
	for verb, err := range map[string]error{
		"check":   errorOf(s.Check(t.Context(), func(problem string) { t.Error(problem) })),
		"backup":  errorOf(s.Backup(t.Context(), io.Discard)),
		"compact": errorOf2(s.Compact(t.Context())),
	} {
		if !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "panic") {
			t.Errorf("%s: %v, want ErrUnavailable", verb, err)
		}
	}
}
