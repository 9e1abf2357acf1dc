package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"menshen/store"
)

func testMergeFormerID(t *testing.T, h Harness) {
	bothWays(t, h, func(p *pair) {
		p.meet()
		former := p.newer.User.ID
		p.need(p.store.EndSession(t.Context(), former, p.older.Session.ID, actor))
		n, err := p.store.EndSessions(t.Context(), former, actor)
		p.need(err)
		p.same("ended", n, 2)
		for name, do := range p.byFormerID(former) {
			id, err := do(t.Context())
			if p.need(err); id != p.older.User.ID {
				t.Errorf("%s answers with %s", name, id)
			}
		}
		for _, event := range p.events()[:len(p.events())-2] { // but for the first logins
			p.same("whom "+event.Action+" is told of", event.UserID, store.Optional(p.older.User.ID))
		}
		page, err := p.store.AuditEvents(t.Context(), store.AuditQuery{Filter: store.AuditFilter{UserID: former}, Limit: 100})
		p.need(err)
		p.same("events about the vanished id", len(page.Events), len(p.events()))

		id, err := p.store.DeleteUser(t.Context(), former, actor)
		p.need(err)
		p.same("who is deleted", id, p.older.User.ID)
		for _, id := range []string{former, p.older.User.ID} {
			_, err := p.store.User(t.Context(), id)
			p.refused(err, store.ErrNotFound)
		}
	})
}

// byFormerID are verbs that tell which user an id names.
func (f *fixture) byFormerID(id string) map[string]func(context.Context) (string, error) {
	s := f.store
	name := store.Optional("Alice")
	idOf := func(user store.User, err error) (string, error) { return user.ID, err }
	return map[string]func(context.Context) (string, error){
		"User": func(ctx context.Context) (string, error) { return idOf(s.User(ctx, id)) },
		"KeepProfile": func(ctx context.Context) (string, error) {
			return idOf(s.KeepProfile(ctx, id, store.Profile{NickName: name}))
		},
		"UpdateProfile": func(ctx context.Context) (string, error) {
			return idOf(s.UpdateProfile(ctx, id, store.ProfileChange{NickName: &name}))
		},
		"BindPhone":   func(ctx context.Context) (string, error) { return idOf(s.BindPhone(ctx, id, mobile, actor)) },
		"UnbindPhone": func(ctx context.Context) (string, error) { return idOf(s.UnbindPhone(ctx, id, actor)) },
		"SetRole":     func(ctx context.Context) (string, error) { return idOf(s.SetRole(ctx, id, store.RoleAdmin, actor)) },
		"Block":       func(ctx context.Context) (string, error) { return idOf(s.Block(ctx, id, "spam", actor)) },
		"Unblock":     func(ctx context.Context) (string, error) { return idOf(s.Unblock(ctx, id, actor)) },
		"Export": func(ctx context.Context) (string, error) {
			export, err := s.Export(ctx, id)
			return export.User.ID, err
		},
	}
}

// Three users meet two by two, whoever is the oldest and whoever shows a unionid
// late: the oldest remains.
func testMergeChain(t *testing.T, h Harness) {
	meetings := [][2]int{{0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 2}, {2, 1}}
	for _, first := range meetings {
		for _, second := range meetings {
			if first == second || first == [2]int{second[1], second[0]} {
				continue
			}
			t.Run(fmt.Sprintf("%v then %v", first, second), func(t *testing.T) {
				c := openChain(t, h)
				c.meet(first)
				c.meet(second)
				c.together()
			})
		}
	}
}

// chain is three users, the oldest first, each with an app and a unionid of their own.
type chain struct {
	*fixture
	people [3]store.LoggedIn
}

func openChain(t *testing.T, h Harness) *chain {
	c := &chain{fixture: open(t, h)}
	for i := range c.people {
		c.people[i] = c.login(c.showing(i, i))
		c.clock.Advance(time.Hour)
	}
	return c
}

// showing is person i's login with the unionid of person j.
func (c *chain) showing(i, j int) store.Login {
	return c.comingTo([]string{app, otherApp, thirdApp}[i], fmt.Sprint("person ", i), store.Optional(fmt.Sprint("union-", j)))
}

func (c *chain) meet(who [2]int) {
	c.Helper()
	c.login(c.showing(who[0], who[1]))
	c.clock.Advance(time.Minute)
}

// together checks that three users have become one and stay one.
func (c *chain) together() {
	c.Helper()
	oldest := c.people[0].User.ID
	for i := range c.people {
		for j := range c.people {
			c.same("who logs in", c.login(c.showing(i, j)).User.ID, oldest)
		}
	}
	user := c.user(oldest)
	c.found(user)
	for _, former := range c.people[1:] {
		c.same("a former id answers", c.user(former.User.ID), user)
	}
	for _, person := range c.people {
		c.alive(person.Session.ID)
	}
	c.same("former ids", len(user.FormerIDs), 2)
	c.same("identities", len(user.Identities), 3)
	c.same("unionids", len(user.UnionIDs()), 3)
	c.same("logins counted", user.LoginCount, 14)
	c.same("live sessions", len(c.sessionIDs(oldest)), 14)
	c.liveSessions(14)
	c.same("merges", c.happened(store.ActionMerge), 2)
}

func testMergeEarlierUnionID(t *testing.T, h Harness) {
	for _, unionID := range []store.Optional{"union-old", "union-new"} {
		t.Run(string(unionID), func(t *testing.T) {
			f := open(t, h)
			f.login(f.comingTo(app, "alice", "union-old"))
			alice := f.login(f.comingTo(app, "alice", "union-new")).User
			f.clock.Advance(time.Hour)
			there := f.login(f.comingTo(otherApp, "alice-there", "")).User
			got := f.login(f.comingTo(otherApp, "alice-there", unionID)).User
			f.same("the user", got.ID, alice.ID)
			f.same("former ids", got.FormerIDs, []string{there.ID})
			f.same("unionids", got.UnionIDs(), []string{"union-new", "union-old"})
			f.found(got)
		})
	}
}

func testMergeSameApps(t *testing.T, h Harness) {
	bothWays(t, h, func(p *pair) {
		second := p.late().UnionID
		for i, in := range []store.Login{p.comingTo(otherApp, "alice-2", ""), p.comingTo(app, "alice-there-2", "")} {
			in.UnionID = store.Optional(fmt.Sprint("union-", i))
			p.login(in)
			p.clock.Advance(time.Minute)
		}
		p.login(p.comingTo(otherApp, "alice-2", second))
		p.login(p.comingTo(app, "alice-there-2", "union-0"))
		user := p.meet().User
		p.same("the user", user.ID, p.older.User.ID)
		p.same("identities", len(user.Identities), 4)
		p.same("live sessions", len(p.sessionIDs(user.ID)), 7)
		p.found(user)
	})
}
