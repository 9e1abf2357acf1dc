package mysql

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
	"menshen/store/storetest"
)

const (
	app      = "wx0000000000000001"
	otherApp = "wx0000000000000002"
)

var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// testOptions are options with a clock that stands still.
func testOptions() store.Options {
	return store.Options{
		Now: storetest.NewClock(begin).Now, SessionLife: 30 * 24 * time.Hour, MaxSessions: 20,
		AuditRetention: 180 * 24 * time.Hour,
	}
}

var today = store.DayOf(begin, nil)

// newKey makes the key file that all instances of a store share.
func newKey(t testing.TB) seal.KeyFile {
	t.Helper()
	key := seal.KeyFile(filepath.Join(t.TempDir(), "menshen.key"))
	if _, err := key.Key(true); err != nil {
		t.Fatal(err)
	}
	return key
}

func mustOpen(t testing.TB, url string, key seal.KeyFile, options store.Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, key, options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openTest opens a new store.
func openTest(t testing.TB) *Store {
	t.Helper()
	node := mysqltest.Shared(t)
	s := mustOpen(t, mysqltest.URL(node.NewDatabase(t), node), newKey(t), testOptions())
	t.Cleanup(func() { closeTest(t, s) })
	return s
}

// checkTest finds a store in order, unless the test has closed it.
func checkTest(t *testing.T, s store.Store) {
	t.Helper()
	_, err := s.Check(context.Background(), func(problem string) { t.Error(problem) })
	if err != nil && !errors.Is(err, store.ErrUnavailable) {
		t.Error(err)
	}
}

func closeTest(t testing.TB, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// coming is a login of an identity at begin.
func coming(appID, openID string, unionID store.Optional) store.Login {
	return store.Login{
		AppID: appID, OpenID: openID, UnionID: unionID, SessionID: store.NewID(store.SessionPrefix, begin),
		SessionKey: store.SessionKey{Text: "key of " + openID, GivenAt: begin}, IPAddress: "192.0.2.1",
	}
}

func mustLogin(t testing.TB, s *Store, in store.Login) store.LoggedIn {
	t.Helper()
	out, err := s.Login(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// populate fills a new store with the users of a large directory.
func populate(t testing.TB, s *Store, size int) []store.User {
	t.Helper()
	users := storetest.DirectoryUsers(size)
	if err := storetest.Enroll(t.Context(), s, users); err != nil {
		t.Fatal(err)
	}
	return users
}

// errorOf and errorOf2 are what a verb answers beside its error, left out.
func errorOf[A any](_ A, err error) error          { return err }
func errorOf2[A, B any](_ A, _ B, err error) error { return err }
