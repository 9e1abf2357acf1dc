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
	"menshen/store/seal"
)

// contents returns all entries of a store, by bucket and key.
func contents(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := s.db.View(func(tx *bbolt.Tx) error {
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

// restore puts a backup into a directory of its own and returns the path there.
func restore(t *testing.T, text []byte, keyFile seal.KeyFile) (path string, found store.Inventory, err error) {
	t.Helper()
	from := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(from, text, 0o600); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "data", "menshen.db")
	found, err = Restore(t.Context(), from, path, keyFile, testOptions(), func(problem string) { t.Log(problem) })
	return path, found, err
}

// openRestored opens a restored store with the key file of the one it came from.
func openRestored(t *testing.T, path string, origin *Store) *Store {
	t.Helper()
	s, err := Open(path, keyFileOf(origin.db.Path()), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeTest(t, s) })
	return s
}

func TestBackupRestores(t *testing.T) {
	s := openTest(t, testOptions())
	useEverything(t, s)
	for _, name := range []string{"a backup", "one after a compaction"} {
		t.Run(name, func(t *testing.T) {
			path, found, err := restore(t, backup(t, s), keyFileOf(s.db.Path()))
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
	before, err := os.Stat(s.db.Path())
	if err != nil {
		t.Fatal(err)
	}
	crowd(t, s, "during", 3000)
	if after, err := os.Stat(s.db.Path()); err != nil || after.Size() == before.Size() {
		t.Errorf("the file did not grow: %v", err)
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	path, found, err := restore(t, append(first, rest...), keyFileOf(s.db.Path()))
	if err != nil || found.Users != 1 {
		t.Fatalf("found %+v, %v, want the user of the first instant", found, err)
	}
	openRestored(t, path, s)
}

// crowd logs n users in, many at a time.
func crowd(t *testing.T, s *Store, name string, n int) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(64)
	for i := range n {
		group.Go(func() error {
			_, err := s.Login(t.Context(), login(fmt.Sprint(name, " ", i)))
			return err
		})
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

func TestRestoreRefuses(t *testing.T) {
	s := openTest(t, testOptions())
	useEverything(t, s)
	whole, key := backup(t, s), keyFileOf(s.db.Path())
	misled := bytes.ReplaceAll(whole, []byte("alice in wonderland"), []byte("malic in wonderland")) // in the index
	tests := []struct {
		name string
		text []byte
		key  seal.KeyFile
		want error
	}{
		{"nothing", nil, key, store.ErrDamaged},
		{"nothing, and no key", nil, key + "x", store.ErrDamaged},
		{"half a backup", whole[:len(whole)/2], key, store.ErrDamaged},
		{"a backup without its last page", whole[:len(whole)-4096], key, store.ErrDamaged},
		{"a backup whose indexes disagree", misled, key, store.ErrDamaged},
		{"an empty bbolt file", bboltFile(t, ""), key, store.ErrDamaged},
		{"another program's file", bboltFile(t, "others"), key, store.ErrDamaged},
		{"a backup with another store's key", whole, keyFileOf(closedStore(t)), seal.ErrWrongKey},
		{"a backup without its key", whole, key + "x", seal.ErrNoKeyFile},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, _, err := restore(t, test.text, test.key)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); err != nil || left != nil {
				t.Errorf("it left %v, %v", left, err)
			}
			if _, err := os.Stat(string(key + "x")); err == nil {
				t.Error("a key file was made")
			}
		})
	}
	t.Run("a text", func(t *testing.T) {
		if _, _, err := restore(t, []byte("not a database"), key); err == nil {
			t.Error("it was restored")
		}
	})
}

// bboltFile returns a bbolt file with one bucket or none.
func bboltFile(t *testing.T, bucket string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	raw(t, path, func(tx *bbolt.Tx) error {
		if bucket == "" {
			return nil
		}
		_, err := tx.CreateBucket([]byte(bucket))
		return err
	})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRestoreOverwritesNothing(t *testing.T) {
	s := openTest(t, testOptions())
	from := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(from, backup(t, s), 0o600); err != nil {
		t.Fatal(err)
	}
	mustLogin(t, s, login("alice"))
	before := contents(t, s)
	_, err := Restore(t.Context(), from, s.db.Path(), keyFileOf(s.db.Path()), testOptions(), func(string) {})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want fs.ErrExist", err)
	}
	if diff := cmp.Diff(before, contents(t, s)); diff != "" {
		t.Errorf("the store that was there (-before +after):\n%s", diff)
	}
	if _, err := Restore(t.Context(), from+"x", from+".db", keyFileOf(s.db.Path()), testOptions(), func(string) {}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a backup that is not there: %v", err)
	}
}

func TestClosedStoreHasNoLongJobs(t *testing.T) {
	s := openUnchecked(t)
	closeTest(t, s)
	_, checkErr := s.Check(t.Context(), func(problem string) { t.Error(problem) })
	_, backupErr := s.Backup(t.Context(), io.Discard)
	_, _, compactErr := s.Compact(t.Context())
	for verb, err := range map[string]error{"check": checkErr, "backup": backupErr, "compact": compactErr} {
		if !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "panic") {
			t.Errorf("%s: %v, want ErrUnavailable", verb, err)
		}
	}
}
