package bolt

import (
	"context"
	"errors"
	"time"

	"menshen/store"
)

// Block refuses the user's logins and ends their sessions.
func (s *Store) Block(ctx context.Context, userID, reason string, by store.Actor) (store.User, error) {
	return s.changeUser(ctx, "block", userID, func(t *tx, user *store.User) error {
		if !user.Blocked() {
			user.BlockedAt = t.now
		}
		user.BlockedReason = store.Optional(reason)
		return errors.Join(
			t.blockSessions(rawUser(user.ID)),
			t.audit(store.ActionBlock, user.ID, by, user.BlockedReason),
		)
	})
}

// Unblock lets a blocked user log in again.
func (s *Store) Unblock(ctx context.Context, userID string, by store.Actor) (store.User, error) {
	return s.changeUser(ctx, "unblock", userID, func(t *tx, user *store.User) error {
		if !user.Blocked() {
			return nil
		}
		user.BlockedAt, user.BlockedReason = time.Time{}, ""
		return t.audit(store.ActionUnblock, user.ID, by, "")
	})
}

// SetRole gives the user a role.
func (s *Store) SetRole(ctx context.Context, userID string, role store.Role, by store.Actor) (store.User, error) {
	return s.changeUser(ctx, "set_role", userID, func(t *tx, user *store.User) error {
		if user.Role == role {
			return nil
		}
		user.Role = role
		return t.audit(store.ActionSetRole, user.ID, by, store.Optional(role))
	})
}
