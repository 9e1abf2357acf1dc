package mysql

import (
	"context"

	"menshen/store"
)

// User returns the user with an id, or the one that this user has become.
func (s *Store) User(ctx context.Context, id string) (store.User, error) {
	return s.viewUser(ctx, "user", func(ctx context.Context, t *tx) (store.User, error) { return t.user(ctx, id) })
}

// UserByIdentity returns the user of an identity.
func (s *Store) UserByIdentity(ctx context.Context, appID, openID string) (store.User, error) {
	return s.viewUser(ctx, "user_by_identity", func(ctx context.Context, t *tx) (store.User, error) {
		return t.readUser(ctx, "u.id = "+ofIdentity, []byte(appID), []byte(openID))
	})
}

// UserByUnionID returns the user who holds a unionid.
func (s *Store) UserByUnionID(ctx context.Context, unionID string) (store.User, error) {
	return s.viewUser(ctx, "user_by_union_id", func(ctx context.Context, t *tx) (store.User, error) {
		return t.readUser(ctx, "u.id = "+ofUnionID, []byte(unionID))
	})
}

// UserByPhone returns the user who holds a number.
func (s *Store) UserByPhone(ctx context.Context, phone store.Phone) (store.User, error) {
	return s.viewUser(ctx, "user_by_phone", func(ctx context.Context, t *tx) (store.User, error) {
		hidden, err := t.phoneLookup(&phone)
		if err != nil {
			return store.User{}, err
		}
		return t.readUser(ctx, "u.phone_lookup = ?", hidden)
	})
}

// viewUser is view for what returns a user.
func (s *Store) viewUser(ctx context.Context, verb string, read func(context.Context, *tx) (store.User, error)) (user store.User, err error) {
	err = s.view(ctx, verb, func(ctx context.Context, t *tx) error {
		user, err = read(ctx, t)
		return err
	})
	return user, err
}

// KeepProfile merges a profile into the user's, which comes to the same when it is
// done twice.
func (s *Store) KeepProfile(ctx context.Context, userID string, profile store.Profile) (store.User, error) {
	return s.changeUser(ctx, "keep_profile", userID, func(_ context.Context, t *tx, user *store.User) error {
		user.Profile = user.Profile.Merge(profile, t.now)
		return nil
	})
}

// UpdateProfile sets what the user typed or chose, which comes to the same when it
// is done twice.
func (s *Store) UpdateProfile(ctx context.Context, userID string, change store.ProfileChange) (store.User, error) {
	return s.changeUser(ctx, "update_profile", userID, func(_ context.Context, t *tx, user *store.User) error {
		user.Profile = change.Apply(user.Profile, t.now)
		return nil
	})
}

// changeUser reads a user, has change make another of them, and saves that.
func (s *Store) changeUser(
	ctx context.Context, verb, userID string, change func(context.Context, *tx, *store.User) error,
) (store.User, error) {
	return update(ctx, s, verb, func(ctx context.Context, t *tx) (store.User, error) {
		before, err := t.user(ctx, userID)
		if err != nil {
			return before, err
		}
		after := before
		if err := change(ctx, t, &after); err != nil {
			return after, err
		}
		return after, t.saveUser(&before, &after)
	})
}
