package mysql

import (
	"time"

	"menshen/store"
)

// Users whom a visitor may be, by their ids: the one of an identity, and the holder of a
// unionid.
const (
	ofIdentity = "(SELECT user_id FROM identities WHERE app_id = ? AND open_id = ?)"
	ofUnionID  = "(SELECT user_id FROM union_ids WHERE union_id = ?)"
)

// saveIdentities writes down what has changed of a user's identities. It does not
// make them: linkIdentity does.
func (t *tx) saveIdentities(old, fresh store.User) {
	for place, i := range fresh.Identities {
		if place < len(old.Identities) && old.ID == fresh.ID && old.Identities[place] == i {
			continue
		}
		t.write("UPDATE identities SET user_id = ?, place = ?, linked_at = ?, active_on = ? WHERE app_id = ? AND open_id = ?",
			rawUser(fresh.ID), place, ms(i.LinkedAt), int(i.ActiveOn), []byte(i.AppID), []byte(i.OpenID))
	}
}

// linkIdentity makes an identity; saveUser says whose it is and since when.
func (t *tx) linkIdentity(appID, openID, userID string, keys []store.SessionKey) error {
	return t.insertIdentity(store.Identity{AppID: appID, OpenID: openID}, 0, userID, keys)
}

func (t *tx) insertIdentity(i store.Identity, place int, userID string, keys []store.SessionKey) error {
	sealed, err := t.sealSessionKeys(keys, i.AppID, i.OpenID)
	if err != nil {
		return err
	}
	t.write("INSERT INTO identities (app_id, open_id, user_id, place, linked_at, active_on, session_keys, keys_end) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		[]byte(i.AppID), []byte(i.OpenID), rawUser(userID), place, ms(i.LinkedAt), int(i.ActiveOn), sealed, keysEnd(keys))
	return nil
}

// putSessionKeys replaces what is remembered of an identity.
func (t *tx) putSessionKeys(appID, openID string, keys []store.SessionKey) error {
	sealed, err := t.sealSessionKeys(keys, appID, openID)
	if err != nil {
		return err
	}
	t.write("UPDATE identities SET session_keys = ?, keys_end = ? WHERE app_id = ? AND open_id = ?",
		sealed, keysEnd(keys), []byte(appID), []byte(openID))
	return nil
}

// keysEnd is when the first of the replaced session_keys must be gone; NULL when
// there is none.
func keysEnd(keys []store.SessionKey) any {
	if len(keys) < 2 {
		return nil
	}
	return ms(keys[len(keys)-2].GivenAt.Add(store.SessionKeyMemory + time.Millisecond))
}
