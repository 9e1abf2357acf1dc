package mysql

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
)

// TestEventsFollowWhatTheyWaitedFor has a merge wait for somebody while a role is given
// to the survivor: the merge comes later, whenever it began.
func TestEventsFollowWhatTheyWaitedFor(t *testing.T) {
	f := newShared(t)
	merging, other := f.instance(), f.instance()
	survivor := mustLogin(t, merging, coming(otherApp, "alice there", "union-alice")).User.ID
	f.clock.Advance(time.Hour)
	vanished := mustLogin(t, merging, coming(app, "alice", "")).User.ID
	locking, err := f.BeginTx(t.Context(), nil)
	f.need(err)
	defer locking.Rollback()
	_, err = locking.Exec("SELECT 1 FROM users WHERE id = ? FOR UPDATE", rawUser(vanished))
	f.need(err)
	merged := f.begin(func() error { return errorOf(merging.Login(t.Context(), coming(app, "alice", "union-alice"))) })
	f.clock.Advance(time.Second)
	f.need(errorOf(other.SetRole(t.Context(), survivor, store.RoleAdmin, store.Actor{})))
	f.need(locking.Rollback())
	f.need(<-merged)
	page, err := other.AuditEvents(t.Context(), store.AuditQuery{Limit: 3})
	f.need(err)
	var actions []string
	for _, event := range page.Events {
		actions = append(actions, event.Action)
	}
	if diff := cmp.Diff([]string{store.ActionLogin, store.ActionMerge, store.ActionSetRole}, actions); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
}
