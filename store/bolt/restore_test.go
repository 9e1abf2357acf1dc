package bolt

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"menshen/store"
	"menshen/store/seal"
)

// restore puts a backup into a directory of its own and returns the path there.
func restore(t *testing.T, text []byte, keyFile seal.KeyFile) (path string, found store.Inventory, err error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "data", "menshen.db")
	found, err = Restore(t.Context(), fileOf(t, text), path, keyFile, testOptions(), func(problem string) { t.Log(problem) })
	return path, found, err
}

// openRestored opens a restored store with the key file of the one it came from.
func openRestored(t *testing.T, path string, origin *Store) *Store {
	t.Helper()
	s, err := Open(path, keyFileOf(origin.file.Path()), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeTest(t, s) })
	return s
}

func TestRestoreRefuses(t *testing.T) {
	s := openTest(t, testOptions())
	useEverything(t, s)
	whole, key := backup(t, s), keyFileOf(s.file.Path())
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
}

func TestRestoreRefusesAText(t *testing.T) {
	if _, _, err := restore(t, []byte("not a database"), keyFileOf(closedStore(t))); err == nil {
		t.Error("it was restored")
	}
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
	from := fileOf(t, backup(t, s))
	mustLogin(t, s, login("alice"))
	before := contents(t, s)
	key := keyFileOf(s.file.Path())
	_, err := Restore(t.Context(), from, s.file.Path(), key, testOptions(), func(string) {})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want fs.ErrExist", err)
	}
	if diff := cmp.Diff(before, contents(t, s)); diff != "" {
		t.Errorf("the store that was there (-before +after):\n%s", diff)
	}
	if _, err = Restore(t.Context(), from+"x", from+".db", key, testOptions(), func(string) {}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a backup that is not there: %v", err)
	}
}
