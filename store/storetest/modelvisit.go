package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"menshen/store"
)

// visit is a session.
type visit struct {
	id         string
	owner      *person
	at         account
	generation uint32
	exchanged  []time.Time // when the token of each generation before was
	expiresAt  time.Time
	ended      bool
	blocked    bool // ended by a block
}

// begin ends the oldest visits of a person who has too many.
func (w *world) begin(v *visit) {
	v.expiresAt = w.clock.Now().Add(life)
	w.visits = append(w.visits, v)
	live := w.live(v.owner)
	for _, oldest := range live[min(w.max, len(live)):] {
		oldest.ended = true
	}
}

// kept reports whether a visit is remembered.
func (w *world) kept(v *visit) bool { return !v.ended && w.clock.Now().Before(v.expiresAt) }

// fate is what a visit answers to whoever uses it.
func (w *world) fate(v *visit) error {
	switch {
	case w.kept(v) && v.blocked && v.owner.Blocked():
		return store.ErrUserBlocked
	case v.blocked || !w.kept(v):
		return store.ErrSessionEnded
	}
	return nil
}

// live lists a person's live sessions, newest first; everybody's for nil.
func (w *world) live(who *person) (live []*visit) {
	for _, v := range slices.Backward(w.visits) {
		if w.fate(v) == nil && (who == nil || v.owner == who) {
			live = append(live, v)
		}
	}
	return live
}

func (w *world) refreshSome() {
	v := pick(w.random, w.visits)
	if v == nil {
		return
	}
	generation := v.generation + uint32(w.random.IntN(4)) - 2
	in := presented(v.id, generation)
	if forged := w.random.IntN(8) == 0; forged {
		in.Hash[0] ^= 1
	}
	session, user, err := w.store.Refresh(w.Context(), in)
	want := w.judge(v, in)
	w.refused(err, want)
	if want == nil {
		w.same("the successor", session.Refresh, w.successor(v, generation))
		w.same("the expiry", session.ExpiresAt, v.expiresAt)
		w.same("the user", user, v.owner.User)
	}
}

// judge does to a visit what a refresh token deserves.
func (w *world) judge(v *visit, in store.Refresh) error {
	if err := w.fate(v); err != nil {
		return err
	}
	now := w.clock.Now()
	old := func(t time.Time) bool { return now.Sub(t) > 10*time.Second }
	switch age := int64(v.generation) - int64(in.Generation); {
	case age < 0, age == 0 && in.Hash != token(v.id, v.generation).Hash:
		return store.ErrSessionEnded
	case age == 0 && len(v.exchanged) >= 8 && !old(v.exchanged[len(v.exchanged)-8]):
		return store.ErrSessionEnded
	case age == 0:
		v.generation, v.expiresAt, v.exchanged = v.generation+1, now.Add(life), append(v.exchanged, now)
		if !w.uses[use{v.at, w.today()}] {
			w.use(v.owner, v.at, store.Activity{}, store.Activity{})
		}
	case old(v.exchanged[in.Generation]):
		v.ended = true
		w.happened[store.ActionRefreshTheft]++
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
	v := pick(w.random, w.visits)
	who, id := w.somebody()
	if v == nil || who == nil {
		return
	}
	err := w.store.EndSession(w.Context(), id, v.id, actor)
	if w.fate(v) == nil && v.owner == who {
		v.ended = true
		w.need(err)
		return
	}
	w.refused(err, store.ErrNotFound)
}

func (w *world) endAll() {
	who, id := w.somebody()
	if who == nil || w.random.IntN(3) > 0 {
		return
	}
	n, err := w.store.EndSessions(w.Context(), id, actor)
	w.need(err)
	live := w.live(who)
	w.same("sessions ended", n, len(live))
	for _, v := range live {
		v.ended = true
	}
}

func (w *world) authenticate() {
	v := pick(w.random, w.visits)
	if v == nil {
		return
	}
	session, user, err := w.store.Authenticate(w.Context(), v.id)
	want := w.fate(v)
	w.refused(err, want)
	if want == nil {
		w.same("the session's user", session.UserID, v.owner.ID)
		w.same("the user", user, v.owner.User)
	}
}

func (w *world) visitAgrees(v *visit) {
	w.Helper()
	session, err := w.store.Session(w.Context(), v.id)
	if w.fate(v) != nil {
		w.refused(err, store.ErrNotFound)
		return
	}
	w.need(err)
	w.same("the refresh token", session.Refresh, w.current(v))
	w.same("the session's user", session.UserID, v.owner.ID)
}

func (w *world) sweepSome() {
	_, err := w.store.Sweep(w.Context(), 1000)
	w.need(err)
	w.liveSessions(len(w.live(nil)))
}

// keepKey brings a session_key whose answer may have been long on its way.
func (w *world) keepKey() {
	w.count++
	who := w.someAccount()
	key := w.key(fmt.Sprintf("key %d", w.count))
	key.GivenAt = key.GivenAt.Add(-time.Duration(w.random.IntN(7_200_000)) * instant)
	err := w.store.RefuseLogin(w.Context(), store.RefusedLogin{AppID: who.appID, OpenID: who.openID, SessionKey: key})
	if w.keys[who] == nil {
		w.refused(err, store.ErrNotFound)
		return
	}
	w.need(err)
	w.keys[who] = append(w.keys[who], key)
	w.happened[store.ActionLoginRefused]++
	w.keysAgree(who)
}

// keysAgree compares the session_keys of an identity with all it ever had.
func (w *world) keysAgree(who account) {
	w.Helper()
	all := w.keys[who]
	slices.SortStableFunc(all, func(a, b store.SessionKey) int { return cmp.Compare(b.GivenAt.UnixMilli(), a.GivenAt.UnixMilli()) })
	var want []store.SessionKey
	for i, key := range all {
		if i == 0 || i < 3 && !w.clock.Now().After(all[i-1].GivenAt.Add(memory)) {
			want = append(want, key)
		}
	}
	got, err := w.store.SessionKeys(w.Context(), who.appID, who.openID)
	w.need(err)
	w.same(fmt.Sprint("session_keys of ", who), got, want)
}
