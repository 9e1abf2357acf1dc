package mysql

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"menshen/store"
)

// hears checks what an instance is told, in any order.
func (f *shared) hears(s *Store, want ...store.Announcement) {
	f.Helper()
	got, err := s.Announcements(f.Context())
	f.need(err)
	inOrder := cmpopts.SortSlices(func(a, b store.Announcement) bool { return a.Message < b.Message })
	if diff := cmp.Diff(want, got, inOrder, cmpopts.EquateEmpty()); diff != "" {
		f.Errorf("heard (-want +got):\n%s", diff)
	}
}

func announcement(i int) store.Announcement {
	return store.Announcement{Topic: "logins", Message: fmt.Sprintf("usr_%03d", i)}
}

func (f *shared) announce(s *Store, all ...store.Announcement) {
	f.Helper()
	f.need(s.Announce(f.Context(), all))
}

func TestAnnouncements(t *testing.T) {
	f := newShared(t)
	a, b := f.instance(), f.instance()
	f.announce(a, announcement(1))
	f.hears(b) // what was there before it listened
	f.announce(a, announcement(2), announcement(3))
	f.announce(b, announcement(4))
	f.hears(b, announcement(2), announcement(3))
	f.hears(b)
	f.announce(a, announcement(2))
	f.hears(b, announcement(2)) // the same again, and news
	f.hears(f.instance())
}

// TestAnnouncementThatIsSeenLate is one whose transaction ends behind a look that
// found younger ones.
func TestAnnouncementThatIsSeenLate(t *testing.T) {
	f := newShared(t)
	a, b := f.instance(), f.instance()
	f.hears(b)
	late, err := f.BeginTx(t.Context(), nil)
	f.need(err)
	defer late.Rollback()
	id := make([]byte, 16)
	rand.Read(id)
	_, err = late.Exec("INSERT INTO announcements (id, at, origin, topic, message) VALUES (?, "+serverNow+", ?, 'logins', 'usr_001')", id, id)
	f.need(err)
	f.announce(a, announcement(2))
	f.hears(b, announcement(2))
	f.need(late.Commit())
	f.hears(b, announcement(1))
	f.hears(b)
}

func TestAnnouncementsKeepTheirPlaceAfterAFailure(t *testing.T) {
	f := newShared(t)
	a, b := f.instance(), f.instance()
	f.hears(b)
	f.announce(a, announcement(1))
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := b.Announcements(ended)
	f.refused(err, context.Canceled)
	f.hears(b, announcement(1))
}
