package mysql

import (
	"context"
	"database/sql"
	"slices"
	"sort"

	"menshen/store"
)

// Users returns one page of the directory. It is read by one statement; a filter
// that no index holds in the order takes a round trip before, to find the users by
// what is rarest.
func (s *Store) Users(ctx context.Context, q store.UserQuery) (page store.UserPage, err error) {
	err = s.view(ctx, "users", func(ctx context.Context, t *tx) error {
		page, err = t.page(ctx, q)
		return err
	})
	return page, err
}

func (t *tx) page(ctx context.Context, q store.UserQuery) (store.UserPage, error) {
	chosen, err := t.selection(ctx, q.Filter, q.Order.By)
	if err != nil {
		return store.UserPage{}, err
	}
	around := &userRows{t: t}
	window := chosen.window(q)
	err = t.read(ctx, ask(func(rows *sql.Rows) error { return around.scan(rows) }, window.text, window.args...))
	return pageOf(around.all, q), err
}

// pageOf cuts a page out of its surroundings.
func pageOf(around []store.User, q store.UserQuery) (page store.UserPage) {
	compare := func(i int, p *store.UserPosition) int { return q.Order.Compare(q.Order.PositionOf(around[i]), *p) }
	from, to := 0, len(around)
	if q.After != nil {
		from = sort.Search(len(around), func(i int) bool { return compare(i, q.After) > 0 })
	}
	if q.Before != nil {
		to = sort.Search(len(around), func(i int) bool { return compare(i, q.Before) >= 0 })
	}
	if q.Last {
		from = min(max(from, to-q.Limit), to)
	} else {
		to = max(min(to, from+q.Limit), from)
	}
	page.HasNext, page.HasPrevious = to < len(around), from > 0
	page.Users = append(page.Users, around[from:to]...)
	return page
}

// window reads a page with its surroundings, in its order: the users from where the
// page begins, one more than it holds, and one on the other side of there. The page
// begins at its end when the last users are wanted. The ids are found first, so that
// nothing large is sorted.
func (s selection) window(q store.UserQuery) clause {
	start, ahead, behind := q.After, ">", "<="
	if q.Last {
		start = q.Before
	}
	if q.Order.Descending != q.Last {
		ahead, behind = "<", ">="
	}
	window := s.side(q.Order.By, start, ahead, q.Limit+1)
	if start != nil {
		window = join("", words("("), window, words(") UNION ALL ("), s.side(q.Order.By, start, behind, 1), words(")"))
	}
	in := ""
	if q.Order.Descending {
		in = " DESC"
	}
	return join("",
		words("SELECT "+userColumns+" FROM ("), window,
		words(") p STRAIGHT_JOIN users u ON u.id = p.id LEFT JOIN identities i ON i.user_id = u.id ORDER BY p.at"+in+", p.id"+in+", i.place"))
}

// side finds those nearest to a position on the side of it that op says: <, <=, > or
// >=. With no position it is the end of the directory on the other side.
func (s selection) side(by store.UserOrderField, start *store.UserPosition, op string, limit int) clause {
	column, in := "u.created_at", ""
	if by == store.ByLastLoginAt {
		column = "u.last_login_at"
	}
	if op[0] == '<' {
		in = " DESC"
	}
	tests := s.tests
	if start != nil {
		tests = append(slices.Clip(tests), beside(column, *start, op))
	}
	return join("",
		words("SELECT u.id, "+column+" AS at FROM "), s.from, where(tests),
		words(" ORDER BY "+column+in+", u.id"+in+" LIMIT ?", limit))
}

// beside is the condition to stand on one side of a position. It is written such that
// an index is entered at the right place, which a comparison of two columns with two
// values at once does not bring about everywhere.
func beside(column string, p store.UserPosition, op string) clause {
	strict, at := op[:1], p.At.UnixMilli()
	return words(column+" "+strict+"= ? AND ("+column+" "+strict+" ? OR u.id "+op+" ?)", at, at, rawUser(p.ID))
}
