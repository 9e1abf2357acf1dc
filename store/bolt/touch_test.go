package bolt

import (
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"menshen/store"
	"menshen/store/storetest"
)

// TestTouchesPassOverDamage writes down the use of a session whose record has become
// damaged, and that of another.
func TestTouchesPassOverDamage(t *testing.T) {
	clock := storetest.NewClock(begin)
	options := testOptions()
	options.Now = clock.Now
	s := mustOpen(t, filepath.Join(t.TempDir(), "menshen.db"), options)
	defer closeTest(t, s)
	broken, whole := mustLogin(t, s, login("alice")).Session.ID, mustLogin(t, s, login("bob")).Session.ID
	used := clock.Advance(time.Hour)
	for _, id := range []string{broken, whole} {
		if _, _, err := s.Authenticate(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	raw, _ := store.ParseID(store.SessionPrefix, broken)
	err := s.file.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketSessions).Put(raw[:], []byte{0xff}) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.flushTouches(t.Context()); err != nil {
		t.Fatal(err)
	}
	session, err := s.Session(t.Context(), whole)
	if err != nil || !session.LastUsedAt.Equal(used) {
		t.Errorf("used at %s, %v; want %s", session.LastUsedAt, err, used)
	}
}
