package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

var sharedLaws = []law{
	{"a shared store keeps the clock and does not hear itself", testShared},
}

func testShared(t *testing.T, h Harness) {
	f := open(t, h)
	shared, ok := f.store.(store.Shared)
	if !ok {
		t.Skip("one process has the store to itself")
	}
	now := f.clock.Advance(time.Hour)
	f.same("the clock", shared.Now(), now)
	for range 2 {
		f.need(shared.Announce(t.Context(), []store.Announcement{{Topic: "logins", Message: "usr_alice"}}))
		heard, err := shared.Announcements(t.Context())
		f.need(err)
		f.same("heard", heard, []store.Announcement(nil))
	}
	f.need(shared.Announce(t.Context(), nil))
	f.need(shared.Close())
	_, err := shared.Announcements(t.Context())
	f.refused(err, store.ErrUnavailable)
	f.refused(shared.Announce(t.Context(), []store.Announcement{{}}), store.ErrUnavailable)
}
