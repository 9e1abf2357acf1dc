package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

var exportLaws = []law{
	{"an export holds everything but secrets", testExport},
}

func testExport(t *testing.T, h Harness) {
	f := open(t, h)
	bob := f.enter("bob").User.ID
	first := f.settle()
	f.clock.Advance(time.Minute)
	second := f.enter("alice")
	f.refresh(second.Session.ID, 0)
	_, err := f.store.Block(t.Context(), bob, "rude to alice", store.Actor{ID: first.User.ID})
	f.need(err)

	got, err := f.store.Export(t.Context(), first.User.ID)
	f.need(err)
	want := store.Export{User: f.user(first.User.ID)}
	for _, id := range f.sessionIDs(first.User.ID) {
		session := f.session(id)
		session.Refresh, session.Recent = store.RefreshToken{}, nil
		want.Sessions = append(want.Sessions, session)
	}
	for _, event := range f.auditPage(store.AuditQuery{Limit: 100}).Events {
		if event.Actor != bob {
			want.Events = append(want.Events, event)
		}
	}
	f.same("the export", got, want)
	f.same("sessions in it", len(got.Sessions), 3)
}
