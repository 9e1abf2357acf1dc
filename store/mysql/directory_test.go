package mysql

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/storetest"
)

// TestDirectory holds a large directory against a plain list, and sees that no request
// reads more of it than it has to.
func TestDirectory(t *testing.T) {
	const size = 12_000 // more than CountLimit
	s := openTest(t)
	users := populate(t, s, size)
	t.Run("answers", func(t *testing.T) { storetest.Directory(t, s, users, 1, 20) })
	t.Run("economy", func(t *testing.T) { testEconomy(t, s, users) })
}

// testEconomy bounds how many rows the server may read for a page, all that it puts
// aside and reads again included.
func testEconomy(t *testing.T, s *Store, users []store.User) {
	const (
		page       = 300
		measured   = 2*store.CountLimit + page // one condition that many meet
		candidates = 6 * store.CountLimit      // some thousands to sort
	)
	middle := users[len(users)/2]
	hour := func(t time.Time) store.TimeRange { return store.TimeRange{From: t, To: t.Add(time.Hour)} }
	for name, test := range map[string]struct {
		filter store.UserFilter
		most   int
	}{
		"everybody":                {store.UserFilter{}, page},
		"an app":                   {store.UserFilter{AppID: otherApp}, candidates},
		"an app without users":     {store.UserFilter{AppID: "wx0000000000000009"}, 50},
		"the blocked":              {store.UserFilter{Status: store.StatusBlocked}, 10 * page},
		"the active":               {store.UserFilter{Status: store.StatusActive}, measured},
		"administrators":           {store.UserFilter{Role: store.RoleAdmin}, page},
		"administrators in an app": {store.UserFilter{Role: store.RoleAdmin, AppID: app}, measured},
		"an id":                    {store.UserFilter{Search: middle.ID}, 50},
		"an OpenID":                {store.UserFilter{Search: middle.Identities[0].OpenID}, 50},
		"an OpenID in an app":      {store.UserFilter{Search: middle.Identities[0].OpenID, AppID: app}, measured},
		"a unionid":                {store.UserFilter{Search: string(middle.UnionID)}, 50},
		"nobody":                   {store.UserFilter{Search: "nobody"}, 50},
		"a whole name":             {store.UserFilter{Search: "anton123"}, page},
		"a name of many":           {store.UserFilter{Search: "a"}, candidates},
		"an hour of creation":      {store.UserFilter{Created: hour(middle.CreatedAt)}, 4 * page},
		"an hour of last logins":   {store.UserFilter{LastLogin: hour(middle.LastLoginAt)}, 4 * page},
		"two hours":                {store.UserFilter{Created: hour(middle.CreatedAt), LastLogin: hour(middle.LastLoginAt)}, 4 * page},
		"an hour of the blocked":   {store.UserFilter{Created: hour(middle.CreatedAt), Status: store.StatusBlocked}, 4 * page},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 8 {
				q := store.UserQuery{Filter: test.filter, Limit: 20, Last: i&1 == 0}
				q.Order = store.UserOrder{By: []store.UserOrderField{store.ByCreatedAt, store.ByLastLoginAt}[i/2&1], Descending: i&4 == 0}
				n := rowsRead(t, s, func(tx *tx) error {
					_, err := tx.page(t.Context(), q)
					return err
				})
				if n > test.most {
					t.Errorf("%d rows read for %+v %+v, last %v; want at most %d", n, q.Filter, q.Order, q.Last, test.most)
				}
			}
		})
	}
}

// rowsRead counts the rows that the server reads for what fn asks, in tables, indexes
// and what it puts aside.
func rowsRead(t testing.TB, s *Store, fn func(*tx) error) int {
	t.Helper()
	conn, err := s.servers[0].pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	tx := s.newTx(conn, beginNothing)
	count := func() (sum int) {
		err = errors.Join(err, tx.read(unheard(t.Context()), ask(func(rows *sql.Rows) error {
			var name string
			var n int
			err := rows.Scan(&name, &n)
			sum += n
			return err
		}, "SHOW SESSION STATUS LIKE 'Handler_read%'")))
		return sum
	}
	before := count()
	err = errors.Join(err, fn(tx))
	after := count()
	if err != nil {
		t.Fatal(err)
	}
	return after - before
}
