package main_test

import (
	"slices"
	"strings"
)

// townEntry is an audit event.
type townEntry struct{ ID, Action, UserID, Detail string }

// expectTrail reads the whole audit and follows it from the first event on.
func (w *town) expectTrail() {
	w.t.Helper()
	trail := w.trail()
	if !slices.IsSortedFunc(trail, func(a, b townEntry) int { return strings.Compare(b.ID, a.ID) }) {
		w.t.Error("the audit has lost the order of events")
	}
	slices.Reverse(trail)
	told := story{}
	var logins int64
	for _, e := range trail {
		if wrong := told.follow(e); wrong != "" {
			w.t.Errorf("%+v: %s", e, wrong)
		}
		if e.Action == "login" {
			logins++
		}
	}
	if counted := w.figures(nil).Logins; logins != counted {
		w.t.Errorf("the audit tells of %d logins, the daily figures of %d", logins, counted)
	}
}

// trail reads all pages, newest first.
func (w *town) trail() (all []townEntry) {
	w.t.Helper()
	for after := any(nil); ; {
		var data struct {
			AuditEvents struct {
				Edges    []struct{ Node townEntry }
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
		w.read(`query($after: String) { auditEvents(first: 100, after: $after) {
			edges { node { id action userId detail } } pageInfo { hasNextPage endCursor } } }`, map[string]any{"after": after}, &data)
		for _, edge := range data.AuditEvents.Edges {
			all = append(all, edge.Node)
		}
		if after = data.AuditEvents.PageInfo.EndCursor; !data.AuditEvents.PageInfo.HasNextPage {
			return all
		}
	}
}

// story is what the audit has told so far of each user.
type story map[string]*chapter

type chapter struct {
	over    bool // erased, or became another
	blocked bool
	obscure bool // took in somebody of whom an erasure has left nothing to read
}

// follow says what makes no sense in an event behind those before it.
func (s story) follow(e townEntry) (wrong string) {
	if e.UserID == "" { // WeChat told of somebody unknown
		return ""
	}
	u := s[e.UserID]
	if u == nil {
		if e.Action != "login" {
			return "a user begins with a login"
		}
		u = &chapter{}
		s[e.UserID] = u
	}
	if u.over {
		return "the user is no more"
	}
	switch e.Action {
	case "login":
		return complaint(u.blocked, "a blocked user logs in")
	case "login_refused":
		return complaint(!u.blocked && !u.obscure, "nobody has blocked the user")
	case "block":
		u.blocked = true
	case "unblock":
		wrong = complaint(!u.blocked && !u.obscure, "nobody has blocked the user")
		u.blocked, u.obscure = false, false
	case "delete":
		u.over = true
	case "merge":
		return s.merge(u, e)
	}
	return wrong
}

// merge takes the vanished user's chapter into the other's.
func (s story) merge(u *chapter, e townEntry) (wrong string) {
	if e.Detail == "" { // erased with the user
		u.obscure = true
		return ""
	}
	id, _, _ := strings.Cut(e.Detail, " became "+e.UserID)
	vanished := s[id]
	if vanished == nil || vanished.over {
		return "nobody is there to become another"
	}
	vanished.over = true
	u.blocked, u.obscure = u.blocked || vanished.blocked, u.obscure || vanished.obscure
	return ""
}

func complaint(wrong bool, text string) string {
	if wrong {
		return text
	}
	return ""
}
