package storetest

import (
	"fmt"
	"testing"
	"time"

	"menshen/store"
)

var auditLaws = []law{
	{"audit events come newest first", testAuditOrder},
	{"what happens is audited", testAuditActions},
	{"events of one instant and of a clock set back keep their order", testAuditClock},
	{"an audit event is found by its id", testAuditEvent},
	{"pages and counts of audit events agree with a plain list", testAuditPages},
	{"a sweep removes audit events after their life", testAuditSweep},
}

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

	newest, err := f.store.AuditEvents(t.Context(), store.AuditQuery{Limit: 2})
	f.need(err)
	if e := newest.Events; len(e) != 2 || e[0].At != want[0].At || e[1].At != want[1].At || e[0].ID == e[1].ID {
		t.Errorf("the two newest: %+v", e)
	}
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
			f.refused(errorOf(f.store.BindPhone(t.Context(), bob.User.ID, mobile, actor)), store.ErrPhoneTaken)
			return nil
		}},
		{store.ActionUnbindPhone, func() error { f.unbind(alice.User.ID); return nil }},
		{store.ActionRefreshTheft, func() error {
			f.refused(errorOf2(f.store.Refresh(t.Context(), presented(stolen, 0))), store.ErrRefreshReused)
			return nil
		}},
		{store.ActionLogout, func() error { return f.store.EndSession(t.Context(), bob.User.ID, bob.Session.ID, actor) }},
		{store.ActionLogout, func() error { return errorOf(f.store.EndSessions(t.Context(), alice.User.ID, actor)) }},
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

func testAuditClock(t *testing.T, h Harness) {
	f := open(t, h)
	var want []store.Optional
	latest := begin
	for i := range 12 {
		if i%4 == 3 {
			f.clock.Advance(-time.Hour)
		}
		id := f.enter(fmt.Sprint("person ", i)).User.ID
		want = append([]store.Optional{store.Optional(id)}, want...)
	}
	var got []store.Optional
	for _, event := range f.events() {
		got = append(got, event.UserID)
		f.same("the time, which never runs backwards", event.At, latest)
	}
	f.same("the users, newest first", got, want)
}

func testAuditEvent(t *testing.T, h Harness) {
	f := open(t, h)
	f.enter("alice")
	f.enter("bob")
	for _, want := range f.auditPage(store.AuditQuery{Limit: 10}).Events {
		got, err := f.store.AuditEvent(t.Context(), want.ID)
		f.need(err)
		f.same("the event", got, want)
	}
	for _, id := range []string{"", "nothing", store.NewID(store.EventPrefix, begin), store.NewID(store.UserPrefix, begin)} {
		_, err := f.store.AuditEvent(t.Context(), id)
		f.refused(err, store.ErrNotFound)
	}
}

func (f *fixture) auditPage(q store.AuditQuery) store.AuditPage {
	f.Helper()
	page, err := f.store.AuditEvents(f.Context(), q)
	f.need(err)
	return page
}

func testAuditSweep(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice").User.ID
	f.need(f.refuse("alice", f.key("refused")))
	f.clock.Advance(instant)
	bob := f.enter("bob").User.ID
	all := f.auditPage(store.AuditQuery{Limit: 10}).Events
	kept := func(filter store.AuditFilter, want ...store.AuditEvent) {
		t.Helper()
		f.same("the events kept", f.auditPage(store.AuditQuery{Filter: filter, Limit: 10}).Events, want)
		n, exact, err := f.store.CountAuditEvents(t.Context(), filter)
		f.need(err)
		f.same("counted", n, len(want))
		f.same("exact", exact, true)
	}

	f.clock.Advance(auditRetention - instant)
	f.sweep(100, 2) // the sessions alone
	kept(store.AuditFilter{}, all...)
	f.clock.Advance(instant)
	f.sweep(1, 1)
	kept(store.AuditFilter{}, all[:2]...)
	f.sweep(100, 1)
	f.sweep(100, 0)
	kept(store.AuditFilter{}, all[0])
	kept(store.AuditFilter{UserID: alice})
	kept(store.AuditFilter{Action: store.ActionLoginRefused})
	kept(store.AuditFilter{UserID: bob}, all[0])
	_, err := f.store.AuditEvent(t.Context(), all[2].ID)
	f.refused(err, store.ErrNotFound)
	f.same("behind an event that is gone", f.auditPage(store.AuditQuery{After: all[1].ID, Limit: 10}), store.AuditPage{HasPrevious: true})
}
