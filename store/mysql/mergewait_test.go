package mysql

import (
	"errors"
	"testing"
	"time"

	"menshen/store"
)

// TestEndSessionsAfterAMerge ends the sessions of a user whom a merge makes another
// meanwhile.
func TestEndSessionsAfterAMerge(t *testing.T) {
	f := newShared(t)
	merging, ending := f.instance(), f.instance()
	mustLogin(t, merging, coming(otherApp, "alice there", "union-alice"))
	f.clock.Advance(time.Hour)
	alice := mustLogin(t, merging, coming(app, "alice", ""))
	f.need(f.duringLogin(merging, coming(app, "alice", "union-alice"), func() error {
		return errorOf(ending.EndSessions(t.Context(), alice.User.ID, store.Actor{}))
	}))
	_, _, err := ending.Authenticate(t.Context(), alice.Session.ID)
	f.refused(err, store.ErrSessionEnded)
}

// TestChangeAfterASecondMerge changes a user by an id that vanished in one merge, while
// the survivor vanishes in another.
func TestChangeAfterASecondMerge(t *testing.T) {
	for name, change := range map[string]func(s *Store, id string) error{
		"block": func(s *Store, id string) error { return errorOf(s.Block(t.Context(), id, "spam", store.Actor{})) },
		"role": func(s *Store, id string) error {
			return errorOf(s.SetRole(t.Context(), id, store.RoleAdmin, store.Actor{}))
		},
		"delete": func(s *Store, id string) error { return errorOf(s.DeleteUser(t.Context(), id, store.Actor{})) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newShared(t)
			merging, changing := f.instance(), f.instance()
			oldest := mustLogin(t, merging, coming("wx0000000000000003", "alice", "union-oldest")).User.ID
			f.clock.Advance(time.Hour)
			mustLogin(t, merging, coming(otherApp, "alice", "union-alice"))
			f.clock.Advance(time.Hour)
			former := mustLogin(t, merging, coming(app, "alice", "")).User.ID
			mustLogin(t, merging, coming(app, "alice", "union-alice"))
			f.need(f.duringLogin(merging, coming(otherApp, "alice", "union-oldest"), func() error {
				return change(changing, former)
			}))
			user, err := changing.User(t.Context(), oldest)
			if !errors.Is(err, store.ErrNotFound) && !user.Blocked() && user.Role != store.RoleAdmin {
				t.Errorf("nothing has changed: %v", err)
			}
		})
	}
}
