package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

var sessionKeyLaws = []law{
	{"session_keys come newest first", testSessionKeysOrder},
	{"answers that come out of order are put in order", testSessionKeysLate},
	{"the newest session_key, given again, keeps its time, an earlier one becomes the newest", testSessionKeysAgain},
	{"at most two earlier session_keys are kept", testSessionKeysCount},
	{"an earlier session_key is kept for 72 hours after it was replaced", testSessionKeysAge},
	{"each identity has its own session_keys", testSessionKeysApart},
	{"a login that fails keeps its session_key", testRefuseLogin},
	{"a login of an unknown identity that fails makes nothing", testRefuseLoginUnknown},
}

const memory = 72 * time.Hour // how long an earlier session_key is kept

// keep gives alice, who has logged in, a session_key.
func (f *fixture) keep(key store.SessionKey) {
	f.Helper()
	f.need(f.refuse("alice", key))
}

// entered opens a store in which alice has logged in with the session_key "first".
func entered(t *testing.T, h Harness) *fixture {
	f := open(t, h)
	in := f.coming("alice")
	in.SessionKey = f.key("first")
	f.login(in)
	return f
}

func testSessionKeysOrder(t *testing.T, h Harness) {
	f := entered(t, h)
	f.clock.Advance(time.Second)
	in := f.coming("alice")
	in.SessionKey = f.key("second")
	f.login(in)
	f.clock.Advance(time.Second)
	f.keep(f.key("third"))
	keys, err := f.store.SessionKeys(t.Context(), app, "alice")
	f.need(err)
	var given []time.Time
	for _, k := range keys {
		given = append(given, k.GivenAt)
	}
	f.same("session_keys", f.keyTexts("alice"), []string{"third", "second", "first"})
	f.same("given at", given, []time.Time{begin.Add(2 * time.Second), begin.Add(time.Second), begin})
}

func testSessionKeysLate(t *testing.T, h Harness) {
	f := entered(t, h)
	f.clock.Advance(time.Second)
	late := f.key("late")
	f.clock.Advance(time.Second)
	f.keep(f.key("newest"))
	f.clock.Advance(time.Second)
	in := f.coming("alice")
	in.SessionKey = late
	f.login(in)
	f.same("session_keys", f.keyTexts("alice"), []string{"newest", "late", "first"})

	f.keep(store.SessionKey{Text: "oldest", GivenAt: begin.Add(-time.Second)})
	f.same("with one too many", f.keyTexts("alice"), []string{"newest", "late", "first"})
}

func testSessionKeysAgain(t *testing.T, h Harness) {
	f := entered(t, h)
	f.clock.Advance(time.Hour)
	f.keep(f.key("first"))
	f.same("session_keys", f.keyTexts("alice"), []string{"first"})
	f.keep(f.key("second"))
	f.clock.Advance(time.Hour)
	f.keep(f.key("second"))
	f.same("session_keys", f.keyTexts("alice"), []string{"second", "first"})
	f.clock.Advance(memory - time.Hour)
	f.same("72 hours after the second was first given", f.keyTexts("alice"), []string{"second", "first"})
	f.clock.Advance(instant)
	f.same("just after", f.keyTexts("alice"), []string{"second"})
	f.keep(f.key("third"))
	f.clock.Advance(time.Hour)
	f.keep(f.key("second"))
	f.same("an earlier one again", f.keyTexts("alice"), []string{"second", "third"})
}

func testSessionKeysCount(t *testing.T, h Harness) {
	f := entered(t, h)
	for _, text := range []string{"second", "third", "fourth", "fifth"} {
		f.clock.Advance(time.Minute)
		f.keep(f.key(text))
	}
	f.same("session_keys", f.keyTexts("alice"), []string{"fifth", "fourth", "third"})
}

func testSessionKeysAge(t *testing.T, h Harness) {
	f := entered(t, h)
	f.clock.Advance(10 * memory)
	f.same("the newest, however old", f.keyTexts("alice"), []string{"first"})
	f.keep(f.key("second"))
	f.clock.Advance(time.Hour)
	f.keep(f.key("third"))

	f.clock.Advance(memory - time.Hour)
	f.same("72 hours after the first was replaced", f.keyTexts("alice"), []string{"third", "second", "first"})
	f.clock.Advance(instant)
	f.same("just after", f.keyTexts("alice"), []string{"third", "second"})
	f.clock.Advance(time.Hour - instant)
	f.same("72 hours after the second was replaced", f.keyTexts("alice"), []string{"third", "second"})
	f.clock.Advance(instant)
	f.same("just after", f.keyTexts("alice"), []string{"third"})
}

func testSessionKeysApart(t *testing.T, h Harness) {
	f := entered(t, h)
	bob := f.coming("bob")
	bob.SessionKey = f.key("bob's")
	f.login(bob)
	f.same("alice's", f.keyTexts("alice"), []string{"first"})
	f.same("bob's", f.keyTexts("bob"), []string{"bob's"})
	_, err := f.store.SessionKeys(t.Context(), otherApp, "alice")
	f.refused(err, store.ErrNotFound)
}

func testRefuseLogin(t *testing.T, h Harness) {
	f := entered(t, h)
	before := f.sessionIDs(string(f.newestEvent().UserID))
	f.clock.Advance(time.Second)
	f.keep(f.key("second"))
	f.same("session_keys", f.keyTexts("alice"), []string{"second", "first"})
	f.same("sessions", f.sessionIDs(string(f.newestEvent().UserID)), before)
	f.liveSessions(1)
}

func testRefuseLoginUnknown(t *testing.T, h Harness) {
	f := open(t, h)
	f.refused(f.refuse("alice", f.key("first")), store.ErrNotFound)
	_, err := f.store.SessionKeys(t.Context(), app, "alice")
	f.refused(err, store.ErrNotFound)
	f.same("audit events", len(f.events()), 0)

	in := f.coming("alice")
	f.same("a new user", f.login(in).IsNewUser, true)
	f.same("session_keys", f.keyTexts("alice"), []string{in.SessionKey.Text})
}
