package mysql

import (
	"context"
	"database/sql"
	"time"

	"menshen/store"
)

// Block refuses the user's logins and ends their sessions.
func (s *Store) Block(ctx context.Context, userID, reason string, by store.Actor) (store.User, error) {
	return s.changeUser(ctx, "block", userID, func(ctx context.Context, t *tx, user *store.User) error {
		if !user.Blocked() {
			user.BlockedAt = t.now
		}
		user.BlockedReason = store.Optional(reason)
		t.audit(store.ActionBlock, user.ID, by, user.BlockedReason)
		return t.blockSessions(ctx, user.ID)
	})
}

// blockSessions ends the sessions of a user who is locked: no login adds one
// meanwhile. Their rows stay until they expire, so that the bearer learns of the
// block.
func (t *tx) blockSessions(ctx context.Context, userID string) error {
	return t.read(ctx, ask(func(rows *sql.Rows) error {
		var id store.RawID
		if err := rows.Scan(rawID{&id}); err != nil {
			return err
		}
		t.write("UPDATE sessions SET blocked = 1 WHERE id = ?", id[:])
		t.count(countSessions, -1)
		return nil
	}, "SELECT id FROM sessions WHERE user_id = ? AND blocked = 0"+t.forUpdate(), rawUser(userID)))
}

// Unblock lets a blocked user log in again.
func (s *Store) Unblock(ctx context.Context, userID string, by store.Actor) (store.User, error) {
	return s.changeUser(ctx, "unblock", userID, func(_ context.Context, t *tx, user *store.User) error {
		if user.Blocked() {
			user.BlockedAt, user.BlockedReason = time.Time{}, ""
			t.audit(store.ActionUnblock, user.ID, by, "")
		}
		return nil
	})
}

// SetRole gives the user a role.
func (s *Store) SetRole(ctx context.Context, userID string, role store.Role, by store.Actor) (store.User, error) {
	return s.changeUser(ctx, "set_role", userID, func(_ context.Context, t *tx, user *store.User) error {
		if user.Role != role {
			user.Role = role
			t.audit(store.ActionSetRole, user.ID, by, store.Optional(role))
		}
		return nil
	})
}
