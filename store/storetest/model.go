package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"menshen/store"
)

var modelLaws = []law{
	{"any sequence of verbs agrees with a model", testModel},
}

// world is what a store ought to remember, kept as plainly as can be and
// written from the interface's words alone.
type world struct {
	*fixture
	random *rand.Rand
	max    int // live sessions of one user

	people   []*person // oldest first
	gone     []string  // ids of those who were deleted
	visits   []*visit  // every session there ever was
	tickets  []*ticket // every one that was approved
	keys     map[account][]store.SessionKey
	uses     map[use]bool
	figures  map[figure]store.Activity
	happened map[string]int // events by action
	count    int            // for texts that are all different
}

// person is a user with the record that they ought to have.
type person struct{ store.User }

// account is an identity's name.
type account struct{ appID, openID string }

func testModel(t *testing.T, h Harness) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, h, seed)
			for step := 0; step < 400 && !t.Failed(); step++ {
				w.clock.Advance(instant)
				w.step()
			}
			w.compare()
			w.reopen()
			w.compare()
		})
	}
}

func newWorld(t *testing.T, h Harness, seed uint64) *world {
	adjust := func(o *store.Options) {
		o.MaxSessions, o.AuditRetention, o.TimeZone = 3, 100*365*24*time.Hour, shanghai
	}
	return &world{
		fixture: openWith(t, h, adjust), random: rand.New(rand.NewPCG(2026, seed)), max: 3,
		keys: map[account][]store.SessionKey{}, uses: map[use]bool{}, figures: map[figure]store.Activity{}, happened: map[string]int{},
	}
}

// step does one thing of those that a store can be asked for.
func (w *world) step() {
	steps := []func(){
		w.login, w.login, w.login, w.login, w.login, w.refreshSome, w.refreshSome, w.refreshSome, w.refreshSome,
		w.endOne, w.endAll, w.authenticate, w.authenticate, w.keepKey, w.wait, w.wait, w.sweepSome,
		w.keepProfile, w.bindSome, w.bindSome, w.unbindSome, w.blockSome, w.unblockSome, w.promote, w.deleteSome,
		w.approveSome, w.redeemSome, w.redeemSome,
	}
	steps[w.random.IntN(len(steps))]()
}

func pick[T any](random *rand.Rand, of []T) (it T) {
	if len(of) > 0 {
		it = of[random.IntN(len(of))]
	}
	return it
}

// somebody is one of the people by one of their ids; nil when there are none.
func (w *world) somebody() (who *person, id string) {
	if who = pick(w.random, w.people); who != nil {
		id = pick(w.random, append([]string{who.ID}, who.FormerIDs...))
	}
	return who, id
}

// someAccount is one of twelve.
func (w *world) someAccount() account {
	return account{pick(w.random, []string{app, otherApp, thirdApp}), pick(w.random, []string{"a", "b", "c", "d"})}
}

func (w *world) wait() {
	w.clock.Advance(pick(w.random, []time.Duration{
		time.Second, 10 * time.Second, 10*time.Second - instant, 10*time.Second - 2*instant, time.Hour, 7 * time.Hour, memory / 2, life / 3,
	}))
}

// compare compares everything.
func (w *world) compare() {
	w.Helper()
	for _, who := range w.people {
		w.found(who.User)
		var want []string
		for _, v := range w.live(who) {
			want = append(want, v.id)
		}
		w.same("sessions", w.sessionIDs(who.ID), want)
	}
	for _, id := range w.gone {
		_, err := w.store.User(w.Context(), id)
		w.refused(err, store.ErrNotFound)
	}
	for _, v := range w.visits {
		w.visitAgrees(v)
	}
	for who := range w.keys {
		w.keysAgree(who)
	}
	w.sweepSome()
	w.figuresAgree()
	w.eventsAgree()
	w.countersAgree()
	w.checked()
}

// eventsAgree counts what happened, but for logouts: of sessions that are about
// to be swept an engine may tell or not.
func (w *world) eventsAgree() {
	w.Helper()
	got := map[string]int{}
	for _, action := range w.actions() {
		if action != store.ActionLogout {
			got[action]++
		}
	}
	w.same("events", got, w.happened)
}

// countersAgree compares the counts that are promised to be exact.
func (w *world) countersAgree() {
	w.Helper()
	filters := []store.UserFilter{
		{}, {Status: store.StatusActive}, {Status: store.StatusBlocked}, {Role: store.RoleAdmin}, {Role: store.RoleUser},
	}
	for _, appID := range []string{app, otherApp, thirdApp} {
		filters = append(filters, store.UserFilter{AppID: appID})
	}
	for _, filter := range filters {
		want := 0
		for _, who := range w.people {
			if filter.Matches(who.User) {
				want++
			}
		}
		n, exact, err := w.store.CountUsers(w.Context(), filter)
		w.need(err)
		w.same(fmt.Sprintf("users of %+v", filter), n, want)
		w.same("an exact count", exact, true)
	}
}

// checked has the store check itself.
func (w *world) checked() {
	w.Helper()
	got, err := w.store.Check(w.Context(), func(problem string) { w.Error(problem) })
	w.need(err)
	want := store.Inventory{Users: len(w.people), Identities: len(w.keys), AuditEvents: len(w.events())}
	want.Sessions = len(slices.DeleteFunc(slices.Clone(w.visits), func(v *visit) bool { return !w.kept(v) }))
	w.same("the inventory", got, want)
}
