package main_test

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"menshen/wechat/wechattest"
)

const (
	racers = 24
	races  = 10
)

// race has racers do the same at once, through one instance after the other, and
// returns what each got.
func race[T any](f *fleet, do func(ctx context.Context, server *running) (T, error)) []T {
	f.t.Helper()
	got := make([]T, racers)
	var all errgroup.Group
	for n := range got {
		all.Go(func() (err error) {
			got[n], err = do(f.t.Context(), f.instance(n))
			return err
		})
	}
	if err := all.Wait(); err != nil {
		f.t.Fatalf("%v\n%s", err, f.complaints())
	}
	return got
}

// raceLogins has somebody log in for the first time, many times at once.
func (d *drill) raceLogins(r *drillReport) {
	for n := range races {
		entries := race(d.fleet, func(ctx context.Context, server *running) (*entry, error) {
			return d.arrive(ctx, server, fmt.Sprint("first-", n))
		})
		for _, e := range entries {
			if e.User.ID != entries[0].User.ID {
				d.t.Errorf("one openid is user %s and user %s", entries[0].User.ID, e.User.ID)
			}
			d.register.add(e)
		}
		r.logins += racers
	}
	r.missing = d.expectAll(1, 2)
}

// raceRefreshes exchanges one token many times at once.
func (d *drill) raceRefreshes(r *drillReport) {
	for n := range races {
		e := d.enter(fmt.Sprint("tabs-", n))
		before := e.RefreshToken
		successors := race(d.fleet, func(ctx context.Context, server *running) (pair, error) { return server.refresh(ctx, before) })
		for _, next := range successors {
			if next.RefreshToken != successors[0].RefreshToken || next.RefreshToken == before {
				d.t.Error("one refresh token has several successors, or none")
			}
			d.register.renew(e, next)
		}
		r.logins++
		r.refreshes += racers
	}
	r.missing = d.expectAll(1, 2)
}

// shareAccessToken has all instances need an access_token at once, which none has.
func (d *drill) shareAccessToken(r *drillReport) {
	const path = "/cgi-bin/stable_token"
	if calls := d.sim.Calls()[path]; calls != 0 {
		d.t.Errorf("%d calls of %s before it is needed", calls, path)
	}
	var binds errgroup.Group
	for n := range racers {
		user := fmt.Sprint("phone-", n)
		e := d.enter(user)
		code, err := d.sim.PhoneCode(wechattest.DevAppID, user, fmt.Sprintf("1380000%04d", n))
		if err != nil {
			d.t.Fatal(err)
		}
		binds.Go(func() error { return bindNumber(d.t.Context(), d.instance(n), e.AccessToken, code) })
	}
	if err := binds.Wait(); err != nil {
		d.t.Fatalf("bindPhoneNumber: %v\n%s", err, d.complaints())
	}
	if calls := d.sim.Calls()[path]; calls != 1 {
		d.t.Errorf("%d instances made %d calls of %s, want 1", fleetSize, calls, path)
	}
	r.logins = racers
}
