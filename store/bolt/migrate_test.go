package bolt

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"go.etcd.io/bbolt"

	"menshen/store"
	"menshen/store/seal"
)

// TestMigrationNeedsTheKey leaves a file that does not open as it was, for the
// version that wrote it.
func TestMigrationNeedsTheKey(t *testing.T) {
	path := copyFixture(t, "v1")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refuses(t, path, keyFileOf(closedStore(t)), seal.ErrWrongKey)
	refuses(t, path, keyFileOf(path)+"x", seal.ErrNoKeyFile)
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("it was changed, %v", err)
	}
}

// TestMigrationForgetsOldKeyEnds has an entry that version 1 left behind.
func TestMigrationForgetsOldKeyEnds(t *testing.T) {
	path := copyFixture(t, "v1")
	left := at(minute(5).Add(store.SessionKeyMemory), identityKey(fixtureApp, "alice"))
	raw(t, path, func(tx *bbolt.Tx) error { return tx.Bucket(bucketKeysByEnd).Put(left, nil) })
	s := mustOpen(t, path, testOptions())
	defer closeTest(t, s)
	checkStore(t, s)
}

// TestMigrationPassesOverDamage damages one record of each kind.
func TestMigrationPassesOverDamage(t *testing.T) {
	path := copyFixture(t, "v1")
	raw(t, path, func(tx *bbolt.Tx) (err error) {
		for _, bucket := range [][]byte{bucketUsers, bucketIdentities, bucketAudit} {
			first, _ := tx.Bucket(bucket).Cursor().First()
			err = errors.Join(err, tx.Bucket(bucket).Put(bytes.Clone(first), []byte("?")))
		}
		return err
	})
	s := mustOpen(t, path, testOptions())
	defer closeTest(t, s)
	page, err := s.Users(t.Context(), store.UserQuery{Order: store.UserOrder{By: store.ByCreatedAt}, Limit: 10})
	if err != nil || len(page.Users) != 1 {
		t.Errorf("%d users, %v, want the one who reads", len(page.Users), err)
	}
	if problems := problemsOf(t, s); len(problems) == 0 {
		t.Error("the check tells nothing")
	}
	mustLogin(t, s, login("somebody new"))
}
