package mysql

import (
	"strings"
	"testing"

	"menshen/store"
	"menshen/store/mysql/mysqltest"
)

// openTapped opens a store in a new database, with a wire before its server.
func openTapped(t *testing.T, options store.Options) (*Store, *wire, string) {
	t.Helper()
	node := mysqltest.Shared(t)
	database := node.NewDatabase(t)
	w, url := tap(t, mysqltest.URL(database, node))
	s := mustOpen(t, url, newKey(t), options)
	s.settling = 0 // nobody writes beside the test
	t.Cleanup(func() { closeTest(t, s) })
	return s, w, database
}

// TestRoundTrips counts what the requests of every day cost on the wire.
func TestRoundTrips(t *testing.T) {
	s, w, _ := openTapped(t, testOptions())
	ctx := t.Context()
	first := coming(app, "alice", "")
	login := func(in store.Login) func() error {
		return func() error { return errorOf(s.Login(ctx, in)) }
	}
	for _, test := range []struct {
		name  string
		do    func() error
		trips int
	}{
		{"login of a new user", login(first), 3},
		{"login of a known user", login(coming(app, "alice", "")), 3},
		{"login of a new user with a unionid", login(coming(app, "bob", "union-bob")), 3},
		{"login of a known user with a unionid", login(coming(app, "bob", "union-bob")), 3},
		{"login that joins by a unionid", login(coming(otherApp, "bob there", "union-bob")), 3},
		{"login that merges two users", login(coming(app, "alice", "union-bob")), 3},
		{"authenticate", func() error { return errorOf2(s.Authenticate(ctx, first.SessionID)) }, 1},
		{"refresh", func() error {
			return errorOf2(s.Refresh(ctx, store.Refresh{SessionID: first.SessionID, Next: store.RefreshToken{Generation: 1}}))
		}, 3},
	} {
		w.sent()
		if err := test.do(); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		sent := w.sent()
		queries := 0
		for _, command := range sent {
			queries += len(strings.Split(command, "; "))
		}
		t.Logf("%-38s %d round trips, %2d statements", test.name, len(sent), queries)
		if len(sent) != test.trips {
			t.Errorf("%s: %d round trips, want %d: %q", test.name, len(sent), test.trips, sent)
		}
		if test.trips == 1 && queries != 1 {
			t.Errorf("%s: %d statements, want one: %q", test.name, queries, sent)
		}
	}
}
