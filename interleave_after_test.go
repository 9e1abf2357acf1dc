package main_test

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// expectAnswered asks for everything that was answered: what became of each user,
// and what each session is worth.
func (w *town) expectAnswered() {
	w.t.Helper()
	w.forEach(func(ctx context.Context, c *client, p *person) error {
		if p.lives == nil {
			return nil
		}
		var acts []act
		for _, id := range slices.Concat(p.lives[0].ids(), p.lives[0].gone) {
			acts = append(acts, c.look(id))
		}
		for _, s := range p.lives[0].sessions {
			acts = append(acts, c.me(s), c.refresh(s))
		}
		for _, do := range acts {
			if err := c.playAgain(ctx, p, do); err != nil {
				return err
			}
		}
		return nil
	})
}

// playAgain plays with a person unless nobody knows how they live.
func (c *client) playAgain(ctx context.Context, p *person, do act) error {
	if p.lives == nil {
		_, err := do(ctx)
		return err
	}
	lives := p.lives
	p.lives = nil
	if err := c.play(ctx, p, lives, do); err != nil {
		return fmt.Errorf("after the restart: %w", err)
	}
	return nil
}

// expectOneUserEach has everybody log in to all their apps once more, now that
// WeChat tells the unionid. Blocked persons are refused, and one person all the
// same.
func (w *town) expectOneUserEach() {
	w.t.Helper()
	if !w.binding.Load() {
		w.bind()
	}
	w.forEach(func(ctx context.Context, c *client, p *person) error {
		for _, app := range p.apps {
			if err := c.playAgain(ctx, p, c.login(p, app)); err != nil {
				return err
			}
		}
		return nil
	})
	w.forEach(func(ctx context.Context, c *client, p *person) error { return c.expectOneUser(ctx, p) })
	var data struct{ Users struct{ TotalCount int } }
	w.read(`{ users { totalCount } }`, nil, &data)
	if got, want := data.Users.TotalCount, townClients*personsPerClient; got != want {
		w.t.Errorf("%d users for %d persons", got, want)
	}
}

// expectOneUser finds the same user by each of a person's names.
func (c *client) expectOneUser(ctx context.Context, p *person) error {
	var ids []string
	for _, app := range p.apps {
		phone, err := c.sim.Login(app, p.name) // tells the names; the code is left unused
		if err != nil {
			return err
		}
		names := []map[string]any{{"openId": phone.OpenID, "app": app}}
		if phone.UnionID != "" {
			names = append(names, map[string]any{"unionId": phone.UnionID})
		}
		for _, name := range names {
			var data struct{ User struct{ ID string } }
			const query = `query($openId: String, $unionId: String, $app: ID) { user(openId: $openId, unionId: $unionId, appId: $app) { id } }`
			if code, err := c.ask(ctx, c.house.adminKey, query, name, &data); code != "" || err != nil {
				return fmt.Errorf("user(%v): %s %w", name, code, err)
			}
			ids = append(ids, data.User.ID)
		}
	}
	if slices.Sort(ids); ids[0] == "" || ids[0] != ids[len(ids)-1] {
		return fmt.Errorf("%s is %q", p.name, ids)
	}
	return nil
}

// read asks as an administrator; the test fails when that is refused.
func (w *town) read(query string, variables map[string]any, data any) {
	w.t.Helper()
	if code, err := w.ask(w.t.Context(), w.house.adminKey, query, variables, data); code != "" || err != nil {
		w.t.Fatalf("%s: %s %v", query, code, err)
	}
}

// figures are the sums of some days.
type figures struct{ NewUsers, Logins int64 }

// expectFigures compares what is counted with what was answered.
func (w *town) expectFigures() {
	w.t.Helper()
	all, lost := w.figures(nil), w.logins.sent.Load()-w.logins.answered.Load()-w.logins.refused.Load()
	between := func(what string, got, least int64) {
		if got < least || got > least+lost {
			w.t.Errorf("%s: %d are counted, %d were answered and %d cut off", what, got, least, lost)
		}
	}
	between("logins", all.Logins, w.logins.answered.Load())
	between("new users", all.NewUsers, w.logins.newUsers.Load())
	var sum int64
	for _, app := range []string{appOne, appTwo, appOutside} {
		sum += w.figures(app).Logins
	}
	if sum != all.Logins {
		w.t.Errorf("the apps count %d logins, all together %d", sum, all.Logins)
	}
}

// figures adds up the days on which the test may have run.
func (w *town) figures(app any) (sum figures) {
	w.t.Helper()
	day := func(shift int) string { return time.Now().AddDate(0, 0, shift).Format(time.DateOnly) }
	var data struct{ UserActivity []figures }
	w.read(`query($from: Date!, $to: Date!, $app: ID) { userActivity(from: $from, to: $to, appId: $app) { newUsers logins } }`,
		map[string]any{"from": day(-2), "to": day(2), "app": app}, &data)
	for _, row := range data.UserActivity {
		sum.NewUsers += row.NewUsers
		sum.Logins += row.Logins
	}
	return sum
}
