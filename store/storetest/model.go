package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"menshen/store"
)

// world is what a store ought to remember, kept as plainly as can be and
// written from the interface's words alone.
type world struct {
	*fixture
	random *rand.Rand
	max    int // live sessions of one user

	people []*person
	visits []*visit // every session there ever was
	keys   map[string][]store.SessionKey
	count  int // for texts that are all different
}

type person struct {
	id         string
	unionID    store.Optional
	identities []string // openids
	logins     int
}

type visit struct {
	id         string
	owner      *person
	generation uint32
	exchanged  []time.Time // when the token of each generation before was
	expiresAt  time.Time
	ended      bool
}

func testModel(t *testing.T, h Harness) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := &world{
				fixture: openWith(t, h, func(o *store.Options) { o.MaxSessions = 3 }),
				random:  rand.New(rand.NewPCG(2026, seed)), max: 3, keys: map[string][]store.SessionKey{},
			}
			for step := 0; step < 300 && !t.Failed(); step++ {
				w.clock.Advance(instant)
				w.step()
			}
			w.compare()
			w.reopen()
			w.compare()
		})
	}
}

// step does one thing of those that a store can be asked for.
func (w *world) step() {
	steps := []func(){
		w.login, w.login, w.login, w.refreshSome, w.refreshSome, w.refreshSome, w.refreshSome,
		w.endOne, w.endAll, w.authenticate, w.authenticate, w.keepKey, w.wait, w.wait, w.sweepSome,
	}
	steps[w.random.IntN(len(steps))]()
}

func one[T any](random *rand.Rand, of []T) (it T) {
	if len(of) > 0 {
		it = of[random.IntN(len(of))]
	}
	return it
}

func (w *world) login() {
	w.count++
	openID := one(w.random, []string{"a", "b", "c", "d", "e"})
	in := w.coming(openID)
	in.UnionID = one(w.random, []store.Optional{"", "", "u1", "u2", "u3"})
	in.SessionKey = w.key(fmt.Sprintf("key %d", w.count))
	out, err := w.store.Login(w.Context(), in)
	w.need(err)

	who, isNew := w.whoComes(openID, in.UnionID)
	if isNew {
		who.id = out.User.ID
		w.people = append(w.people, who)
	}
	if in.UnionID != "" && who.unionID == "" && w.holds(in.UnionID) == nil {
		who.unionID = in.UnionID
	}
	who.logins++
	w.keys[openID] = append(w.keys[openID], in.SessionKey)
	w.visits = append(w.visits, &visit{id: in.SessionID, owner: who, expiresAt: w.clock.Now().Add(life)})
	if live := w.live(who); len(live) > w.max {
		live[len(live)-1].ended = true
	}
	w.same("a new user", out.IsNewUser, isNew)
	w.agrees(out.User, who)
}

// whoComes is the person a login is about.
func (w *world) whoComes(openID string, unionID store.Optional) (who *person, isNew bool) {
	for _, p := range w.people {
		if slices.Contains(p.identities, openID) {
			return p, false
		}
	}
	if who = w.holds(unionID); who == nil {
		who, isNew = &person{}, true
	}
	who.identities = append(who.identities, openID)
	return who, isNew
}

func (w *world) holds(unionID store.Optional) *person {
	for _, p := range w.people {
		if unionID != "" && p.unionID == unionID {
			return p
		}
	}
	return nil
}

func (w *world) alive(v *visit) bool {
	return v != nil && !v.ended && w.clock.Now().Before(v.expiresAt)
}

// live lists a person's live sessions, newest first; everybody's for nil.
func (w *world) live(who *person) (live []*visit) {
	for _, v := range slices.Backward(w.visits) {
		if w.alive(v) && (who == nil || v.owner == who) {
			live = append(live, v)
		}
	}
	return live
}

func (w *world) refreshSome() {
	v := one(w.random, w.visits)
	if v == nil {
		return
	}
	generation := v.generation + uint32(w.random.IntN(4)) - 2
	in := presented(v.id, generation)
	if forged := w.random.IntN(8) == 0; forged {
		in.Hash[0] ^= 1
	}
	session, _, err := w.store.Refresh(w.Context(), in)
	want := w.judge(v, in)
	w.refused(err, want)
	if want == nil {
		w.same("the successor", session.Refresh, w.successor(v, generation))
		w.same("the expiry", session.ExpiresAt, v.expiresAt)
	}
}

// judge does to a visit what a refresh token deserves.
func (w *world) judge(v *visit, in store.Refresh) error {
	now := w.clock.Now()
	switch age := int64(v.generation) - int64(in.Generation); {
	case !w.alive(v), age < 0, age == 0 && in.Hash != token(v.id, v.generation).Hash:
		return store.ErrSessionEnded
	case age == 0:
		v.generation, v.expiresAt, v.exchanged = v.generation+1, now.Add(life), append(v.exchanged, now)
	case now.Sub(v.exchanged[in.Generation]) > 10*time.Second:
		v.ended = true
		return store.ErrRefreshReused
	}
	return nil
}

// successor is the token that one of a generation was exchanged for.
func (w *world) successor(v *visit, generation uint32) store.RefreshToken {
	next := token(v.id, generation+1)
	next.IssuedAt = v.exchanged[generation]
	return next
}

// current is the token that may be exchanged next.
func (w *world) current(v *visit) store.RefreshToken {
	if v.generation == 0 {
		return token(v.id, 0)
	}
	return w.successor(v, v.generation-1)
}

func (w *world) endOne() {
	v, who := one(w.random, w.visits), one(w.random, w.people)
	if v == nil {
		return
	}
	err := w.store.EndSession(w.Context(), who.id, v.id, actor)
	if w.alive(v) && v.owner == who {
		v.ended = true
		w.need(err)
		return
	}
	w.refused(err, store.ErrNotFound)
}

func (w *world) endAll() {
	who := one(w.random, w.people)
	if who == nil || w.random.IntN(3) > 0 {
		return
	}
	n, err := w.store.EndSessions(w.Context(), who.id, actor)
	w.need(err)
	live := w.live(who)
	w.same("sessions ended", n, len(live))
	for _, v := range live {
		v.ended = true
	}
}

func (w *world) authenticate() {
	v := one(w.random, w.visits)
	if v == nil {
		return
	}
	session, user, err := w.store.Authenticate(w.Context(), v.id)
	if !w.alive(v) {
		w.refused(err, store.ErrSessionEnded)
		return
	}
	w.need(err)
	w.same("the session's user", session.UserID, v.owner.id)
	w.agrees(user, v.owner)
}

// keepKey brings a session_key whose answer may have been long on its way.
func (w *world) keepKey() {
	w.count++
	openID := one(w.random, []string{"a", "b", "c", "d", "e"})
	key := w.key(fmt.Sprintf("key %d", w.count))
	key.GivenAt = key.GivenAt.Add(-time.Duration(w.random.IntN(7_200_000)) * instant)
	err := w.store.KeepSessionKey(w.Context(), app, openID, key)
	if w.keys[openID] == nil {
		w.refused(err, store.ErrNotFound)
		return
	}
	w.need(err)
	w.keys[openID] = append(w.keys[openID], key)
	w.keysAgree(openID)
}

// keysAgree compares the session_keys of an identity with all it ever had.
func (w *world) keysAgree(openID string) {
	all := w.keys[openID]
	slices.SortStableFunc(all, func(a, b store.SessionKey) int { return cmp.Compare(b.GivenAt.UnixMilli(), a.GivenAt.UnixMilli()) })
	var want []store.SessionKey
	for i, key := range all {
		if i == 0 || i < 3 && !w.clock.Now().After(all[i-1].GivenAt.Add(memory)) {
			want = append(want, key)
		}
	}
	got, err := w.store.SessionKeys(w.Context(), app, openID)
	w.need(err)
	w.same("session_keys of "+openID, got, want)
}

func (w *world) wait() {
	w.clock.Advance(one(w.random, []time.Duration{
		time.Second, 10 * time.Second, 10*time.Second - instant, 10*time.Second - 2*instant, time.Hour, memory / 2, life / 3, life / 2,
	}))
}

func (w *world) sweepSome() {
	n, err := w.store.Sweep(w.Context(), 1000)
	w.need(err)
	if n > len(w.visits) {
		w.Errorf("%d sessions swept of %d", n, len(w.visits))
	}
	w.liveSessions(len(w.live(nil)))
}

func (w *world) agrees(user store.User, who *person) {
	w.Helper()
	var openIDs []string
	for _, i := range user.Identities {
		openIDs = append(openIDs, i.OpenID)
	}
	got := person{id: user.ID, unionID: user.UnionID, identities: openIDs, logins: user.LoginCount}
	if fmt.Sprint(got) != fmt.Sprint(*who) {
		w.Errorf("user %v, want %v", got, *who)
	}
}

// compare compares everything.
func (w *world) compare() {
	w.Helper()
	for _, who := range w.people {
		w.agrees(w.user(who.id), who)
		var want []string
		for _, v := range w.live(who) {
			want = append(want, v.id)
		}
		w.same("sessions", w.sessionIDs(who.id), want)
	}
	for _, v := range w.visits {
		session, err := w.store.Session(w.Context(), v.id)
		if !w.alive(v) {
			w.refused(err, store.ErrNotFound)
			continue
		}
		w.need(err)
		w.same("the refresh token", session.Refresh, w.current(v))
	}
	for openID := range w.keys {
		w.keysAgree(openID)
	}
	w.sweepSome()
}
