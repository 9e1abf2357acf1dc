package resolvers_test

import (
	"slices"
	"testing"
	"time"
)

// events asks for a page of the audit.
func (s *server) events(bearer string, v variables) connection[event] {
	s.Helper()
	return ask[connection[event]](s, bearer, eventsDocument, v)
}

// actions are what happened, newest first.
func actions(page connection[event]) (list []string) {
	for _, e := range page.Edges {
		list = append(list, e.Node.Action)
	}
	return list
}

func TestAuditEvents(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	later := s.clock.Advance(time.Minute)
	s.block(in.User.ID, "spam")
	s.refused("USER_BLOCKED", "", loginDocument, variables{"code": s.code("mei")})
	page := s.events(adminKey, nil)
	s.same("actions", actions(page), []string{"login_refused", "block", "login"})
	s.same("total", *page.TotalCount, 3)
	block := page.Edges[1].Node
	s.same("block", block, event{
		ID: block.ID, At: later, Action: "block", Actor: "admin-key", UserID: in.User.ID, IPAddress: "192.0.2.1", Detail: "spam",
	})
	s.same("actor of a login", page.Edges[2].Node.Actor, in.User.ID)
}

func TestWhatAdministratorsDoIsTheirs(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	ask[changed](s, adminKey, roleDocument, variables{"id": mei.User.ID, "role": "ADMIN"})
	ask[changed](s, mei.AccessToken, revokeAllDocument, variables{"id": hua.User.ID})
	latest := s.events(mei.AccessToken, variables{"first": 1}).Edges[0].Node
	s.same("action", latest.Action, "logout")
	s.same("actor", latest.Actor, mei.User.ID)
	s.same("user", latest.UserID, hua.User.ID)
	s.refused("UNAUTHENTICATED", hua.AccessToken, meDocument, nil)
	s.refused("FORBIDDEN", s.login("hua").AccessToken, eventsDocument, nil)
}

func TestAuditEventsPageByPage(t *testing.T) {
	s := start(t)
	s.loginMany(7)
	var seen []string
	v := variables{"first": 3}
	for more := true; more; {
		page := s.events(adminKey, v)
		for _, e := range page.Edges {
			seen = append(seen, e.Node.ID)
		}
		s.same("previous", page.PageInfo.HasPreviousPage, len(seen) > 3)
		more, v["after"] = page.PageInfo.HasNextPage && len(seen) < 100, page.PageInfo.EndCursor
	}
	var want []string
	for _, e := range s.events(adminKey, nil).Edges {
		want = append(want, e.Node.ID)
	}
	s.same("events", seen, want)
	s.same("how many", len(slices.Compact(slices.Sorted(slices.Values(seen)))), 7)
}

func TestAuditEventFilters(t *testing.T) {
	s := start(t)
	mei := s.login("mei")
	later := s.clock.Advance(time.Minute)
	s.login("hua")
	s.block(mei.User.ID, "spam")
	for name, test := range map[string]struct {
		filter variables
		want   []string
	}{
		"a user":         {variables{"userId": mei.User.ID}, []string{"block", "login"}},
		"an action":      {variables{"action": "login"}, []string{"login", "login"}},
		"a user's login": {variables{"userId": mei.User.ID, "action": "login"}, []string{"login"}},
		"since":          {variables{"from": later}, []string{"block", "login"}},
		"until":          {variables{"to": later}, []string{"login"}},
		"nobody":         {variables{"userId": "garbage"}, nil},
		"nothing known":  {variables{"action": "dance"}, nil},
	} {
		s.run(name, func(s *server) {
			page := s.events(adminKey, variables{"filter": test.filter})
			s.same("actions", actions(page), test.want)
			s.same("total", *page.TotalCount, len(test.want))
		})
	}
}

func TestAuditEventsRefuses(t *testing.T) {
	s := start(t)
	s.login("mei")
	for name, test := range map[string]struct {
		field string
		v     variables
	}{
		"none":               {"first", variables{"first": 0}},
		"too many":           {"first", variables{"first": 101}},
		"garbage":            {"after", variables{"after": "garbage"}},
		"a cursor of a user": {"after", variables{"after": s.users(nil).PageInfo.StartCursor}},
		"backwards":          {"filter.to", variables{"filter": variables{"from": begin.Add(1), "to": begin}}},
	} {
		s.run(name, func(s *server) {
			s.same("field", s.refused("BAD_USER_INPUT", adminKey, eventsDocument, test.v).Extensions.Field, test.field)
		})
	}
}
