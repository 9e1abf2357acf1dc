package mysql

import (
	"bytes"
	"context"
	"database/sql"
	"testing"

	"menshen/store"
)

const addressOfAlice = "203.0.113.77"

// leaveTraces has alice do what leaves something of her, and returns it.
func (f *shared) leaveTraces(s *Store) (alice store.User, traces []string) {
	f.Helper()
	come := func(appID, openID string, unionID store.Optional) store.User {
		in := coming(appID, openID, unionID)
		in.IPAddress, in.UserAgent = addressOfAlice, "a phone of alice"
		in.Profile = &store.Profile{NickName: "Alice Liddell", AvatarURL: "https://example.com/alice.png", City: "Wonderland"}
		out, err := s.Login(f.Context(), in)
		f.need(err)
		traces = append(traces, openID, string(rawSession(in.SessionID)))
		f.ticket(s, appID, in.SessionID)
		return out.User
	}
	come(otherApp, "openid-there", "unionid-0")
	come(app, "openid-here", "")
	alice = come(app, "openid-here", "unionid-0") // merges
	alice = come(app, "openid-here", "unionid-1")
	_, err := s.BindPhone(f.Context(), alice.ID, mobile, store.Actor{ID: alice.ID, IPAddress: addressOfAlice})
	f.need(err)
	alice, err = s.Block(f.Context(), alice.ID, "a reason about alice", store.Actor{ID: "operator", IPAddress: addressOfAlice})
	f.need(err)
	return alice, append(traces, "unionid-0", "unionid-1", addressOfAlice, "a phone of alice", "a browser of alice",
		"Alice Liddell", "alice liddell", "https://example.com/alice.png", "Wonderland", "a reason about alice")
}

// ticket has a session scan a ticket.
func (f *shared) ticket(s *Store, appID, sessionID string) {
	f.Helper()
	ticket, err := s.OpenScanLogin(f.Context(), store.OpenScanLogin{AppID: appID, UserAgent: "a browser of alice"})
	f.need(err)
	f.need(errorOf(s.ClaimScanLogin(f.Context(), ticket.ID, sessionID)))
}

// eachValue calls visit with every value of every table.
func (f *shared) eachValue(visit func(table string, value []byte)) {
	f.Helper()
	for _, table := range (database{DB: f.DB}).tables(f.T) {
		rows, err := f.Query("SELECT * FROM " + table)
		f.need(err)
		columns, err := rows.Columns()
		f.need(err)
		values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			f.need(rows.Scan(into...))
			for _, value := range values {
				visit(table, value)
			}
		}
		f.need(rows.Err())
	}
}

func TestDeletionLeavesNothing(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	bob := f.enter(s, "bob")
	alice, traces := f.leaveTraces(s)
	ids := [][]byte{rawUser(alice.ID), rawUser(alice.FormerIDs[0])}
	for _, trace := range traces {
		there := false
		f.eachValue(func(_ string, value []byte) { there = there || bytes.Contains(value, []byte(trace)) })
		if !there {
			t.Errorf("%q was nowhere: this test looks at the wrong bytes", trace)
		}
	}
	f.need(errorOf(s.DeleteUser(t.Context(), alice.FormerIDs[0], store.Actor{ID: alice.ID, IPAddress: addressOfAlice})))
	f.eachValue(func(table string, value []byte) {
		for _, trace := range traces {
			if bytes.Contains(value, []byte(trace)) {
				t.Errorf("%q is in %s: %q", trace, table, value)
			}
		}
		for _, id := range ids {
			if bytes.Contains(value, id) {
				t.Errorf("the id %x is in %s: %q", id, table, value)
			}
		}
	})
	if _, err := s.Session(t.Context(), bob.Session.ID); err != nil {
		t.Errorf("bob's session: %v", err)
	}
}

// TestDeletionOfALongHistory scrubs more events than one transaction does, about the
// user and by them.
func TestDeletionOfALongHistory(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	alice, bob := f.enter(s, "alice").User.ID, f.enter(s, "bob").User.ID
	f.need(s.change(t.Context(), "fill", func(_ context.Context, tx *tx) error {
		for range 2*scrubBatch + 1 {
			tx.audit(store.ActionBlock, bob, store.Actor{ID: alice, IPAddress: addressOfAlice}, "a reason")
		}
		for range scrubBatch {
			tx.audit(store.ActionLogin, alice, store.Actor{ID: alice, IPAddress: addressOfAlice}, app)
		}
		return nil
	}))
	if n := f.count("SELECT COUNT(*) FROM audit WHERE ip_address = ?", addressOfAlice); n != 3*scrubBatch+1 {
		t.Fatalf("%d events with an address", n)
	}
	f.need(errorOf(s.DeleteUser(t.Context(), alice, store.Actor{ID: "operator"})))
	if n := f.count("SELECT COUNT(*) FROM audit WHERE ip_address = ? OR detail = 'a reason'", addressOfAlice); n != 0 {
		t.Errorf("%d events tell of alice", n)
	}
	if n := f.count("SELECT COUNT(*) FROM audit"); n != 3*scrubBatch+1+3 {
		t.Errorf("%d events are left, want all, and the deletion", n)
	}
}
