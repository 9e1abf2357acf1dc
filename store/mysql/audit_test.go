package mysql

import (
	"context"
	"fmt"
	"testing"

	"menshen/store"
)

// noteEvents writes n events about a user in one transaction.
func noteEvents(t *testing.T, s *Store, n int, action, userID string) {
	t.Helper()
	err := s.change(t.Context(), "note", func(ctx context.Context, t *tx) error {
		err := t.read(ctx) // behind the newest event
		for i := range n {
			t.audit(action, userID, store.Actor{}, store.Optional(fmt.Sprint("event ", i)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCountStopsAtItsLimit(t *testing.T) {
	s := openTest(t)
	alice := mustLogin(t, s, coming(app, "alice", "")).User.ID
	counts := func(what string, f store.AuditFilter, want int, wantExact bool) {
		t.Helper()
		n, exact, err := s.CountAuditEvents(t.Context(), f)
		if n != want || exact != wantExact || err != nil {
			t.Errorf("%s: %d, exact %v, %v, want %d, %v", what, n, exact, err, want, wantExact)
		}
	}
	blocks := store.AuditFilter{Action: store.ActionBlock}
	noteEvents(t, s, store.CountLimit, store.ActionBlock, alice)
	counts("as many as are counted", blocks, store.CountLimit, true)
	noteEvents(t, s, 1, store.ActionBlock, alice)
	counts("one more", blocks, store.CountLimit, false)
	counts("everything", store.AuditFilter{}, store.CountLimit+2, true)
	counts("of one user, who has logged in too", store.AuditFilter{UserID: alice, Action: store.ActionLogin}, 1, true)
	counts("of nobody", store.AuditFilter{UserID: "nobody"}, 0, true)
}

// TestAuditEconomy looks for few events among thousands, and sees that the server does
// not read them all.
func TestAuditEconomy(t *testing.T) {
	s := openTest(t)
	alice, bob := mustLogin(t, s, coming(app, "alice", "")).User.ID, mustLogin(t, s, coming(app, "bob", "")).User.ID
	for range 3 {
		noteEvents(t, s, 1000, store.ActionBlock, bob)
		noteEvents(t, s, 1, store.ActionUnblock, alice)
	}
	middle := firstOf(t, s, store.AuditFilter{UserID: alice, Action: store.ActionUnblock})
	for name, test := range map[string]struct {
		query store.AuditQuery
		found int
	}{
		"of a user":                {store.AuditQuery{Filter: store.AuditFilter{UserID: alice}}, 4},
		"of an action":             {store.AuditQuery{Filter: store.AuditFilter{Action: store.ActionUnblock}}, 3},
		"of a user and an action":  {store.AuditQuery{Filter: store.AuditFilter{UserID: alice, Action: store.ActionUnblock}}, 3},
		"of a user, further on":    {store.AuditQuery{Filter: store.AuditFilter{UserID: alice}, After: middle}, 3},
		"of everybody":             {store.AuditQuery{}, 20},
		"of everybody, further on": {store.AuditQuery{After: middle}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			test.query.Limit = 20
			var page store.AuditPage
			n := rowsRead(t, s, func(tx *tx) (err error) {
				page, err = tx.auditPage(t.Context(), test.query)
				return err
			})
			if len(page.Events) != test.found || n > 120 {
				t.Errorf("%d events, %d rows read; want %d, and at most 120", len(page.Events), n, test.found)
			}
		})
	}
}

// firstOf is the id of the newest event of a filter.
func firstOf(t *testing.T, s *Store, f store.AuditFilter) string {
	t.Helper()
	page, err := s.AuditEvents(t.Context(), store.AuditQuery{Filter: f, Limit: 1})
	if err != nil || len(page.Events) == 0 {
		t.Fatal(page, err)
	}
	return page.Events[0].ID
}
