package mysql

import (
	"database/sql"
	"errors"
	"testing"

	"menshen/store"
	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
	"menshen/store/storetest"
)

// shared is a database that several instances use at once.
type shared struct {
	*testing.T
	*sql.DB // behind the instances' backs
	url     string
	key     seal.KeyFile
	clock   *storetest.Clock
}

func newShared(t *testing.T) *shared {
	t.Helper()
	node := mysqltest.Shared(t)
	name := node.NewDatabase(t)
	return &shared{t, node.DB(t, name), mysqltest.URL(name, node), newKey(t), storetest.NewClock(begin)}
}

// instance opens one more, whose prunes wait for nobody.
func (f *shared) instance() *Store {
	f.Helper()
	options := testOptions()
	options.Now = f.clock.Now
	s := mustOpen(f.T, f.url, f.key, options)
	s.settling = 0
	f.Cleanup(func() { closeTest(f.T, s) })
	return s
}

// need ends the test unless err is nil.
func (f *shared) need(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// refused marks the test as failed unless err is want.
func (f *shared) refused(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Errorf("error %v, want %v", err, want)
	}
}

func (f *shared) exec(statement string, args ...any) {
	f.Helper()
	_, err := f.Exec(statement, args...)
	f.need(err)
}

// count answers a SELECT of one number.
func (f *shared) count(query string, args ...any) (n int) {
	f.Helper()
	f.need(f.QueryRow(query, args...).Scan(&n))
	return n
}

// enter logs somebody in.
func (f *shared) enter(s *Store, openID string) store.LoggedIn {
	f.Helper()
	in := coming(app, openID, "")
	in.SessionKey.GivenAt = f.clock.Now()
	out, err := s.Login(f.Context(), in)
	f.need(err)
	return out
}

// together runs a call for each of n numbers at once.
func (f *shared) together(n int, call func(i int) error) {
	f.Helper()
	done := make(chan error)
	for i := range n {
		go func() { done <- call(i) }()
	}
	for range n {
		if err := <-done; err != nil {
			f.Error(err)
		}
	}
}
