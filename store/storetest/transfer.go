package storetest

import (
	"bytes"
	"testing"

	"menshen/store"
)

var transferLaws = []law{
	{"a snapshot is of one instant", testSnapshotInstant},
	{"records come each once, in the order of their keys", testRecordsOrder},
	{"what is received is there as if it had happened", testReceived},
	{"a batch is received once", testReceivedOnce},
	{"only an empty store becomes a copy", testOnlyEmptyBecomesCopy},
}

// transferable is the store under test as one that can be copied.
func (f *fixture) transferable() store.Transferable {
	f.Helper()
	s, ok := f.store.(store.Transferable)
	if !ok {
		f.Fatalf("a %T cannot be copied", f.store)
	}
	return s
}

// snapshot runs fn with the records of the store.
func (f *fixture) snapshot(fn func(store.Snapshot)) {
	f.Helper()
	f.need(f.transferable().Snapshot(f.Context(), func(s store.Snapshot) error { fn(s); return nil }))
}

func testSnapshotInstant(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.enter("alice").User
	f.snapshot(func(s store.Snapshot) {
		_, err := s.Records(t.Context(), store.PartSecrets, nil, 1) // from here on, at the latest
		f.need(err)
		f.enter("bob")
		users, err := s.Records(t.Context(), store.PartUsers, nil, 10)
		f.need(err)
		f.same("users", len(users.Users), 1)
		f.same("alice", users.Users[0].User, alice)
		sessions, err := s.Records(t.Context(), store.PartSessions, nil, 10)
		f.need(err)
		f.same("sessions", len(sessions.Sessions), 1)
	})
}

func testRecordsOrder(t *testing.T, h Harness) {
	f := open(t, h)
	f.need(Populate(t.Context(), f.transferable(), 250))
	f.snapshot(func(s store.Snapshot) {
		for part, want := range map[store.Part]int{
			store.PartSecrets: 4, store.PartUsers: 250, store.PartSessions: 250, store.PartScanLogins: 6,
			store.PartAuditEvents: 500, store.PartMessages: 3, store.PartActivity: 4,
		} {
			f.same(string(part), f.countInOrder(s, part), want)
		}
	})
}

// countInOrder reads a part in small batches, each behind the last key.
func (f *fixture) countInOrder(s store.Snapshot, part store.Part) (n int) {
	f.Helper()
	var last []byte
	for {
		batch, err := s.Records(f.Context(), part, last, 3)
		f.need(err)
		if batch.Len() == 0 {
			return n
		}
		if bytes.Compare(batch.Last, last) <= 0 {
			f.Fatalf("%s: the key %x comes behind %x", part, batch.Last, last)
		}
		n += batch.Len()
		last = batch.Last
	}
}

func testReceived(t *testing.T, h Harness) {
	f := open(t, h)
	f.need(Populate(t.Context(), f.transferable(), 101))
	p := inhabitant(100) // who is one in everything but 1000 and 7
	want := p.user()
	f.same("the user", f.user(want.ID), want.User)
	f.same("the user by a former id", f.user(want.FormerIDs[0]), want.User)
	byPhone, err := f.store.UserByPhone(t.Context(), *want.Phone)
	f.need(err)
	f.same("the user by phone", byPhone, want.User)
	byUnionID, err := f.store.UserByUnionID(t.Context(), want.EarlierUnionIDs[1])
	f.need(err)
	f.same("the user by unionid", byUnionID, want.User)
	users, _, err := f.store.CountUsers(t.Context(), store.UserFilter{Status: store.StatusBlocked})
	f.need(err)
	f.same("blocked users", users, 3)
	sessions, err := f.store.CountSessions(t.Context())
	f.need(err)
	f.same("sessions not ended", sessions, 98)
	events, _, err := f.store.CountAuditEvents(t.Context(), store.AuditFilter{UserID: want.ID})
	f.need(err)
	f.same("events about the user", events, 2)
	f.same("the secret", f.secret("secret 1"), string(inhabitant(1).secrets()[0].Value))
	rows, err := f.store.Activity(t.Context(), store.DayOf(p.arrived(), nil), store.DayOf(p.arrived(), nil), otherApp)
	f.need(err)
	f.same("the figures", rows, []store.Activity{inhabitant(0).activity()[2].Activity})
}

func testReceivedOnce(t *testing.T, h Harness) {
	f := open(t, h)
	s := f.transferable()
	begun, err := s.BeginTransfer(t.Context(), []byte("origin"))
	f.need(err)
	at := func(key string) store.Checkpoint {
		return store.Checkpoint{Origin: begun.Origin, Part: store.PartAuditEvents, After: []byte(key)}
	}
	batch := populationOf(store.PartAuditEvents, 0, 5)
	f.need(s.Receive(t.Context(), begun, at("five"), batch))
	f.need(s.Receive(t.Context(), begun, at("five"), batch))
	events, _, err := f.store.CountAuditEvents(t.Context(), store.AuditFilter{})
	f.need(err)
	f.same("events", events, 10)
	f.refused(s.Receive(t.Context(), begun, at("nine"), populationOf(store.PartAuditEvents, 5, 9)), store.ErrNotEmpty)
	again, err := s.BeginTransfer(t.Context(), begun.Origin)
	f.need(err)
	f.same("how far the copy has come", again, at("five"))
	f.need(s.EndTransfer(t.Context()))
}

func testOnlyEmptyBecomesCopy(t *testing.T, h Harness) {
	f := open(t, h)
	s := f.transferable()
	f.need(errorOf(s.BeginTransfer(t.Context(), []byte("origin"))))
	f.refused(errorOf(s.BeginTransfer(t.Context(), []byte("another"))), store.ErrNotEmpty)
	f.need(s.EndTransfer(t.Context()))
	f.need(errorOf(s.BeginTransfer(t.Context(), []byte("another"))))
	f.need(s.EndTransfer(t.Context()))
	f.putSecret("token", "of a server that was started")
	f.refused(errorOf(s.BeginTransfer(t.Context(), []byte("origin"))), store.ErrNotEmpty)
}
