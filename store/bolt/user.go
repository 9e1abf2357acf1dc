package bolt

import (
	"context"
	"errors"

	"menshen/store"
)

// User returns the user with an id, or the one that this user has become.
func (s *Store) User(ctx context.Context, id string) (user store.User, err error) {
	err = s.view(ctx, "user", func(t *tx) error {
		user, err = t.user(id)
		return err
	})
	return user, err
}

// UserByIdentity returns the user of an identity.
func (s *Store) UserByIdentity(ctx context.Context, appID, openID string) (user store.User, err error) {
	err = s.view(ctx, "user_by_identity", func(t *tx) error {
		who, known, err := t.identity(appID, openID)
		if err != nil {
			return err
		}
		if !known {
			return store.ErrNotFound
		}
		user, err = t.linkedUser(who.user)
		return err
	})
	return user, err
}

// UserByUnionID returns the user who holds a unionid.
func (s *Store) UserByUnionID(ctx context.Context, unionID string) (user store.User, err error) {
	err = s.view(ctx, "user_by_union_id", func(t *tx) error {
		holder, held := t.unionIDHolder(store.Optional(unionID))
		if !held {
			return store.ErrNotFound
		}
		user, err = t.linkedUser(holder)
		return err
	})
	return user, err
}

// KeepProfile merges a profile into the user's.
func (s *Store) KeepProfile(ctx context.Context, userID string, profile store.Profile) (store.User, error) {
	return s.changeUser(ctx, "keep_profile", userID, func(t *tx, user *store.User) error {
		user.Profile = user.Profile.Merge(profile, t.now)
		return nil
	})
}

// UpdateProfile sets what the user typed or chose.
func (s *Store) UpdateProfile(ctx context.Context, userID string, change store.ProfileChange) (store.User, error) {
	return s.changeUser(ctx, "update_profile", userID, func(t *tx, user *store.User) error {
		user.Profile = change.Apply(user.Profile, t.now)
		return nil
	})
}

// changeUser reads a user, has change make another of them, and saves that.
func (s *Store) changeUser(ctx context.Context, verb, userID string, change func(*tx, *store.User) error) (user store.User, err error) {
	err = s.update(ctx, verb, func(t *tx) error {
		before, err := t.user(userID)
		if err != nil {
			return err
		}
		user = before
		if err := change(t, &user); err != nil {
			return err
		}
		return t.saveUser(&before, &user)
	})
	return user, err
}

// survivor returns the id of the user that one has become: their own, unless they
// were absorbed.
func (t *tx) survivor(raw store.RawID) store.RawID {
	if b := t.get(bucketFormerIDs, raw[:]); b != nil {
		return rawID(b)
	}
	return raw
}

// resolve returns the bare id of the user whom an id names by now; false for what
// is no user's id.
func (t *tx) resolve(id string) (store.RawID, bool) {
	raw, ok := store.ParseID(store.UserPrefix, id)
	return t.survivor(raw), ok
}

func (t *tx) user(id string) (store.User, error) {
	raw, ok := t.resolve(id)
	if !ok {
		return store.User{}, store.ErrNotFound
	}
	return t.userByRaw(raw)
}

func (t *tx) userByRaw(raw store.RawID) (store.User, error) {
	b := t.get(bucketUsers, raw[:])
	if b == nil {
		return store.User{}, store.ErrNotFound
	}
	return t.decodeUser(raw, b)
}

// facts reads a user but for the phone number, which needs no key.
// store.ErrNotFound.
func (t *tx) facts(raw store.RawID) (store.User, error) {
	b := t.get(bucketUsers, raw[:])
	if b == nil {
		return store.User{}, store.ErrNotFound
	}
	user, _, err := decodeUserSealed(raw, b)
	return user, err
}

// linkedUser is userByRaw for an id that an index or a record names: the user
// must be there.
func (t *tx) linkedUser(raw store.RawID) (store.User, error) {
	user, err := t.userByRaw(raw)
	if errors.Is(err, store.ErrNotFound) {
		return user, dangling("user")
	}
	return user, err
}

// unionIDHolder returns the user who holds a unionid, or false.
func (t *tx) unionIDHolder(unionID store.Optional) (raw store.RawID, held bool) {
	b := t.get(bucketUnionIDs, []byte(unionID))
	return rawID(b), b != nil
}

// writeUser puts the record alone, for those who know that no index changes:
// saveUser, which moves them itself, the resealing, and countActive.
func (t *tx) writeUser(user store.User) error {
	b, err := t.encodeUser(user)
	if err != nil {
		return err
	}
	raw := rawUser(user.ID)
	return t.put(bucketUsers, raw[:], b)
}

func (t *tx) encodeUser(u store.User) ([]byte, error) {
	sealedPhone, err := t.sealPhone(u.Phone, u.ID)
	e := newRecord(384)
	e.optional(u.UnionID)
	e.uint(uint64(len(u.Identities)))
	for _, i := range u.Identities {
		e.text(i.AppID)
		e.text(i.OpenID)
		e.time(i.LinkedAt)
		e.uint(uint64(i.ActiveOn))
	}
	e.optional(u.Profile.NickName)
	e.optional(u.Profile.AvatarURL)
	e.uint(uint64(u.Profile.Gender))
	e.optional(u.Profile.Language)
	e.optional(u.Profile.City)
	e.optional(u.Profile.Province)
	e.optional(u.Profile.Country)
	e.time(u.Profile.UpdatedAt)
	e.time(u.CreatedAt)
	e.time(u.LastLoginAt)
	e.uint(uint64(u.LoginCount))
	e.bytes(sealedPhone)
	e.flag(u.Role == store.RoleAdmin)
	e.time(u.BlockedAt)
	e.optional(u.BlockedReason)
	e.texts(u.FormerIDs)
	e.texts(u.EarlierUnionIDs)
	return e, err
}

func (t *tx) decodeUser(raw store.RawID, b []byte) (store.User, error) {
	u, sealedPhone, err := decodeUserSealed(raw, b)
	if err != nil {
		return store.User{}, err
	}
	u.Phone, err = t.openPhone(sealedPhone, u.ID)
	return u, err
}

// decodeUserSealed reads a user but for the phone number, which it leaves sealed.
func decodeUserSealed(raw store.RawID, b []byte) (u store.User, sealedPhone []byte, err error) {
	d := openRecord(b)
	u = store.User{ID: raw.Text(store.UserPrefix), Role: store.RoleUser, UnionID: d.optional()}
	u.Identities = make([]store.Identity, d.count())
	for i := range u.Identities {
		u.Identities[i] = store.Identity{AppID: d.text(), OpenID: d.text(), LinkedAt: d.time()}
		if d.version > 1 {
			u.Identities[i].ActiveOn = store.Day(d.uint())
		}
	}
	u.Profile = store.Profile{
		NickName: d.optional(), AvatarURL: d.optional(), Gender: store.Gender(d.uint()), Language: d.optional(),
		City: d.optional(), Province: d.optional(), Country: d.optional(), UpdatedAt: d.time(),
	}
	u.CreatedAt, u.LastLoginAt, u.LoginCount = d.time(), d.time(), int(d.uint())
	sealedPhone = d.bytes()
	if d.version > 1 {
		if d.flag() {
			u.Role = store.RoleAdmin
		}
		u.BlockedAt, u.BlockedReason = d.time(), d.optional()
		u.FormerIDs, u.EarlierUnionIDs = d.texts(), d.texts()
	}
	return u, sealedPhone, d.err("user")
}
