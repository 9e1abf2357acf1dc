package storetest

import (
	"errors"
	"testing"

	"menshen/store"
)

// rounds is how often two things happen at once, so that each comes first at times.
const rounds = 8

func testConcurrentMerge(t *testing.T, h Harness) {
	for range rounds {
		bothWays(t, h, func(p *pair) {
			p.together(8, func(i int) error {
				in := p.comingTo(app, "alice", "union-alice")
				if i%2 == 1 {
					in = p.comingTo(otherApp, "alice-there", "union-alice")
				}
				return errorOf(p.store.Login(p.Context(), in))
			})
			p.united(10)
			p.same("logins counted", p.user(p.older.User.ID).LoginCount, 10)
		})
	}
}

// united checks that the pair is one user with so many sessions.
func (p *pair) united(sessions int) {
	p.Helper()
	user := p.user(p.older.User.ID)
	p.same("former ids", user.FormerIDs, []string{p.newer.User.ID})
	p.found(user)
	ids := p.sessionIDs(user.ID)
	p.same("sessions", len(ids), sessions)
	for _, id := range ids {
		p.alive(id)
		p.same("whose session it is", p.session(id).UserID, user.ID)
	}
	p.liveSessions(sessions)
	p.same("merges", p.happened(store.ActionMerge), 1)
}

// meetWhile has the pair meet while something else happens to them. Refusals
// that a verb may give are fine.
func (p *pair) meetWhile(others ...func() error) {
	p.Helper()
	meet := func() error { return errorOf(p.store.Login(p.Context(), p.late())) }
	p.together(len(others)+1, func(i int) error {
		err := append(others, meet)[i]()
		if errors.Is(err, store.ErrUserBlocked) || errors.Is(err, store.ErrPhoneTaken) {
			return nil
		}
		return err
	})
}

func testConcurrentMergeBlock(t *testing.T, h Harness) {
	for range rounds {
		bothWays(t, h, func(p *pair) {
			p.meetWhile(func() error { return errorOf(p.store.Block(t.Context(), p.newer.User.ID, "spam", actor)) })
			p.united(0)
			p.same("the status", p.user(p.older.User.ID).Status(), store.StatusBlocked)
			p.shut(p.older.Session.ID)
			p.shut(p.newer.Session.ID)
		})
	}
}

func testConcurrentMergeRefresh(t *testing.T, h Harness) {
	for range rounds {
		bothWays(t, h, func(p *pair) {
			id := p.newer.Session.ID
			p.meetWhile(func() error { return errorOf2(p.store.Refresh(t.Context(), presented(id, 0))) })
			p.united(3)
			p.same("the refresh token", p.session(id).Refresh.Generation, uint32(1))
		})
	}
}

func testConcurrentMergePhone(t *testing.T, h Harness) {
	for range rounds {
		bothWays(t, h, func(p *pair) {
			give := func(userID string) func() error {
				return func() error { return errorOf(p.store.BindPhone(t.Context(), userID, mobile, actor)) }
			}
			p.meetWhile(give(p.older.User.ID), give(p.newer.User.ID))
			p.united(3)
			p.holder(mobile, p.older.User.ID)
		})
	}
}

// A deletion of the newer user takes the older one with it if it comes after the
// merge, and leaves them be if it comes before.
func testConcurrentMergeDelete(t *testing.T, h Harness) {
	for range rounds {
		bothWays(t, h, func(p *pair) {
			p.meetWhile(func() error { return errorOf(p.store.DeleteUser(t.Context(), p.newer.User.ID, actor)) })
			_, err := p.store.User(t.Context(), p.newer.User.ID)
			p.refused(err, store.ErrNotFound)
			p.dead(p.newer.Session.ID)
			if p.happened(store.ActionMerge) == 0 {
				p.found(p.user(p.older.User.ID))
				p.liveSessions(2)
				return
			}
			_, err = p.store.User(t.Context(), p.older.User.ID)
			p.refused(err, store.ErrNotFound)
			p.liveSessions(0)
		})
	}
}

// The end of the newer user's sessions ends the older user's too if it comes after the
// merge, and leaves them be if it comes before.
func testConcurrentMergeEndSessions(t *testing.T, h Harness) {
	for range rounds {
		bothWays(t, h, func(p *pair) {
			p.meetWhile(func() error { return errorOf(p.store.EndSessions(t.Context(), p.newer.User.ID, actor)) })
			p.dead(p.newer.Session.ID)
			left := len(p.sessionIDs(p.older.User.ID))
			p.liveSessions(left)
			if left == 0 {
				p.dead(p.older.Session.ID)
				return
			}
			p.united(2)
		})
	}
}
