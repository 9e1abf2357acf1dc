package resolvers_test

import (
	"testing"
	"time"
)

func TestUserActivity(t *testing.T) {
	s := start(t, twoApps)
	in := s.loginTo(app, "mei")
	s.loginTo(app, "mei")
	s.loginTo(otherApp, "hua")
	s.clock.Advance(2 * 24 * time.Hour)
	s.refresh(in.RefreshToken)
	span := variables{"from": "2026-11-20", "to": "2026-11-23"}
	s.same("all apps", ask[[]activity](s, adminKey, activityDocument, span), []activity{
		{Day: "2026-11-20"}, {"2026-11-21", 2, 2, 3}, {Day: "2026-11-22"}, {"2026-11-23", 0, 1, 0},
	})
	span["appId"] = otherApp
	s.same("one app", ask[[]activity](s, adminKey, activityDocument, span), []activity{
		{Day: "2026-11-20"}, {"2026-11-21", 1, 1, 1}, {Day: "2026-11-22"}, {Day: "2026-11-23"},
	})
}

func TestUserActivitySpan(t *testing.T) {
	s := start(t)
	days := ask[[]activity](s, adminKey, activityDocument, variables{"from": "2026-01-01", "to": "2027-02-04"})
	s.same("days", len(days), 400)
	for name, test := range map[string]struct{ field, from, to string }{
		"401 days":            {"to", "2026-01-01", "2027-02-05"},
		"backwards":           {"to", "2026-01-02", "2026-01-01"},
		"all of history":      {"to", "1970-01-01", "9999-12-31"},
		"no day":              {"from", "yesterday", "2026-01-01"},
		"a day that is none":  {"to", "2026-01-01", "2026-02-30"},
		"an instant":          {"from", "2026-01-01T00:00:00Z", "2026-01-01"},
		"before all counting": {"from", "1969-12-31", "1970-01-01"},
	} {
		s.run(name, func(s *server) {
			got := s.refused("BAD_USER_INPUT", adminKey, activityDocument, variables{"from": test.from, "to": test.to})
			s.same("field", got.Extensions.Field, test.field)
		})
	}
}
