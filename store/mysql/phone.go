package mysql

import (
	"context"
	"database/sql"

	"menshen/store"
)

// BindPhone gives the user a phone number.
func (s *Store) BindPhone(ctx context.Context, userID string, phone store.Phone, by store.Actor) (store.User, error) {
	user, err := update(ctx, s, "bind_phone", func(ctx context.Context, t *tx) (*store.User, error) {
		return t.bindPhone(ctx, userID, phone, by)
	})
	if err != nil {
		return store.User{}, err
	}
	if user == nil {
		return store.User{}, store.ErrPhoneTaken
	}
	return *user, nil
}

// bindPhone returns nil for a number that is taken, without an error, so that the
// audit event of it stays. Of two users who take a free number at once, the unique
// key lets one in; the other looks again.
func (t *tx) bindPhone(ctx context.Context, userID string, phone store.Phone, by store.Actor) (*store.User, error) {
	before, err := t.user(ctx, userID)
	if err != nil {
		return nil, err
	}
	taken, err := t.heldByOthers(ctx, phone, before.ID)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, t.noteConflict(ctx, before.ID, by)
	}
	if before.Phone != nil && before.Phone.Same(phone) {
		return &before, nil
	}
	after := before
	phone.BoundAt = t.now
	after.Phone = &phone
	t.audit(store.ActionBindPhone, after.ID, by, "")
	return &after, t.saveUser(&before, &after)
}

// heldByOthers reports whether another user than this one holds a number.
func (t *tx) heldByOthers(ctx context.Context, phone store.Phone, userID string) (taken bool, err error) {
	hidden, err := t.phoneLookup(&phone)
	if err != nil {
		return false, err
	}
	err = t.read(ctx, ask(func(rows *sql.Rows) error { return rows.Scan(&taken) },
		"SELECT id <> ? FROM users WHERE phone_lookup = ?", rawUser(userID), hidden))
	return taken, err
}

// noteConflict leaves the audit as it is when the newest event of the user says
// the same and is younger than store.ConflictInterval.
func (t *tx) noteConflict(ctx context.Context, userID string, by store.Actor) error {
	noted := false
	err := t.read(ctx, ask(func(rows *sql.Rows) error {
		var newest store.RawID
		var action string
		err := rows.Scan(rawID{&newest}, &action)
		noted = action == store.ActionPhoneConflict && t.now.Sub(newest.Time()) < store.ConflictInterval
		return err
	}, "SELECT id, action FROM audit WHERE user_id = ? ORDER BY id DESC LIMIT 1", []byte(userID)))
	if err == nil && !noted {
		t.audit(store.ActionPhoneConflict, userID, by, "")
	}
	return err
}

// UnbindPhone takes the user's phone number away.
func (s *Store) UnbindPhone(ctx context.Context, userID string, by store.Actor) (store.User, error) {
	return s.changeUser(ctx, "unbind_phone", userID, func(_ context.Context, t *tx, user *store.User) error {
		if user.Phone != nil {
			user.Phone = nil
			t.audit(store.ActionUnbindPhone, user.ID, by, "")
		}
		return nil
	})
}
