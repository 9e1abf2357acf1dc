package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

var refreshLaws = []law{
	{"a refresh token is exchanged for its successor", testRefreshExchange},
	{"a refresh token gets the same successor within the grace", testRefreshRepeat},
	{"the grace ends after ten seconds", testRefreshGrace},
	{"a repeat is told the new generation's life", testRefreshRepeatLife},
	{"each token gets its own successor again for ten seconds", testRefreshChain},
	{"a flood of exchanges hides no theft", testRefreshFlood},
	{"a token two generations old is theft after the grace", testRefreshOlder},
	{"a token from the future is refused without harm", testRefreshFuture},
	{"a token with a wrong hash is refused without harm", testRefreshWrongHash},
	{"each exchange extends the session", testRefreshExtends},
	{"an ended session refreshes no more", testRefreshEnded},
}

func testRefreshExchange(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	at := f.clock.Advance(time.Hour)
	session, user, err := f.store.Refresh(t.Context(), presented(in.Session.ID, 0))
	f.need(err)

	want := in.Session
	want.LastUsedAt, want.ExpiresAt = at, at.Add(life)
	want.Refresh = token(in.Session.ID, 1)
	want.Refresh.IssuedAt = at
	f.same("the session", session, want)
	f.same("the user", user, in.User)
	f.same("read back", f.session(session.ID), want)
	f.liveSessions(1)

	for generation := uint32(1); generation < 5; generation++ {
		f.clock.Advance(time.Minute)
		f.same("generation", f.refresh(session.ID, generation).Refresh.Generation, generation+1)
	}
}

// other is a token presented with another successor in mind: what a second
// instance with a newer key would bring.
func other(sessionID string, generation uint32) store.Refresh {
	in := presented(sessionID, generation)
	in.Next.KeyID++
	in.Next.Hash[0]++
	return in
}

func testRefreshRepeat(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	first, user, err := f.store.Refresh(t.Context(), presented(in.Session.ID, 0))
	f.need(err)
	events := len(f.events())
	for range 3 {
		f.clock.Advance(time.Second)
		again, same, err := f.store.Refresh(t.Context(), other(in.Session.ID, 0))
		f.need(err)
		f.same("the session", again, first)
		f.same("the user", same, user)
	}
	f.same("events", len(f.events()), events)
	f.same("the successor's own exchange", f.refresh(in.Session.ID, 1).Refresh.Generation, uint32(2))
}

func testRefreshGrace(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	first := f.refresh(in.Session.ID, 0)
	f.clock.Advance(store.RefreshGrace)
	f.same("at ten seconds", f.refresh(in.Session.ID, 0), first)

	at := f.clock.Advance(instant)
	_, _, err := f.store.Refresh(t.Context(), presented(in.Session.ID, 0))
	f.refused(err, store.ErrRefreshReused)
	f.dead(in.Session.ID)
	f.liveSessions(0)
	f.same("audit", f.newestEvent(), acted(store.ActionRefreshTheft, in.User.ID, at, store.Optional(in.Session.ID)))
	for _, generation := range []uint32{0, 1} {
		_, _, err := f.store.Refresh(t.Context(), presented(in.Session.ID, generation))
		f.refused(err, store.ErrSessionEnded)
	}
}

func testRefreshRepeatLife(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	f.clock.Advance(life - instant)
	exchanged := f.refresh(in.Session.ID, 0)
	f.clock.Advance(5 * time.Second)
	f.same("expiry told to a repeat", f.refresh(in.Session.ID, 0).ExpiresAt, exchanged.ExpiresAt)
}

func testRefreshChain(t *testing.T, h Harness) {
	f := open(t, h)
	id := f.enter("alice").Session.ID
	var given []store.RefreshToken
	for generation := range uint32(4) {
		given = append(given, f.refresh(id, generation).Refresh)
		f.clock.Advance(2 * time.Second)
	}
	for generation, token := range given {
		session, _, err := f.store.Refresh(t.Context(), other(id, uint32(generation)))
		f.need(err)
		f.same("the successor", session.Refresh, token)
	}
	f.clock.Advance(2*time.Second + instant) // the first was exchanged 10 seconds ago
	f.same("the second", f.refresh(id, 1).Refresh, given[1])
	_, _, err := f.store.Refresh(t.Context(), presented(id, 0))
	f.refused(err, store.ErrRefreshReused)
	f.dead(id)
}

// Who exchanges more within the grace than can be repeated is refused, so that
// a flood of exchanges makes nothing forgotten that would show a theft.
func testRefreshFlood(t *testing.T, h Harness) {
	f := open(t, h)
	id := f.enter("alice").Session.ID
	for generation := range uint32(8) {
		f.refresh(id, generation)
	}
	_, _, err := f.store.Refresh(t.Context(), presented(id, 8))
	f.refused(err, store.ErrSessionEnded)
	f.same("the first, repeated", f.refresh(id, 0).Refresh.Generation, uint32(1))
	f.clock.Advance(store.RefreshGrace + instant)
	f.refresh(id, 8)
	_, _, err = f.store.Refresh(t.Context(), presented(id, 0))
	f.refused(err, store.ErrRefreshReused)
	f.dead(id)
}

func testRefreshOlder(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.enter("alice"), f.enter("alice")
	f.refresh(alice.Session.ID, 0)
	f.clock.Advance(store.RefreshGrace + instant)
	f.refresh(alice.Session.ID, 1)
	_, _, err := f.store.Refresh(t.Context(), presented(alice.Session.ID, 0))
	f.refused(err, store.ErrRefreshReused)
	f.dead(alice.Session.ID)
	f.alive(bob.Session.ID)
}

func testRefreshFuture(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	for _, generation := range []uint32{1, 2, 1 << 31, 1<<32 - 1} {
		_, _, err := f.store.Refresh(t.Context(), presented(in.Session.ID, generation))
		f.refused(err, store.ErrSessionEnded)
	}
	f.same("the session", f.session(in.Session.ID), in.Session)
	f.same("events", len(f.events()), 1)
	f.refresh(in.Session.ID, 0)
}

func testRefreshWrongHash(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	forged := presented(in.Session.ID, 0)
	forged.Hash[31] ^= 1
	_, _, err := f.store.Refresh(t.Context(), forged)
	f.refused(err, store.ErrSessionEnded)
	f.same("the session", f.session(in.Session.ID), in.Session)
	f.same("events", len(f.events()), 1)
	f.refresh(in.Session.ID, 0)
}

func testRefreshExtends(t *testing.T, h Harness) {
	f := open(t, h)
	id := f.enter("alice").Session.ID
	for generation := range uint32(3) {
		at := f.clock.Advance(life - instant)
		f.same("expiry", f.refresh(id, generation).ExpiresAt, at.Add(life))
	}
	f.clock.Advance(life - instant)
	f.alive(id)
	f.clock.Advance(instant)
	f.dead(id)
}

func testRefreshEnded(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.enter("alice")
	f.need(f.store.EndSession(t.Context(), in.User.ID, in.Session.ID, actor))
	_, _, err := f.store.Refresh(t.Context(), presented(in.Session.ID, 0))
	f.refused(err, store.ErrSessionEnded)
}
