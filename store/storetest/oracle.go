package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"menshen/store"
)

// Directory holds what a store answers about its users against a plain list of
// them: random filters, and random pages of each. The list is everybody whom the
// store knows, in any order.
func Directory(t *testing.T, s store.Store, users []store.User, seed uint64, filters int) {
	o := newOracle(&fixture{T: t, store: s}, users, seed)
	for range filters {
		if o.ask(o.filter()); t.Failed() {
			return
		}
	}
}

// oracle answers for a directory from a plain list.
type oracle struct {
	*fixture
	random *rand.Rand
	users  []store.User
	sorted map[store.UserOrderField][]store.User
}

func newOracle(f *fixture, users []store.User, seed uint64) *oracle {
	o := &oracle{fixture: f, random: rand.New(rand.NewPCG(2026, seed)), sorted: map[store.UserOrderField][]store.User{}}
	for _, by := range []store.UserOrderField{store.ByCreatedAt, store.ByLastLoginAt, ""} {
		order := store.UserOrder{By: by}
		o.sorted[by] = slices.SortedFunc(slices.Values(users), func(a, b store.User) int {
			return order.Compare(order.PositionOf(a), order.PositionOf(b))
		})
	}
	o.users = o.sorted[store.ByCreatedAt]
	return o
}

// ask compares the count and some pages of one filter.
func (o *oracle) ask(f store.UserFilter) {
	order := store.UserOrder{
		By:         pick(o.random, []store.UserOrderField{store.ByCreatedAt, store.ByLastLoginAt, ""}),
		Descending: o.random.IntN(2) == 0,
	}
	all := o.list(f, order)
	o.counts(f, len(all))
	for range 6 {
		q := store.UserQuery{
			Filter: f, Order: order, After: o.position(order), Before: o.position(order),
			Limit: 1 + o.random.IntN(30), Last: o.random.IntN(2) == 0,
		}
		got, err := o.store.Users(o.Context(), q)
		o.need(err)
		o.same(fmt.Sprintf("page of %+v, after %v, before %v", q, q.After, q.Before), got, pageOf(all, q))
	}
}

// list is the whole directory of a filter.
func (o *oracle) list(f store.UserFilter, order store.UserOrder) (list []store.User) {
	for _, u := range o.sorted[order.By] {
		if f.Matches(u) {
			list = append(list, u)
		}
	}
	if order.Descending {
		slices.Reverse(list)
	}
	return list
}

// pageOf cuts a page out of the whole directory.
func pageOf(list []store.User, q store.UserQuery) store.UserPage {
	from, to := 0, len(list)
	compare := func(i int, p *store.UserPosition) int { return q.Order.Compare(q.Order.PositionOf(list[i]), *p) }
	if q.After != nil {
		from = sort.Search(len(list), func(i int) bool { return compare(i, q.After) > 0 })
	}
	if q.Before != nil {
		to = sort.Search(len(list), func(i int) bool { return compare(i, q.Before) >= 0 })
	}
	if q.Last {
		from = min(max(from, to-q.Limit), to)
	} else {
		to = max(min(to, from+q.Limit), from)
	}
	return store.UserPage{
		Users:   append([]store.User(nil), list[from:to]...),
		HasNext: to < len(list), HasPrevious: from > 0,
	}
}

func (o *oracle) counts(f store.UserFilter, want int) {
	o.Helper()
	n, exact, err := o.store.CountUsers(o.Context(), f)
	o.need(err)
	o.same(fmt.Sprintf("an exact count of %+v", f), exact, f.Counted() || want <= store.CountLimit)
	if exact {
		o.same(fmt.Sprintf("count of %+v", f), n, want)
	}
}

// filter makes one of up to four conditions, as somebody might who looks for a
// user.
func (o *oracle) filter() (f store.UserFilter) {
	u := pick(o.random, o.users)
	conditions := []func(){
		func() { f.Search = o.term(u) },
		func() { f.AppID = pick(o.random, u.Identities).AppID },
		func() { f.Status = pick(o.random, []store.Status{store.StatusActive, store.StatusBlocked}) },
		func() { f.Role = pick(o.random, []store.Role{store.RoleUser, store.RoleAdmin}) },
		func() { f.Created = o.around(u.CreatedAt) },
		func() { f.LastLogin = o.around(u.LastLoginAt) },
	}
	for _, i := range o.random.Perm(len(conditions))[:o.random.IntN(5)] {
		conditions[i]()
	}
	return f
}

// term is something to find a user by, or nobody.
func (o *oracle) term(u store.User) string {
	name := []rune(string(u.Profile.NickName))
	start := string(name[:o.random.IntN(len(name)+1)])
	terms := append(u.UnionIDs(), u.FormerIDs...)
	terms = append(terms, start, strings.ToUpper(start), u.ID, pick(o.random, u.Identities).OpenID, "nobody")
	if u.Phone != nil {
		terms = append(terms, u.Phone.PureNumber, "+"+u.Phone.CountryCode+" "+u.Phone.PureNumber)
	}
	return pick(o.random, terms)
}

// around is a range with an instant in it, open on one side at times.
func (o *oracle) around(t time.Time) (r store.TimeRange) {
	wide := pick(o.random, []time.Duration{instant, time.Minute, time.Hour, 24 * time.Hour, 240 * time.Hour})
	if o.random.IntN(4) > 0 {
		r.From = t.Add(-time.Duration(o.random.Int64N(int64(wide))))
	}
	if o.random.IntN(4) > 0 {
		r.To = t.Add(time.Duration(o.random.Int64N(int64(wide))))
	}
	return r
}

// position is where a user stands, or stood before they moved or were deleted.
func (o *oracle) position(order store.UserOrder) *store.UserPosition {
	p := order.PositionOf(pick(o.random, o.users))
	switch o.random.IntN(6) {
	case 0:
		p.ID = pick(o.random, o.users).ID
	case 1:
		p.ID = store.NewID(store.UserPrefix, p.At)
	case 2, 3, 4:
		return nil
	}
	return &p
}
