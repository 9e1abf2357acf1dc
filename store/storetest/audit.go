package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

func testAuditOrder(t *testing.T, h Harness) {
	f := open(t, h)
	var want []store.AuditEvent
	for _, openID := range []string{"alice", "bob", "carol"} {
		at := f.clock.Advance(instant)
		id := f.enter(openID).User.ID
		event := store.AuditEvent{At: at, Action: store.ActionLogin, Actor: id, UserID: store.Optional(id), IPAddress: "192.0.2.1", Detail: app}
		want = append([]store.AuditEvent{event}, want...)
	}
	f.same("events", f.events(), want)

	newest, err := f.store.AuditEvents(t.Context(), 2)
	f.need(err)
	if len(newest) != 2 || newest[0].At != want[0].At || newest[1].At != want[1].At || newest[0].ID == newest[1].ID {
		t.Errorf("the two newest: %+v", newest)
	}
	none, err := f.store.AuditEvents(t.Context(), 0)
	f.need(err)
	f.same("none asked for", len(none), 0)
}

func testAuditActions(t *testing.T, h Harness) {
	f := open(t, h)
	alice, bob := f.enter("alice"), f.enter("bob")
	stolen := f.enter("alice").Session.ID
	f.refresh(stolen, 0)
	steps := []struct {
		action string
		do     func() error
	}{
		{store.ActionLogin, func() error { f.enter("alice"); return nil }},
		{store.ActionBindPhone, func() error { f.bind(alice.User.ID, mobile); return nil }},
		{store.ActionPhoneConflict, func() error {
			_, err := f.store.BindPhone(t.Context(), bob.User.ID, mobile, actor)
			f.refused(err, store.ErrPhoneTaken)
			return nil
		}},
		{store.ActionUnbindPhone, func() error { _, err := f.store.UnbindPhone(t.Context(), alice.User.ID, actor); return err }},
		{store.ActionRefreshTheft, func() error {
			_, _, err := f.store.Refresh(t.Context(), presented(stolen, 0))
			f.refused(err, store.ErrRefreshReused)
			return nil
		}},
		{store.ActionLogout, func() error { return f.store.EndSession(t.Context(), bob.User.ID, bob.Session.ID, actor) }},
		{store.ActionLogout, func() error { _, err := f.store.EndSessions(t.Context(), alice.User.ID, actor); return err }},
	}
	for _, step := range steps {
		before := len(f.events())
		at := f.clock.Advance(time.Minute)
		f.need(step.do())
		event := f.newestEvent()
		if len(f.events()) != before+1 || event.Action != step.action || event.At != at {
			t.Errorf("after %s: %d new events, the newest %+v", step.action, len(f.events())-before, event)
		}
	}
}
