package mysql

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"menshen/store"
)

// selection is the users u of a filter: where to find them, and what those found
// there have to meet.
type selection struct {
	from  clause
	tests []clause
}

// condition is one that users have to meet: as a test of users u, and as a SELECT of
// the ids of those who meet it, which may name one twice.
type condition struct {
	test, ids clause
	size      int // how many meet it; more than CountLimit is only that
}

// selection decides how to find the users of a filter in an order: along the order,
// every condition tested, or among those who meet a condition that few meet. A server
// left to itself may walk through everybody for a few at the far end, or sort half of
// them.
func (t *tx) selection(ctx context.Context, f store.UserFilter, by store.UserOrderField) (selection, error) {
	conditions := conditionsOf(f)
	if inOrder(f, by) {
		return alongOrder(conditions), nil
	}
	if err := t.measure(ctx, conditions, f.Search); err != nil {
		return selection{}, err
	}
	rarest := 0
	for i := range conditions {
		if conditions[i].size < conditions[rarest].size {
			rarest = i
		}
	}
	if conditions[rarest].size > store.CountLimit {
		return alongOrder(conditions), nil
	}
	return among(conditions, rarest), nil
}

// inOrder reports whether one index holds the users of a filter in an order.
func inOrder(f store.UserFilter, by store.UserOrderField) bool {
	if by == store.ByLastLoginAt {
		return f == store.UserFilter{LastLogin: f.LastLogin}
	}
	return f == store.UserFilter{Status: f.Status, Created: f.Created} || f == store.UserFilter{Role: f.Role, Created: f.Created}
}

func alongOrder(conditions []condition) selection {
	s := selection{from: words("users u")}
	for _, c := range conditions {
		s.tests = append(s.tests, c.test)
	}
	return s
}

func among(conditions []condition, rarest int) selection {
	s := selection{from: join("", words("(SELECT DISTINCT x.id FROM ("), conditions[rarest].ids, words(") x) c STRAIGHT_JOIN users u ON u.id = c.id"))}
	for i, c := range conditions {
		if i != rarest {
			s.tests = append(s.tests, c.test)
		}
	}
	return s
}

// measure counts how many meet each of the conditions, the first of which is the
// search if there is one, and completes that.
func (t *tx) measure(ctx context.Context, conditions []condition, search string) error {
	var queries []query
	for i := range conditions {
		ids := conditions[i].ids
		queries = append(queries, ask(func(rows *sql.Rows) error { return rows.Scan(&conditions[i].size) },
			"SELECT COUNT(*) FROM ("+ids.text+" LIMIT ?) c", slices.Concat(ids.args, []any{store.CountLimit + 1})...))
	}
	var holders []any
	if search != "" {
		found, err := t.holders(search, &holders)
		if err != nil {
			return err
		}
		queries = append(queries, found)
	}
	if err := t.read(ctx, queries...); err != nil {
		return err
	}
	if len(holders) > 0 {
		conditions[0] = conditions[0].orOneOf(holders)
	}
	return nil
}

// conditionsOf returns the conditions that are set, the search before the others.
func conditionsOf(f store.UserFilter) (all []condition) {
	if f.Search != "" {
		all = append(all, nickNamed(f.Search))
	}
	if f.AppID != "" {
		all = append(all, inApp(f.AppID))
	}
	if f.Status != "" {
		all = append(all, ofUsers("u.blocked = ?", codeOf(f.Status, store.StatusActive, store.StatusBlocked)))
	}
	if f.Role != "" {
		all = append(all, ofUsers("u.admin = ?", codeOf(f.Role, store.RoleUser, store.RoleAdmin)))
	}
	all = append(all, within("u.created_at", f.Created)...)
	return append(all, within("u.last_login_at", f.LastLogin)...)
}

// codeOf is how a column of two values keeps one: 0 or 1, and for any other -1, which no
// row has.
func codeOf[T comparable](value, zero, one T) int { return slices.Index([]T{zero, one}, value) }

// ofUsers is a condition on what the table of users holds.
func ofUsers(test string, args ...any) condition {
	return condition{test: words(test, args...), ids: words("SELECT u.id FROM users u WHERE "+test, args...)}
}

// inApp tests by a query that has a LIMIT: one without would be made a join, in which
// a server may begin with all the identities of an app.
func inApp(appID string) condition {
	return condition{
		test: words("(SELECT 1 FROM identities i WHERE i.user_id = u.id AND i.app_id = ? LIMIT 1) IS NOT NULL", []byte(appID)),
		ids:  words("SELECT i.user_id AS id FROM identities i WHERE i.app_id = ?", []byte(appID)),
	}
}

// within are the conditions to lie in a range of time.
func within(column string, r store.TimeRange) []condition {
	var tests []string
	var args []any
	if !r.From.IsZero() {
		tests, args = append(tests, column+" >= ?"), append(args, notBefore(r.From))
	}
	if !r.To.IsZero() {
		tests, args = append(tests, column+" < ?"), append(args, notBefore(r.To))
	}
	if tests == nil {
		return nil
	}
	return []condition{ofUsers(strings.Join(tests, " AND "), args...)}
}

// notBefore is the first millisecond that is not before an instant.
func notBefore(t time.Time) int64 { return t.Add(time.Millisecond - 1).UnixMilli() }
