package store

import (
	"context"
	"time"
)

// Shared is a store that several processes use at once, each with an instance of
// its own.
type Shared interface {
	Store

	// Now is the clock that all instances share, to the millisecond.
	Now() time.Time

	// Announce tells the other instances. An announcement is a hint, as package
	// events carries them: it is kept for a minute, and one may be lost.
	Announce(ctx context.Context, all []Announcement) error

	// Announcements returns what other instances have announced since this one asked
	// before, each once; the first time nothing. It is for one caller at a time.
	Announcements(ctx context.Context) ([]Announcement, error)
}

// Announcement says that something happened: a topic, and an id that belongs to it.
type Announcement struct{ Topic, Message string }
