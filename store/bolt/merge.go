package bolt

import (
	"errors"

	"menshen/store"
)

// merge makes one user of two who turned out to be one person, with everything
// that belongs to either.
func (t *tx) merge(own store.User, holder store.RawID, address store.Optional) (store.User, error) {
	other, err := t.linkedUser(holder)
	if err != nil {
		return own, err
	}
	m := store.Merge(own, other)
	survivor, vanished := own, other
	if m.Vanished == own.ID {
		survivor, vanished = other, own
	}
	sessions, err := t.moveSessions(rawUser(vanished.ID), rawUser(survivor.ID))
	err = errors.Join(err,
		t.moveIdentities(vanished, rawUser(survivor.ID)),
		t.saveUser(&vanished, nil),
		t.saveUser(&survivor, &m.User),
	)
	if err == nil && m.User.Blocked() {
		err = t.blockSessions(rawUser(survivor.ID))
	}
	by := store.Actor{ID: survivor.ID, IPAddress: address}
	return m.User, errors.Join(err, t.audit(store.ActionMerge, survivor.ID, by, m.Detail(sessions)))
}

// moveIdentities has the identities of a user name another one.
func (t *tx) moveIdentities(from store.User, to store.RawID) error {
	for _, i := range from.Identities {
		before, known, err := t.identity(i.AppID, i.OpenID)
		if err != nil {
			return err
		}
		if !known {
			return dangling("identity")
		}
		after := before
		after.user = to
		if err := t.putIdentity(i.AppID, i.OpenID, before, after); err != nil {
			return err
		}
	}
	return nil
}
