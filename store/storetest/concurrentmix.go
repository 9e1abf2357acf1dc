package storetest

import (
	"errors"
	"math/rand/v2"
	"testing"

	"menshen/store"
)

func testConcurrentMix(t *testing.T, h Harness) {
	f := openWith(t, h, func(o *store.Options) { o.MaxSessions = 5 })
	f.together(64, func(i int) error {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		for range 12 {
			if err := f.anything(random); err != nil {
				return err
			}
		}
		return nil
	})
	if f.happened(store.ActionMerge) == 0 {
		t.Fatal("nobody was merged: this test tries less than it says")
	}
	f.inOrder()
	f.reopen()
	f.inOrder()
}

var crowd = []string{"alice", "bob", "carol", "dave"}

// anything has one of the crowd come and does something to them, as a caller
// might while others do the like. Who shows a unionid in one app and not yet in
// the other is two users until they do. Refusals that a verb may give are fine.
func (f *fixture) anything(random *rand.Rand) error {
	in := f.comingTo(pick(random, []string{app, otherApp}), pick(random, crowd), "")
	if random.IntN(2) == 0 {
		in.UnionID = store.Optional("union-" + in.OpenID)
	}
	out, err := f.come(in)
	if err == nil {
		err = pick(random, f.deeds(in, out))(random)
	}
	for _, refusal := range []error{store.ErrNotFound, store.ErrSessionEnded, store.ErrUserBlocked, store.ErrPhoneTaken} {
		if errors.Is(err, refusal) {
			return nil
		}
	}
	return err
}

// deeds are what can be done to somebody who has come.
func (f *fixture) deeds(in store.Login, out store.LoggedIn) []func(*rand.Rand) error {
	ctx, s, id, userID := f.Context(), f.store, out.Session.ID, out.User.ID
	taken := message(in.SessionID)
	taken.AppID, taken.OpenID = in.AppID, in.OpenID
	return []func(*rand.Rand) error{
		func(*rand.Rand) error { return errorOf2(s.Authenticate(ctx, id)) },
		func(*rand.Rand) error { return errorOf2(s.Refresh(ctx, presented(id, 0))) },
		func(*rand.Rand) error { return s.EndSession(ctx, userID, id, actor) },
		func(*rand.Rand) error { return f.scanFor(out.Session) },
		func(*rand.Rand) error { return errorOf(s.EndSessions(ctx, userID, actor)) },
		func(r *rand.Rand) error { return errorOf(s.BindPhone(ctx, userID, numbered(r.IntN(3)), actor)) },
		func(*rand.Rand) error { return errorOf(s.UnbindPhone(ctx, userID, actor)) },
		func(*rand.Rand) error { return errorOf(s.KeepProfile(ctx, userID, store.Profile{NickName: "name"})) },
		func(*rand.Rand) error { return errorOf(s.Block(ctx, userID, "reason", actor)) },
		func(*rand.Rand) error { return errorOf(s.Unblock(ctx, userID, actor)) },
		func(*rand.Rand) error { return errorOf(s.SetRole(ctx, userID, store.RoleAdmin, actor)) },
		func(*rand.Rand) error { return s.Withdraw(ctx, taken) },
		func(*rand.Rand) error { return errorOf(s.DeleteUser(ctx, userID, actor)) },
		func(*rand.Rand) error { return errorOf(s.Sweep(ctx, 10)) },
	}
}

// scanFor has the bearer of a session let a page in, as far as others let them.
func (f *fixture) scanFor(session store.Session) error {
	ctx := f.Context()
	ticket, err := f.store.OpenScanLogin(ctx, store.OpenScanLogin{AppID: session.AppID, SecretHash: pageSecret})
	if err != nil {
		return err
	}
	if _, err = f.store.ClaimScanLogin(ctx, ticket.ID, session.ID); err != nil {
		return err
	}
	if _, err = f.store.AnswerScanLogin(ctx, ticket.ID, session.ID, true, actor); err != nil {
		return err
	}
	return errorOf2(f.store.RedeemScanLogin(ctx, f.redeeming(ticket.ID)))
}

// inOrder checks through the public verbs that the crowd's records agree.
func (f *fixture) inOrder() {
	f.Helper()
	live := 0
	phones := map[string]bool{}
	for _, openID := range crowd {
		user := f.united(openID)
		f.found(user)
		f.same("identities", len(user.Identities), 2)
		f.same("unionids", user.UnionIDs(), []string{"union-" + openID})
		ids := f.sessionIDs(user.ID)
		if len(ids) > 5 {
			f.Errorf("%s has %d live sessions", openID, len(ids))
		}
		for _, id := range ids {
			f.alive(id)
		}
		live += len(ids)
		if user.Phone != nil {
			phones[user.Phone.Canonical()] = true
		}
		logins, _, err := f.store.CountAuditEvents(f.Context(), store.AuditFilter{UserID: user.ID, Action: store.ActionLogin})
		f.need(err)
		f.same("logins counted and audited", user.LoginCount, logins)
	}
	f.liveSessions(live)
	for i := range 3 {
		if !phones[numbered(i).Canonical()] {
			f.holder(numbered(i), "")
		}
	}
}

// united lets one of the crowd in again, who shows the unionid in both apps.
func (f *fixture) united(openID string) (user store.User) {
	f.Helper()
	apps := []string{app, otherApp}
	for _, appID := range apps {
		known, err := f.store.UserByIdentity(f.Context(), appID, openID)
		if err == nil {
			f.unblock(known.ID)
		} else {
			f.refused(err, store.ErrNotFound)
		}
	}
	for _, appID := range apps {
		user = f.login(f.comingTo(appID, openID, store.Optional("union-"+openID))).User
	}
	return user
}
