package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"menshen/store"
)

var concurrentLaws = []law{
	{"32 first logins of one identity make one user", testConcurrentFirstLogins},
	{"32 first logins with one unionid make one user", testConcurrentUnionID},
	{"32 refreshes of one token give one successor", testConcurrentRefresh},
	{"one phone number goes to one of many users", testConcurrentPhone},
	{"concurrent changes of a secret lose nothing", testConcurrentSecret},
	{"logins go on while sealing keys rotate", testConcurrentSealing},
	{"64 callers of many verbs leave the store in order", testConcurrentMix},
}

// together runs do n times at once and ends the test unless all succeed.
func (f *fixture) together(n int, do func(i int) error) {
	f.Helper()
	var wg sync.WaitGroup
	start, errs := make(chan struct{}), make([]error, n)
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	f.need(errors.Join(errs...))
}

// loginsAtOnce logs 32 people in at once and expects one user of them all.
func (f *fixture) loginsAtOnce(coming func(i int) store.Login) store.User {
	f.Helper()
	outs := make([]store.LoggedIn, 32)
	f.together(len(outs), func(i int) (err error) {
		outs[i], err = f.store.Login(f.Context(), coming(i))
		return err
	})
	made := 0
	for _, out := range outs {
		f.same("the user", out.User.ID, outs[0].User.ID)
		if out.IsNewUser {
			made++
		}
	}
	f.same("users made", made, 1)
	user := f.user(outs[0].User.ID)
	f.same("logins counted", user.LoginCount, len(outs))
	f.same("live sessions", len(f.sessionIDs(user.ID)), limit)
	f.liveSessions(limit)
	return user
}

func testConcurrentFirstLogins(t *testing.T, h Harness) {
	f := open(t, h)
	user := f.loginsAtOnce(func(int) store.Login { return f.coming("alice") })
	f.same("identities", len(user.Identities), 1)
}

func testConcurrentUnionID(t *testing.T, h Harness) {
	f := open(t, h)
	user := f.loginsAtOnce(func(i int) store.Login { return f.comingTo(app, fmt.Sprintf("alice-%d", i), "union-alice") })
	f.same("identities", len(user.Identities), 32)
}

func testConcurrentRefresh(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	successors := make([]store.RefreshToken, 32)
	f.together(len(successors), func(i int) error {
		refresh := presented(in.Session.ID, 0)
		refresh.Next.Hash[0] = byte(i) // each caller has its own successor in mind
		session, _, err := f.store.Refresh(t.Context(), refresh)
		successors[i] = session.Refresh
		return err
	})
	for _, next := range successors {
		f.same("the successor", next, successors[0])
	}
	f.same("the successor kept", f.session(in.Session.ID).Refresh, successors[0])

	f.clock.Advance(store.RefreshGrace + instant)
	f.together(32, func(int) error {
		_, _, err := f.store.Refresh(t.Context(), presented(in.Session.ID, 0))
		if errors.Is(err, store.ErrRefreshReused) || errors.Is(err, store.ErrSessionEnded) {
			return nil
		}
		return fmt.Errorf("reuse after the grace: %w", err)
	})
	f.dead(in.Session.ID)
	f.same("thefts audited", f.happened(store.ActionRefreshTheft), 1)
}

func testConcurrentPhone(t *testing.T, h Harness) {
	f := open(t, h)
	var ids, won [16]string
	for i := range ids {
		ids[i] = f.enter(fmt.Sprintf("person-%d", i)).User.ID
	}
	f.together(len(ids), func(i int) error {
		_, err := f.store.BindPhone(t.Context(), ids[i], mobile, actor)
		if err == nil {
			won[i] = ids[i]
		} else if errors.Is(err, store.ErrPhoneTaken) {
			err = nil
		}
		return err
	})
	f.holder(mobile, strings.Join(won[:], "")) // holds for one winner only
}

func testConcurrentSecret(t *testing.T, h Harness) {
	const callers, each = 16, 4
	f := open(t, h)
	f.together(callers, func(i int) error {
		for n := range each {
			err := f.store.UpdateSecret(t.Context(), "token", func(old []byte) ([]byte, error) {
				return fmt.Appendf(old[:len(old):len(old)], "%d.%d\n", i, n), nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	lines := strings.Fields(f.secret("token"))
	slices.Sort(lines)
	f.same("updates kept", len(slices.Compact(lines)), callers*each)
}

func testConcurrentSealing(t *testing.T, h Harness) {
	const callers, each = 8, 12
	f := open(t, h)
	f.together(callers+2, func(i int) error {
		for n := range each {
			var err error
			switch i {
			case callers:
				err = f.store.RotateSealing(t.Context())
			case callers + 1:
				_, err = f.store.PruneSealing(t.Context())
			default:
				err = f.sealOne(i*each + n)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	_, err := f.store.PruneSealing(t.Context())
	f.need(err)
	f.same("sealing keys after a last prune", len(f.sealingKeys()), 1)
	f.sealedOnes(callers * each)
}
