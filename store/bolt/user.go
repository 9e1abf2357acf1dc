package bolt

import (
	"context"
	"errors"

	"menshen/store"
)

// User returns a user.
func (s *Store) User(ctx context.Context, id string) (user store.User, err error) {
	err = s.view(ctx, "user", func(t *tx) error {
		user, err = t.user(id)
		return err
	})
	return user, err
}

// KeepProfile merges a profile into the user's.
func (s *Store) KeepProfile(ctx context.Context, userID string, profile store.Profile) (user store.User, err error) {
	err = s.update(ctx, "keep_profile", func(t *tx) error {
		if user, err = t.user(userID); err != nil {
			return err
		}
		user.Profile = user.Profile.Merge(profile, t.now)
		return t.putUser(user)
	})
	return user, err
}

func (t *tx) user(id string) (store.User, error) {
	raw, ok := store.ParseID(store.UserPrefix, id)
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

// fillUnionID gives the user a unionid if both are free. The caller puts the user.
func (t *tx) fillUnionID(user *store.User, unionID store.Optional) error {
	if unionID == "" || user.UnionID != "" {
		return nil
	}
	if _, held := t.unionIDHolder(unionID); held {
		return nil
	}
	user.UnionID = unionID
	raw, _ := store.ParseID(store.UserPrefix, user.ID)
	return t.put(bucketUnionIDs, []byte(unionID), raw[:])
}

func (t *tx) putUser(user store.User) error {
	raw, _ := store.ParseID(store.UserPrefix, user.ID)
	b, err := t.encodeUser(user)
	if err != nil {
		return err
	}
	return t.put(bucketUsers, raw[:], b)
}

func (t *tx) encodeUser(u store.User) ([]byte, error) {
	e := newRecord(256)
	e.optional(u.UnionID)
	e.uint(uint64(len(u.Identities)))
	for _, i := range u.Identities {
		e.text(i.AppID)
		e.text(i.OpenID)
		e.time(i.LinkedAt)
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
	phone, err := t.sealPhone(u.Phone, u.ID)
	e.bytes(phone)
	return e, err
}

func (t *tx) decodeUser(raw store.RawID, b []byte) (store.User, error) {
	d := openRecord(b)
	u := store.User{ID: raw.Text(store.UserPrefix), UnionID: d.optional()}
	u.Identities = make([]store.Identity, d.count())
	for i := range u.Identities {
		u.Identities[i] = store.Identity{AppID: d.text(), OpenID: d.text(), LinkedAt: d.time()}
	}
	u.Profile = store.Profile{
		NickName: d.optional(), AvatarURL: d.optional(), Gender: store.Gender(d.uint()), Language: d.optional(),
		City: d.optional(), Province: d.optional(), Country: d.optional(), UpdatedAt: d.time(),
	}
	u.CreatedAt, u.LastLoginAt, u.LoginCount = d.time(), d.time(), int(d.uint())
	sealedPhone := d.bytes()
	if err := d.err("user"); err != nil {
		return store.User{}, err
	}
	phone, err := t.openPhone(sealedPhone, u.ID)
	u.Phone = phone
	return u, err
}
