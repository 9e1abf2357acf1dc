package mysql

import (
	"context"
	"crypto/rand"
	"database/sql"
	"slices"
	"strings"
	"time"

	"menshen/store"
)

const (
	// announcementWindow is how far back Announcements looks: an announcement can be
	// seen when its transaction has ended, and its time was taken when that began.
	announcementWindow = commitTimeout

	// announcementMemory is how long an announcement is kept.
	announcementMemory = time.Minute

	// maxAnnouncements is how many of the newest in the window are handed over. To
	// more than that nobody could listen.
	maxAnnouncements = 10_000
)

// Announce tells the other instances. A second COMMIT, after one without an answer,
// finds the ids there.
func (s *Store) Announce(ctx context.Context, all []store.Announcement) error {
	if len(all) == 0 {
		return nil
	}
	var args []any
	for _, a := range all {
		var id store.RawID
		rand.Read(id[:])
		args = append(args, id[:], s.instance[:], []byte(a.Topic), []byte(a.Message))
	}
	row := "(?, " + serverNow + ", ?, ?, ?)"
	insert := "INSERT INTO announcements (id, at, origin, topic, message) VALUES " + row + strings.Repeat(", "+row, len(all)-1) +
		" ON DUPLICATE KEY UPDATE at = at"
	return s.change(ctx, "announce", func(_ context.Context, t *tx) error {
		t.write(insert, args...)
		return nil
	})
}

// announced is an announcement as it was read.
type announced struct {
	id store.RawID
	store.Announcement
}

// Announcements returns what other instances have announced since the last call.
func (s *Store) Announcements(ctx context.Context) (fresh []store.Announcement, err error) {
	var all []announced
	err = s.view(ctx, "announcements", func(ctx context.Context, t *tx) (err error) {
		all, err = t.announcements(ctx, s.instance)
		return err
	})
	if err != nil {
		return nil, err
	}
	known := s.seen
	s.seen = make(map[store.RawID]bool, len(all))
	for _, a := range all {
		s.seen[a.id] = true
		if known != nil && !known[a.id] {
			fresh = append(fresh, a.Announcement)
		}
	}
	return fresh, nil
}

// announcements reads those of other instances in the window, oldest first.
func (t *tx) announcements(ctx context.Context, instance store.RawID) (all []announced, err error) {
	err = t.read(ctx, ask(func(rows *sql.Rows) error {
		var a announced
		err := rows.Scan(rawID{&a.id}, &a.Topic, &a.Message)
		all = append(all, a)
		return err
	}, "SELECT id, topic, message FROM announcements WHERE at > "+serverNow+" - ? AND origin <> ? ORDER BY at DESC, id DESC LIMIT ?",
		announcementWindow.Milliseconds(), instance[:], maxAnnouncements))
	slices.Reverse(all)
	return all, err
}
