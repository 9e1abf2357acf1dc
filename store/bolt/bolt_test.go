package bolt

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/seal"
	"menshen/store/storetest"
)

const (
	app      = "wx0000000000000001"
	otherApp = "wx0000000000000002"
)

var (
	begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	today = store.DayOf(begin, nil)
)

// errorOf and errorOf2 are what a verb answers beside its error, left out.
func errorOf[A any](_ A, err error) error          { return err }
func errorOf2[A, B any](_ A, _ B, err error) error { return err }

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(t *testing.T, options store.Options) store.Store { return openTest(t, options) },
		Reopen: func(t *testing.T, s store.Store) store.Store {
			old := s.(*Store)
			path := old.file.Path()
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			fresh := mustOpen(t, path, old.options)
			t.Cleanup(func() { closeTest(t, fresh) })
			return fresh
		},
	})
}

// testOptions are options with a clock that stands still.
func testOptions() store.Options {
	return store.Options{
		Now: storetest.NewClock(begin).Now, SessionLife: 30 * 24 * time.Hour, MaxSessions: 20,
		AuditRetention: 180 * 24 * time.Hour,
	}
}

// openTest opens a new store. After the test it is closed, and the file is
// opened again and checked.
func openTest(t *testing.T, options store.Options) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data", "menshen.db")
	s := mustOpen(t, path, options)
	t.Cleanup(func() {
		closeTest(t, s)
		s := mustOpen(t, path, options)
		checkStore(t, s)
		closeTest(t, s)
	})
	return s
}

// fileOf returns the path of a new file, in a directory of its own.
func fileOf(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "menshen.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openUnchecked opens a new store that the test is going to damage.
func openUnchecked(t *testing.T) *Store {
	t.Helper()
	s := mustOpen(t, filepath.Join(t.TempDir(), "menshen.db"), testOptions())
	t.Cleanup(func() { closeTest(t, s) })
	return s
}

func keyFileOf(path string) seal.KeyFile {
	return seal.KeyFile(filepath.Join(filepath.Dir(path), "menshen.key"))
}

func mustOpen(t testing.TB, path string, options store.Options) *Store {
	t.Helper()
	s, err := Open(path, keyFileOf(path), options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeTest(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// login is a login of an identity at begin.
func login(openID string) store.Login {
	id := store.NewID(store.SessionPrefix, begin)
	return store.Login{
		AppID: app, OpenID: openID, SessionID: id, IPAddress: "192.0.2.1", UserAgent: "MicroMessenger/8.0",
		SessionKey: store.SessionKey{Text: "key of " + openID, GivenAt: begin},
	}
}

// loginWith is a login that WeChat tells a unionid of.
func loginWith(openID string, unionID store.Optional) store.Login {
	in := login(openID)
	in.UnionID = unionID
	return in
}

// numbered is the phone number of person i.
func numbered(i int) store.Phone {
	number := fmt.Sprintf("138%08d", i)
	return store.Phone{Number: number, PureNumber: number, CountryCode: "86"}
}

func mustLogin(t testing.TB, s *Store, in store.Login) store.LoggedIn {
	t.Helper()
	out, err := s.Login(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// mustOpenScan opens a ticket whose secret has a hash of zeros.
func mustOpenScan(t testing.TB, s *Store) store.ScanLogin {
	t.Helper()
	ticket, err := s.OpenScanLogin(t.Context(), store.OpenScanLogin{AppID: app, IPAddress: "198.51.100.9", UserAgent: "Mozilla/5.0"})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func mustUser(t testing.TB, s *Store, id string) store.User {
	t.Helper()
	user, err := s.User(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return user
}
