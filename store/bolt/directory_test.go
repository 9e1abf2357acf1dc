package bolt

import (
	"context"
	"errors"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/storetest"
)

// TestDirectoryOf100000 holds a large directory against a plain list, and sees
// that no request looks at more of it than it has to.
func TestDirectoryOf100000(t *testing.T) {
	size, filters := 100_000, 40
	if testing.Short() {
		size, filters = 12_000, 20
	}
	s := openUnchecked(t)
	users := populate(t, s, size)
	t.Run("answers", func(t *testing.T) { storetest.Directory(t, s, users, 1, filters) })
	t.Run("pages", func(t *testing.T) { leafThrough(t, s, size) })
	t.Run("economy", func(t *testing.T) { testEconomy(t, s, users) })
	t.Run("an end", func(t *testing.T) { testWalkEnds(t, s) })
}

// TestCounters holds what the store says of its counters against those that are
// kept.
func TestCounters(t *testing.T) {
	s := openTest(t, testOptions())
	span := store.TimeRange{From: begin}
	for _, f := range []store.UserFilter{
		{}, {AppID: app}, {Status: store.StatusActive}, {Status: store.StatusBlocked}, {Role: store.RoleUser}, {Role: store.RoleAdmin},
		{Search: "a"}, {Created: span}, {LastLogin: span}, {AppID: app, Status: store.StatusActive},
		{AppID: app, Role: store.RoleUser}, {Status: store.StatusActive, Role: store.RoleUser}, {AppID: app, Search: "a"},
	} {
		err := s.view(t.Context(), "test", func(tx *tx) error {
			if _, kept := (&directory{tx: tx, ctx: t.Context()}).kept(f); kept != f.Counted() {
				t.Errorf("a counter of %+v is kept: %t, but Counted says %t", f, kept, f.Counted())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
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

// leafThrough pages from the first user to the last, and counts them.
func leafThrough(t *testing.T, s *Store, size int) {
	q := store.UserQuery{Order: store.UserOrder{By: store.ByLastLoginAt}, Limit: 100}
	seen := 0
	for more := true; more; {
		page, err := s.Users(t.Context(), q)
		if err != nil || len(page.Users) == 0 || page.HasPrevious != (seen > 0) {
			t.Fatalf("after %d users: %d, previous %v, %v", seen, len(page.Users), page.HasPrevious, err)
		}
		seen += len(page.Users)
		last := q.Order.PositionOf(page.Users[len(page.Users)-1])
		q.After, more = &last, page.HasNext
	}
	if seen != size {
		t.Errorf("%d users in all pages, want %d", seen, size)
	}
}

// testEconomy bounds how many entries and records a request may look at.
func testEconomy(t *testing.T, s *Store, users []store.User) {
	middle := users[len(users)/2]
	hour := func(t time.Time) store.TimeRange { return store.TimeRange{From: t, To: t.Add(time.Hour)} }
	for name, test := range map[string]struct {
		filter store.UserFilter
		most   int
	}{
		"everybody":                {store.UserFilter{}, 30},
		"an app":                   {store.UserFilter{AppID: otherApp}, 30},
		"an app without users":     {store.UserFilter{AppID: "wx0000000000000009"}, 0},
		"the blocked":              {store.UserFilter{Status: store.StatusBlocked}, 30},
		"the active":               {store.UserFilter{Status: store.StatusActive}, 80},
		"administrators":           {store.UserFilter{Role: store.RoleAdmin}, 30},
		"administrators in an app": {store.UserFilter{Role: store.RoleAdmin, AppID: app}, 80},
		"an id":                    {store.UserFilter{Search: middle.ID}, 10},
		"an OpenID":                {store.UserFilter{Search: middle.Identities[0].OpenID}, 10},
		"an OpenID in an app":      {store.UserFilter{Search: middle.Identities[0].OpenID, AppID: middle.Identities[0].AppID}, 10},
		"a unionid":                {store.UserFilter{Search: string(middle.UnionID)}, 10},
		"nobody":                   {store.UserFilter{Search: "nobody"}, 10},
		"a whole name":             {store.UserFilter{Search: "anton123"}, 300},
		"a name of many":           {store.UserFilter{Search: "a"}, 2 * store.CountLimit},
		"an hour of creation":      {store.UserFilter{Created: hour(middle.CreatedAt)}, 300},
		"an hour of last logins":   {store.UserFilter{LastLogin: hour(middle.LastLoginAt)}, 300},
		"two hours":                {store.UserFilter{Created: hour(middle.CreatedAt), LastLogin: hour(middle.LastLoginAt)}, 300},
		"an hour of the blocked":   {store.UserFilter{Created: hour(middle.CreatedAt), Status: store.StatusBlocked}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 8 {
				q := store.UserQuery{Filter: test.filter, Limit: 20, Last: i&1 == 0}
				q.Order = store.UserOrder{By: []store.UserOrderField{store.ByCreatedAt, store.ByLastLoginAt}[i/2&1], Descending: i&4 == 0}
				if n := examined(t, s, q); n > test.most {
					t.Errorf("%d entries and records for %+v %+v, last %v; want at most %d", n, q.Filter, q.Order, q.Last, test.most)
				}
			}
		})
	}
}

func examined(t *testing.T, s *Store, q store.UserQuery) (n int) {
	t.Helper()
	err := s.view(t.Context(), "users", func(tx *tx) error {
		d := &directory{tx: tx, ctx: t.Context()}
		_, err := d.page(q)
		n = d.examined
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ending is a context that ends when it has been asked often enough.
type ending struct {
	context.Context
	left int
}

func (e *ending) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// testWalkEnds ends requests that walk long.
func testWalkEnds(t *testing.T, s *Store) {
	filter := store.UserFilter{Role: store.RoleUser, Status: store.StatusActive}
	if _, exact, err := s.CountUsers(t.Context(), filter); err != nil || exact {
		t.Fatalf("exact %v, %v: nothing to walk", exact, err)
	}
	for name, ask := range map[string]func(context.Context) error{
		"count": func(ctx context.Context) error { return errorOf2(s.CountUsers(ctx, filter)) },
		"search": func(ctx context.Context) error {
			return errorOf(s.Users(ctx, store.UserQuery{Filter: store.UserFilter{Search: "a"}, Limit: 1}))
		},
		"page": func(ctx context.Context) error {
			return errorOf(s.Users(ctx, store.UserQuery{Filter: store.UserFilter{Status: "NONE"}, Limit: 1}))
		},
	} {
		if err := ask(&ending{t.Context(), 3}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want the context's", name, err)
		}
	}
}
