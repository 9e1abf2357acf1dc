package mysql

import (
	"context"
	"testing"
	"time"

	"menshen/store"
)

// TestSweepOnTwoInstances removes more than one batch on both at once: what either
// removes is counted once.
func TestSweepOnTwoInstances(t *testing.T) {
	const kept = 3*sweepBatch + 1
	f := newShared(t)
	all := []*Store{f.instance(), f.instance()}
	session := f.enter(all[0], "alice").Session
	f.need(all[0].change(t.Context(), "fill", func(_ context.Context, tx *tx) error {
		for range kept - 1 {
			session.ID = store.NewID(store.SessionPrefix, begin)
			tx.insertSession(session)
			tx.audit(store.ActionLogin, session.UserID, store.Actor{}, "")
		}
		return nil
	}))
	f.clock.Advance(200 * 24 * time.Hour)
	f.together(4, func(i int) error { return errorOf(all[i%2].Sweep(t.Context(), 2*kept)) })
	sessions, err := all[1].CountSessions(t.Context())
	f.need(err)
	events, _, err := all[1].CountAuditEvents(t.Context(), store.AuditFilter{})
	f.need(err)
	if left := f.count("SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM audit)"); left+sessions+events != 0 {
		t.Errorf("%d rows are left, and %d sessions and %d events are counted", left, sessions, events)
	}
}

// TestSweepPassesOverDamage has one identity whose session_keys do not open before
// another whose do.
func TestSweepPassesOverDamage(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	for _, openID := range []string{"alice", "bob"} {
		f.enter(s, openID)
		f.clock.Advance(time.Minute)
		in := coming(app, openID, "")
		in.SessionKey = store.SessionKey{Text: "another key", GivenAt: f.clock.Now()}
		f.need(errorOf(s.Login(t.Context(), in)))
	}
	f.exec("UPDATE identities SET session_keys = 'damaged' WHERE open_id = 'alice'")
	f.clock.Advance(store.SessionKeyMemory + time.Millisecond)
	for _, want := range []int{1, 0} {
		removed, err := s.Sweep(t.Context(), 1)
		f.refused(err, store.ErrDamaged)
		if removed != want {
			t.Errorf("swept %d, want %d", removed, want)
		}
	}
	if n := f.count("SELECT COUNT(*) FROM identities WHERE keys_end IS NULL AND open_id = 'bob'"); n != 1 {
		t.Error("bob's earlier session_key is still there")
	}
}

func TestSweepForgetsAnnouncements(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	f.announce(s, announcement(1), announcement(2))
	f.exec("UPDATE announcements SET at = at - ? WHERE message = 'usr_001'", announcementMemory.Milliseconds())
	f.need(errorOf(s.Sweep(t.Context(), 10)))
	if n := f.count("SELECT COUNT(*) FROM announcements"); n != 1 {
		t.Errorf("%d announcements are kept, want the younger one", n)
	}
}
