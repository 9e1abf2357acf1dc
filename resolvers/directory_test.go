package resolvers_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// users asks for a page of the directory in the name of the admin key.
func (s *server) users(v variables) connection[named] {
	s.Helper()
	return ask[connection[named]](s, adminKey, usersDocument, v)
}

// ids are those of the nodes of a page.
func ids(page connection[named]) (list []string) {
	for _, e := range page.Edges {
		list = append(list, e.Node.ID)
	}
	return list
}

// loginMany logs so many users in, a second apart, and returns their ids.
func (s *server) loginMany(count int) (list []string) {
	s.Helper()
	for i := range count {
		list = append(list, s.login(fmt.Sprintf("user-%02d", i)).User.ID)
		s.clock.Advance(time.Second)
	}
	return list
}

func TestUser(t *testing.T) {
	s := start(t)
	s.need(s.sim.Bind(app))
	in := s.login("mei")
	for name, v := range map[string]variables{
		"by id": {"id": in.User.ID}, "by unionId": {"unionId": in.UnionID},
		"by openId": {"openId": in.OpenID}, "by openId and app": {"openId": in.OpenID, "appId": app},
	} {
		s.same(name, ask[user](s, adminKey, userDocument, v), in.User)
	}
	for name, v := range map[string]variables{
		"an absent id": {"id": "usr_00000000000000000000000000"}, "garbage": {"id": "garbage"}, "nothing": {"id": ""},
		"an absent unionId": {"unionId": "x"}, "an empty unionId": {"unionId": ""}, "an absent openId": {"openId": "x"},
		"of an app that is gone": {"openId": in.OpenID, "appId": "wxgone"},
	} {
		s.same(name, ask[*user](s, adminKey, userDocument, v), (*user)(nil))
	}
	for name, test := range map[string]struct {
		field string
		v     variables
	}{
		"nothing":          {"id", nil},
		"nulls":            {"id", variables{"id": nil, "openId": nil}},
		"two names":        {"id", variables{"id": in.User.ID, "openId": in.OpenID}},
		"app without name": {"id", variables{"appId": app}},
		"app with id":      {"appId", variables{"id": in.User.ID, "appId": app}},
	} {
		s.run(name, func(s *server) {
			s.same("field", s.refused("BAD_USER_INPUT", adminKey, userDocument, test.v).Extensions.Field, test.field)
		})
	}
}

func TestUserOfSeveralApps(t *testing.T) {
	s := start(t, twoApps)
	in := s.loginTo(otherApp, "mei")
	s.same("user", ask[user](s, adminKey, userDocument, variables{"openId": in.OpenID, "appId": otherApp}).ID, in.User.ID)
	s.same("in the wrong app", ask[*user](s, adminKey, userDocument, variables{"openId": in.OpenID, "appId": app}), (*user)(nil))
	got := s.refused("BAD_USER_INPUT", adminKey, userDocument, variables{"openId": in.OpenID})
	s.same("field", got.Extensions.Field, "appId")
}

func TestUsersByDefault(t *testing.T) {
	s := start(t)
	all := s.loginMany(21)
	slices.Reverse(all) // the newest first
	page := s.users(nil)
	s.same("users", ids(page), all[:20])
	s.same("total", *page.TotalCount, 21)
	s.same("next", page.PageInfo.HasNextPage, true)
	s.same("previous", page.PageInfo.HasPreviousPage, false)
	s.same("start", page.PageInfo.StartCursor, page.Edges[0].Cursor)
	s.same("end", page.PageInfo.EndCursor, page.Edges[19].Cursor)
	s.same("the rest", ids(s.users(variables{"after": page.PageInfo.EndCursor})), all[20:])
}

func TestUsersOfNobody(t *testing.T) {
	s := start(t)
	page := s.users(nil)
	if len(page.Edges) > 0 || *page.TotalCount != 0 || page.PageInfo != (connection[named]{}).PageInfo {
		t.Errorf("page of nobody: %+v", page)
	}
}

// TestUsersPageByPage walks every order in both directions.
func TestUsersPageByPage(t *testing.T) {
	s := start(t)
	created := s.loginMany(7)
	s.login("user-03")
	seen := slices.Concat(created[:3], created[4:], created[3:4])
	for _, test := range []struct {
		field, direction string
		want             []string
	}{
		{"CREATED_AT", "ASC", created}, {"CREATED_AT", "DESC", reversed(created)},
		{"LAST_LOGIN_AT", "ASC", seen}, {"LAST_LOGIN_AT", "DESC", reversed(seen)},
	} {
		s.run(test.field+" "+test.direction, func(s *server) {
			order := variables{"field": test.field, "direction": test.direction}
			s.same("forward", s.walk(order, "first", "after"), test.want)
			s.same("backward", reversed(s.walk(order, "last", "before")), test.want)
		})
	}
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// walk reads the directory in pages of three, in the order of reading.
func (s *server) walk(order variables, size, place string) (list []string) {
	s.Helper()
	v := variables{"orderBy": order, size: 3}
	for more := true; more; {
		page := s.users(v)
		found := ids(page)
		more, v[place] = page.PageInfo.HasNextPage, page.PageInfo.EndCursor
		if size == "last" {
			slices.Reverse(found)
			more, v[place] = page.PageInfo.HasPreviousPage, page.PageInfo.StartCursor
		}
		list = append(list, found...)
		if len(list) > 100 {
			s.Fatal("the pages have no end")
		}
	}
	return list
}

func TestUserFilters(t *testing.T) {
	s := start(t, twoApps)
	mei := s.loginTo(app, "mei")
	s.clock.Advance(time.Hour)
	hua, lan := s.loginTo(app, "hua"), s.loginTo(otherApp, "lan")
	s.update(mei.AccessToken, variables{"nickName": "Mei 小梅"})
	s.bind(mei, s.phoneCode("mei", "13800138000"))
	s.block(hua.User.ID, "spam")
	ask[changed](s, adminKey, roleDocument, variables{"id": lan.User.ID, "role": "ADMIN"})
	everybody := []string{lan.User.ID, hua.User.ID, mei.User.ID}
	slices.Sort(everybody)
	later := begin.Add(time.Hour)
	for name, test := range map[string]struct {
		filter variables
		want   []string
	}{
		"nothing":             {nil, everybody},
		"nulls":               {variables{"search": nil, "appId": nil, "status": nil, "role": nil, "createdFrom": nil}, everybody},
		"an empty search":     {variables{"search": ""}, everybody},
		"a nickname's start":  {variables{"search": "mEI"}, []string{mei.User.ID}},
		"a phone number":      {variables{"search": "+86 13800138000"}, []string{mei.User.ID}},
		"an id":               {variables{"search": hua.User.ID}, []string{hua.User.ID}},
		"an OpenID":           {variables{"search": lan.OpenID}, []string{lan.User.ID}},
		"nobody":              {variables{"search": "nobody"}, nil},
		"an app":              {variables{"appId": otherApp}, []string{lan.User.ID}},
		"a status":            {variables{"status": "BLOCKED"}, []string{hua.User.ID}},
		"a role":              {variables{"role": "ADMIN"}, []string{lan.User.ID}},
		"an app and a status": {variables{"appId": app, "status": "ACTIVE"}, []string{mei.User.ID}},
		"until":               {variables{"createdTo": later}, []string{mei.User.ID}},
		"an instant":          {variables{"createdFrom": begin, "createdTo": begin.Add(time.Millisecond)}, []string{mei.User.ID}},
		"an empty instant":    {variables{"createdFrom": begin, "createdTo": begin}, nil},
		"before the clock":    {variables{"createdTo": "0001-01-01T00:00:00Z"}, nil},
		"since the beginning": {variables{"createdFrom": "0001-01-01T00:00:00Z"}, everybody},
		"another zone":        {variables{"lastLoginTo": "2026-11-21T17:00:00+08:00"}, []string{mei.User.ID}},
	} {
		s.run(name, func(s *server) {
			page := s.users(variables{"filter": test.filter})
			found := ids(page)
			slices.Sort(found)
			s.same("users", found, test.want)
			s.same("total", *page.TotalCount, len(test.want))
		})
	}
}

// TestFewCountsMayWalk sends one request more counts than may walk, and as many as
// it likes that need not.
func TestFewCountsMayWalk(t *testing.T) {
	const counts = `{
		a: users(filter: {search: "u"}) { totalCount a: totalCount b: totalCount c: totalCount }
		b: auditEvents(filter: {action: "login"}) { totalCount }
		c: users(filter: {status: ACTIVE, role: USER}) { totalCount }
		d: users { totalCount }
		e: users(filter: {status: ACTIVE}) { totalCount }
		f: users(filter: {role: ADMIN}) { totalCount }
		g: auditEvents { totalCount }
		%s
	}`
	s := start(t)
	a, err := s.post(t.Context(), adminKey, fmt.Sprintf(counts, ""), nil)
	s.need(err)
	s.same("errors of three that walk", a.Errors, []apiError(nil))

	a, err = s.post(t.Context(), adminKey, fmt.Sprintf(counts, `h: auditEvents(filter: {userId: "x"}) { totalCount }`), nil)
	s.need(err)
	refused := map[any]string{} // by the list whose count it is: those of one are refused together
	for _, e := range a.Errors {
		refused[e.Path[0]] = e.Extensions.Code
	}
	if codes := slices.Collect(maps.Values(refused)); !slices.Equal(codes, []string{"QUERY_TOO_COMPLEX"}) {
		t.Errorf("want one of four that walk refused: %s", a.body)
	}
}

func TestUsersRefuses(t *testing.T) {
	s := start(t)
	s.loginMany(2)
	byCreated := s.users(nil).PageInfo.StartCursor
	order := variables{"field": "LAST_LOGIN_AT", "direction": "DESC"}
	byLogin := s.users(variables{"orderBy": order}).PageInfo.StartCursor
	raw, err := base64.RawURLEncoding.DecodeString(byCreated)
	s.need(err)
	spoilt := func(change func(b []byte) []byte) string {
		return base64.RawURLEncoding.EncodeToString(change(slices.Clone(raw)))
	}
	for name, test := range map[string]struct {
		field string
		v     variables
	}{
		"no user":                  {"first", variables{"first": 0}},
		"less than none":           {"first", variables{"first": -1}},
		"too many":                 {"first", variables{"first": 101}},
		"far too many":             {"first", variables{"first": 3000000000}},
		"too many from the end":    {"last", variables{"last": 101}},
		"both ends":                {"last", variables{"first": 1, "last": 1}},
		"an empty cursor":          {"after", variables{"after": ""}},
		"garbage":                  {"after", variables{"after": "garbage"}},
		"garbage before":           {"before", variables{"before": "!"}},
		"a cursor of an event":     {"after", variables{"after": s.events(adminKey, nil).PageInfo.StartCursor}},
		"a cursor of one order":    {"after", variables{"after": byCreated, "orderBy": order}},
		"a cursor of the other":    {"before", variables{"before": byLogin}},
		"a cursor with a tail":     {"after", variables{"after": byCreated + "A"}},
		"a cursor with a line":     {"after", variables{"after": byCreated[:8] + "\n" + byCreated[8:]}},
		"a cursor with padding":    {"after", variables{"after": byCreated + "="}},
		"a short cursor":           {"after", variables{"after": spoilt(func(b []byte) []byte { return b[:len(b)-1] })}},
		"a cursor before 1970":     {"after", variables{"after": spoilt(func(b []byte) []byte { b[1] = 0xff; return b })}},
		"a cursor of a far future": {"after", variables{"after": spoilt(func(b []byte) []byte { b[1] = 0x7f; return b })}},
		"a long search":            {"filter.search", variables{"filter": variables{"search": strings.Repeat("s", 129)}}},
		"a search with a zero":     {"filter.search", variables{"filter": variables{"search": "a\x00"}}},
		"created backwards":        {"filter.createdTo", variables{"filter": variables{"createdFrom": begin.Add(1), "createdTo": begin}}},
		"logged in backwards":      {"filter.lastLoginTo", variables{"filter": variables{"lastLoginFrom": begin.Add(1), "lastLoginTo": begin}}},
		"an instant without zone":  {"filter.createdFrom", variables{"filter": variables{"createdFrom": "2026-11-21T08:00:00"}}},
		"an empty instant":         {"filter.createdFrom", variables{"filter": variables{"createdFrom": ""}}},
	} {
		s.run(name, func(s *server) {
			s.same("field", s.refused("BAD_USER_INPUT", adminKey, usersDocument, test.v).Extensions.Field, test.field)
		})
	}
	if entries := s.log.take(t); len(entries) > 0 {
		t.Errorf("the log has %+v, want nothing: this is the clients' doing", entries)
	}
}
