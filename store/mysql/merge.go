package mysql

import "menshen/store"

// merge makes one user of two who turned out to be one person, with everything that
// belongs to either. sessions are all of both, and are changed in place.
func (t *tx) merge(own, holder store.User, sessions []store.Session, address store.Optional) (store.User, error) {
	m := store.Merge(own, holder)
	survivor, vanished := own, holder
	if m.Vanished == own.ID {
		survivor, vanished = holder, own
	}
	moved := t.moveSessions(sessions, m)
	if err := t.saveUser(&vanished, nil); err != nil {
		return own, err
	}
	if err := t.saveUser(&survivor, &m.User); err != nil {
		return own, err
	}
	t.audit(store.ActionMerge, survivor.ID, store.Actor{ID: survivor.ID, IPAddress: address}, m.Detail(moved))
	return m.User, nil
}

// moveSessions gives the sessions of two users to the one that they become, ends
// them if that one is blocked, and returns how many changed their user.
func (t *tx) moveSessions(sessions []store.Session, m store.Merging) (moved int) {
	for i, before := range sessions {
		session := &sessions[i]
		session.UserID = m.User.ID
		session.Blocked = before.Blocked || m.User.Blocked()
		moved += bit(before.UserID == m.Vanished)
		if session.UserID != before.UserID || session.Blocked != before.Blocked {
			t.putSession(*session)
			t.count(countSessions, bit(!session.Blocked)-bit(!before.Blocked))
		}
	}
	return moved
}
