package bolt

import (
	"testing"
	"time"

	"menshen/store"
)

// BenchmarkUsers asks for pages of 20 of 20,000 users.
func BenchmarkUsers(b *testing.B) {
	s := benchStore(b)
	users := populate(b, s, 20_000)
	middle := users[len(users)/2]
	order := store.UserOrder{By: store.ByCreatedAt, Descending: true}
	position := order.PositionOf(middle)
	day := store.TimeRange{From: middle.LastLoginAt, To: middle.LastLoginAt.Add(24 * time.Hour)}
	for name, q := range map[string]store.UserQuery{
		"first page":    {},
		"middle page":   {After: &position},
		"active in app": {Filter: store.UserFilter{Status: store.StatusActive, AppID: otherApp}},
		"day of logins": {Filter: store.UserFilter{LastLogin: day}},
		"search OpenID": {Filter: store.UserFilter{Search: middle.Identities[0].OpenID}},
		"search name":   {Filter: store.UserFilter{Search: "anton1"}},
	} {
		b.Run(name, func(b *testing.B) {
			q.Order, q.Limit = order, 20
			b.ReportAllocs()
			for b.Loop() {
				if page, err := s.Users(b.Context(), q); err != nil || len(page.Users) == 0 {
					b.Fatalf("%d users, %v", len(page.Users), err)
				}
			}
		})
	}
}

// BenchmarkCountUsers counts where no counter is kept.
func BenchmarkCountUsers(b *testing.B) {
	s := benchStore(b)
	populate(b, s, 20_000)
	filter := store.UserFilter{Status: store.StatusActive, AppID: otherApp}
	b.ReportAllocs()
	for b.Loop() {
		if n, _, err := s.CountUsers(b.Context(), filter); err != nil || n == 0 {
			b.Fatalf("%d users, %v", n, err)
		}
	}
}
