package storetest

import (
	"fmt"
	"testing"
	"time"

	"menshen/store"
)

var directoryLaws = []law{
	{"the directory agrees with a plain list", testDirectory},
	{"its pages lead through the whole list and back", testDirectoryPages},
	{"a search finds the start of a name and the whole of all else", testDirectorySearch},
	{"who moves between two pages neither repeats nor hides others", testDirectoryMoved},
	{"a time range begins at an instant and ends before one", testDirectoryRange},
	{"an empty directory has an empty page", testDirectoryEmpty},
	{"nobody has a status or a role that there is not", testDirectoryUnknown},
}

func testDirectory(t *testing.T, h Harness) {
	n := openTown(t, h, 1)
	Directory(t, n.store, n.users(), 1, 120)
	n.reopen()
	Directory(t, n.store, n.users(), 2, 20)
}

func testDirectoryPages(t *testing.T, h Harness) {
	n := openTown(t, h, 2)
	o := newOracle(n.fixture, n.users(), 3)
	for range 5 {
		for _, order := range []store.UserOrder{{By: store.ByCreatedAt}, {By: store.ByLastLoginAt, Descending: true}} {
			q := store.UserQuery{Filter: o.filter(), Order: order, Limit: 7}
			want := o.list(q.Filter, order)
			n.same("forward", n.leaf(q, len(want)), want)
			q.Last = true
			n.same("backward", n.leaf(q, len(want)), want)
		}
	}
}

// leaf pages through a directory of so many users, from the front or, with Last,
// from the back.
func (f *fixture) leaf(q store.UserQuery, size int) (all []store.User) {
	f.Helper()
	for more := true; more; {
		page, err := f.store.Users(f.Context(), q)
		f.need(err)
		if q.Last {
			more, all = page.HasPrevious, append(page.Users, all...)
		} else {
			more, all = page.HasNext, append(all, page.Users...)
		}
		if len(all) > size || more && len(page.Users) == 0 {
			f.Fatalf("%d users in the pages so far and %d in the last, want %d in all", len(all), len(page.Users), size)
		}
		if more {
			q.After, q.Before = edges(q, page.Users)
		}
	}
	return all
}

// edges are the bounds of the page that follows one.
func edges(q store.UserQuery, page []store.User) (after, before *store.UserPosition) {
	if q.Last {
		first := q.Order.PositionOf(page[0])
		return nil, &first
	}
	last := q.Order.PositionOf(page[len(page)-1])
	return &last, nil
}

// listed returns the OpenIDs of the users whom a filter lets through, by creation.
func (f *fixture) listed(filter store.UserFilter) (list []string) {
	f.Helper()
	page, err := f.store.Users(f.Context(), store.UserQuery{Filter: filter, Limit: 100})
	f.need(err)
	for _, u := range page.Users {
		list = append(list, u.Identities[0].OpenID)
	}
	return list
}

func testDirectorySearch(t *testing.T, h Harness) {
	f := open(t, h)
	enter := func(openID, appID string, unionID, nickName store.Optional) store.User {
		f.clock.Advance(instant)
		in := f.comingTo(appID, openID, unionID)
		in.Profile = &store.Profile{NickName: nickName}
		return f.login(in).User
	}
	alice := enter("alice", app, "union-alice", "Алиса")
	enter("bob", otherApp, "", "АЛИК")
	former := enter("alice-there", otherApp, "", "").ID
	enter("alice-there", otherApp, "union-alice", "Алиса")
	enter("alice", app, "union-moved", "Алиса")
	carol := enter("carol", app, "", "ali\u00e9").ID
	enter("dave", app, "", "Dave")
	f.bind(alice.ID, mobile)
	f.block(carol, "reason")

	for term, want := range map[string][]string{
		"":     {"alice", "bob", "carol", "dave"},
		"али":  {"alice", "bob"},
		"АЛИС": {"alice"}, "алиса ": nil, "лиса": nil,
		"ALI\u00c9": {"carol"}, "\xff": nil, "%": nil, "\x00": nil, "carol\x00": nil,
		alice.ID: {"alice"}, former: {"alice"}, alice.ID[:20]: nil,
		"alice": {"alice"}, "alice-there": {"alice"}, "bob": {"bob"}, "bo": nil, "Bob": nil, "dave": {"dave"},
		"union-alice": {"alice"}, "union-moved": {"alice"}, "union": nil,
		"13800138000": {"alice"}, "+86 138-0013-8000": {"alice"}, "008613800138000": {"alice"}, "8613800138000": {"alice"},
		"1380013800": nil, "+13800138000": nil,
	} {
		f.same(fmt.Sprintf("found by %q", term), f.listed(store.UserFilter{Search: term}), want)
	}
	f.same("in another app by the number", f.listed(store.UserFilter{Search: "13800138000", AppID: otherApp}), []string{"alice"})
	f.same("blocked by the name", f.listed(store.UserFilter{Search: "али", Status: store.StatusBlocked}), []string(nil))
	f.unbind(alice.ID)
	f.same("by a number that was unbound", f.listed(store.UserFilter{Search: "13800138000"}), []string(nil))
}

func testDirectoryMoved(t *testing.T, h Harness) {
	f := open(t, h)
	for _, openID := range []string{"a", "b", "c", "d", "e", "f"} {
		f.clock.Advance(instant)
		f.enter(openID)
	}
	order := store.UserOrder{By: store.ByLastLoginAt, Descending: true}
	q := store.UserQuery{Order: order, Limit: 2}
	next := func(want ...string) {
		t.Helper()
		page, err := f.store.Users(t.Context(), q)
		f.need(err)
		var got []string
		for _, u := range page.Users {
			got = append(got, u.Identities[0].OpenID)
		}
		f.same("the page", got, want)
		q.After, _ = edges(q, page.Users)
	}
	next("f", "e")
	f.clock.Advance(instant)
	f.enter("e") // on whom the page ended
	f.enter("c") // who was to come
	f.enter("new")
	next("d", "b")
	next("a")
}

func testDirectoryRange(t *testing.T, h Harness) {
	f := open(t, h)
	for _, openID := range []string{"a", "b", "c"} {
		f.enter(openID)
		f.clock.Advance(instant)
	}
	at := func(n time.Duration) time.Time { return begin.Add(n) }
	for name, test := range map[string]struct {
		within store.TimeRange
		want   []string
	}{
		"from an instant":             {store.TimeRange{From: at(instant)}, []string{"b", "c"}},
		"to an instant":               {store.TimeRange{To: at(instant)}, []string{"a"}},
		"from one to another":         {store.TimeRange{From: at(instant), To: at(2 * instant)}, []string{"b"}},
		"from between two":            {store.TimeRange{From: at(1)}, []string{"b", "c"}},
		"to between two":              {store.TimeRange{To: at(1)}, []string{"a"}},
		"between two":                 {store.TimeRange{From: at(1), To: at(2)}, nil},
		"that ends before it begins":  {store.TimeRange{From: at(2 * instant), To: at(instant)}, nil},
		"from the beginning of time":  {store.TimeRange{From: time.Time{}.Add(1)}, []string{"a", "b", "c"}},
		"to the beginning of time":    {store.TimeRange{To: time.Time{}.Add(1)}, nil},
		"of the last years of a date": {store.TimeRange{From: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}, nil},
	} {
		f.same("created "+name, f.listed(store.UserFilter{Created: test.within}), test.want)
		f.same("last login "+name, f.listed(store.UserFilter{LastLogin: test.within}), test.want)
	}
}

func testDirectoryEmpty(t *testing.T, h Harness) {
	f := open(t, h)
	for _, filter := range []store.UserFilter{
		{}, {Search: "a"}, {AppID: app}, {Role: store.RoleAdmin}, {LastLogin: store.TimeRange{From: begin}},
	} {
		page, err := f.store.Users(t.Context(), store.UserQuery{Filter: filter, Limit: 1})
		f.need(err)
		f.same("page", page, store.UserPage{})
		n, exact, err := f.store.CountUsers(t.Context(), filter)
		f.need(err)
		f.same("count", n, 0)
		f.same("exact", exact, true)
	}
}

func testDirectoryUnknown(t *testing.T, h Harness) {
	f := open(t, h)
	f.block(f.enter("alice").User.ID, "reason")
	f.setRole(f.enter("bob").User.ID, store.RoleAdmin)
	f.enter("carol")
	for _, filter := range []store.UserFilter{
		{Status: "blocked"}, {Role: "ROOT"}, {Status: "GONE", AppID: app}, {Role: "admin", Status: store.StatusActive},
	} {
		f.same(fmt.Sprintf("users of %+v", filter), f.listed(filter), []string(nil))
		n, exact, err := f.store.CountUsers(t.Context(), filter)
		f.need(err)
		f.same(fmt.Sprintf("count of %+v", filter), n, 0)
		f.same("exact", exact, true)
	}
}
