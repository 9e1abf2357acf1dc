package bolt

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"menshen/store"
	"menshen/store/seal"
)

// closedStore returns the path of a store that is not open.
func closedStore(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data", "menshen.db")
	closeTest(t, mustOpen(t, path, testOptions()))
	return path
}

// refuses expects Open to fail with want and to let go of the file.
func refuses(t *testing.T, path string, keyFile seal.KeyFile, want error) {
	t.Helper()
	s, err := Open(path, keyFile, testOptions())
	if err == nil {
		closeTest(t, s)
	}
	if !errors.Is(err, want) {
		t.Errorf("open: %v, want %v", err, want)
	}
}

// raw changes a closed file with bbolt alone.
func raw(t *testing.T, path string, change func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	path := closedStore(t)
	for name, want := range map[string]fs.FileMode{
		filepath.Dir(path): 0o700 | fs.ModeDir, path: 0o600, string(keyFileOf(path)): 0o600,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(name), info.Mode(), want)
		}
	}
}

func TestOpenInUse(t *testing.T) {
	s := openTest(t, testOptions())
	refuses(t, s.file.Path(), keyFileOf(s.file.Path()), store.ErrInUse)
	mustLogin(t, s, login("alice"))
}

// TestOpenExisting makes neither a file nor its directory.
func TestOpenExisting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "menshen.db")
	options := testOptions()
	options.Existing = true
	if _, err := Open(path, keyFileOf(path), options); !errors.Is(err, store.ErrNoStore) {
		t.Errorf("open: %v, want %v", err, store.ErrNoStore)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory: %v, want none", err)
	}
	closeTest(t, mustOpen(t, path, testOptions()))
	closeTest(t, mustOpen(t, path, options))
}

func TestOpenNewer(t *testing.T) {
	path := closedStore(t)
	raw(t, path, func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyVersion, binary.BigEndian.AppendUint32(nil, uint32(len(migrations)+1)))
	})
	refuses(t, path, keyFileOf(path), store.ErrNewer)
}

func TestOpenOtherFiles(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	raw(t, foreign, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("others")); return err })
	noVersion := closedStore(t)
	raw(t, noVersion, func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyVersion) })
	for _, path := range []string{foreign, noVersion} {
		refuses(t, path, keyFileOf(path), store.ErrDamaged)
	}
	if _, err := os.Stat(string(keyFileOf(foreign))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key file beside another program's data: %v", err)
	}
	raw(t, foreign, func(tx *bbolt.Tx) error {
		if tx.Bucket(bucketMeta) != nil || tx.Bucket([]byte("others")) == nil {
			t.Error("another program's file was changed")
		}
		return nil
	})

	text := fileOf(t, []byte("not a database"))
	if s, err := Open(text, keyFileOf(text), testOptions()); err == nil {
		closeTest(t, s)
		t.Error("a text was opened")
	}
}

func TestOpenWithoutItsKey(t *testing.T) {
	path := closedStore(t)
	key := keyFileOf(path)
	aside := string(key) + ".aside"
	if err := os.Rename(string(key), aside); err != nil {
		t.Fatal(err)
	}
	refuses(t, path, key, seal.ErrNoKeyFile)
	if _, err := os.Stat(string(key)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key file was made for an existing store: %v", err)
	}
	refuses(t, path, keyFileOf(closedStore(t)), seal.ErrWrongKey)

	if err := os.Rename(aside, string(key)); err != nil {
		t.Fatal(err)
	}
	closeTest(t, mustOpen(t, path, testOptions()))
}

func TestNewStoreTakesAnExistingKey(t *testing.T) {
	key := keyFileOf(closedStore(t))
	path := filepath.Join(t.TempDir(), "menshen.db")
	before, err := os.ReadFile(string(key))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, key, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	closeTest(t, s)
	if after, err := os.ReadFile(string(key)); err != nil || string(after) != string(before) {
		t.Errorf("the key file changed: %v", err)
	}
}

func TestLoginNeedsASessionID(t *testing.T) {
	s := openTest(t, testOptions())
	for _, id := range []string{"", "ses_1", store.NewID(store.UserPrefix, begin)} {
		in := login("alice")
		in.SessionID = id
		if out, err := s.Login(t.Context(), in); err == nil {
			t.Errorf("a login with session id %q made %s", id, out.Session.ID)
		}
	}
	if _, err := s.SessionKeys(t.Context(), app, "alice"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the identity of a failed login: %v", err)
	}
}

// TestRemoveUnfinished keeps whatever may be a store.
func TestRemoveUnfinished(t *testing.T) {
	page := os.Getpagesize()
	for size, want := range map[int]bool{0: false, 3 * page: false, 4*page - 1: false, 4 * page: true, 9 * page: true} {
		path := fileOf(t, make([]byte, size))
		if err := removeUnfinished(path); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%d bytes: %v, want it kept: %v", size, err, want)
		}
	}
	if err := removeUnfinished(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
	// What bbolt writes first is as long as we think.
	s := openUnchecked(t)
	if file, err := os.Stat(s.file.Path()); err != nil || file.Size() < initialPages*int64(page) {
		t.Errorf("a new store has %d bytes, %v", file.Size(), err)
	}
}
