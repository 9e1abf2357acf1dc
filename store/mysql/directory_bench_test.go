package mysql

import (
	"testing"
	"time"

	"menshen/store"
)

// BenchmarkUsers asks for pages of 20 of 100,000 users, and tells how many rows the
// server reads for each.
func BenchmarkUsers(b *testing.B) {
	s := openTest(b)
	users := populate(b, s, 100_000)
	middle := users[len(users)/2]
	day := store.TimeRange{From: middle.LastLoginAt, To: middle.LastLoginAt.Add(24 * time.Hour)}
	for name, filter := range map[string]store.UserFilter{
		"everybody":      {},
		"app":            {AppID: otherApp},
		"active":         {Status: store.StatusActive},
		"blocked":        {Status: store.StatusBlocked},
		"administrators": {Role: store.RoleAdmin},
		"active in app":  {Status: store.StatusActive, AppID: otherApp},
		"day created":    {Created: day},
		"day of logins":  {LastLogin: day},
		"since the day":  {LastLogin: store.TimeRange{From: day.From}},
		"search OpenID":  {Search: middle.Identities[0].OpenID},
		"search number":  {Search: "13800000000"},
		"search name":    {Search: "anton1"},
		"search letter":  {Search: "a"},
	} {
		for _, by := range []store.UserOrderField{store.ByCreatedAt, store.ByLastLoginAt} {
			b.Run(name+" by "+string(by), func(b *testing.B) {
				q := store.UserQuery{Filter: filter, Order: store.UserOrder{By: by, Descending: true}, Limit: 20}
				ask := func(tx *tx) error {
					_, err := tx.page(b.Context(), q)
					return err
				}
				for b.Loop() {
					if _, err := s.Users(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(rowsRead(b, s, ask)), "rows/op")
			})
		}
	}
}

// BenchmarkCountUsers counts where no counter is kept.
func BenchmarkCountUsers(b *testing.B) {
	s := openTest(b)
	populate(b, s, 20_000)
	filter := store.UserFilter{Status: store.StatusActive, AppID: otherApp}
	for b.Loop() {
		if n, _, err := s.CountUsers(b.Context(), filter); err != nil || n == 0 {
			b.Fatalf("%d users, %v", n, err)
		}
	}
}
