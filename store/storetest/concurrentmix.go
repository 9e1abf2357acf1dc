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
	f.inOrder()
	f.reopen()
	f.inOrder()
}

var crowd = []string{"alice", "bob", "carol", "dave"}

// anything logs one of the crowd in and does something to them, as a caller
// might while others do the like. Refusals that the verb may give are fine.
func (f *fixture) anything(random *rand.Rand) error {
	in := f.coming(crowd[random.IntN(len(crowd))])
	if random.IntN(2) == 0 {
		in.UnionID = store.Optional("union-" + in.OpenID)
	}
	out, err := f.store.Login(f.Context(), in)
	if err != nil {
		return err
	}
	id, userID := out.Session.ID, out.User.ID
	switch random.IntN(8) {
	case 0:
		err = f.store.EndSession(f.Context(), userID, id, actor)
	case 1:
		_, err = f.store.EndSessions(f.Context(), userID, actor)
	case 2:
		_, _, err = f.store.Refresh(f.Context(), presented(id, 0))
	case 3:
		_, err = f.store.BindPhone(f.Context(), userID, numbered(random.IntN(3)), actor)
	case 4:
		_, err = f.store.UnbindPhone(f.Context(), userID, actor)
	case 5:
		_, err = f.store.KeepProfile(f.Context(), userID, store.Profile{NickName: "name"})
	case 6:
		_, err = f.store.Sweep(f.Context(), 10)
	case 7:
		_, _, err = f.store.Authenticate(f.Context(), id)
	}
	for _, refusal := range []error{store.ErrNotFound, store.ErrSessionEnded, store.ErrPhoneTaken} {
		if errors.Is(err, refusal) {
			return nil
		}
	}
	return err
}

// inOrder checks through the public verbs that the crowd's records agree.
func (f *fixture) inOrder() {
	f.Helper()
	live, logins := 0, 0
	phones := map[string]bool{}
	for _, openID := range crowd {
		user := f.enter(openID).User
		f.same("identities", user.Identities, []store.Identity{linked(app, openID, begin)})
		f.same("unionid", user.UnionID, store.Optional("union-"+openID))
		ids := f.sessionIDs(user.ID)
		if len(ids) > 5 {
			f.Errorf("%s has %d live sessions", openID, len(ids))
		}
		for _, id := range ids {
			f.alive(id)
		}
		live, logins = live+len(ids), logins+user.LoginCount
		if user.Phone != nil {
			f.holder(*user.Phone, user.ID)
			phones[user.Phone.Canonical()] = true
		}
	}
	f.liveSessions(live)
	for i := range 3 {
		if !phones[numbered(i).Canonical()] {
			f.holder(numbered(i), "")
		}
	}
	f.same("logins counted and audited", logins, f.happened(store.ActionLogin))
}
