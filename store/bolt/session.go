package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"menshen/store"
)

// Authenticate returns a live session and its user.
func (s *Store) Authenticate(ctx context.Context, sessionID string) (session store.Session, user store.User, err error) {
	err = s.view(ctx, "authenticate", func(t *tx) error {
		if session, err = t.liveSession(sessionID); err != nil {
			return err
		}
		s.touched.Note(session, t.now)
		user, err = t.owner(session)
		return err
	})
	return session, user, err
}

// Session returns a live session.
func (s *Store) Session(ctx context.Context, id string) (session store.Session, err error) {
	err = s.view(ctx, "session", func(t *tx) error {
		session, err = t.liveSession(id)
		return notFound(err)
	})
	return session, err
}

// Sessions returns the live sessions of a user, newest first.
func (s *Store) Sessions(ctx context.Context, userID string) (live []store.Session, err error) {
	err = s.view(ctx, "sessions", func(t *tx) error {
		raw, _ := t.resolve(userID)
		live = t.liveSessionsOf(raw)
		slices.Reverse(live)
		return nil
	})
	return live, err
}

// OldestSession returns when the oldest session began: ids sort by time.
func (s *Store) OldestSession(ctx context.Context) (began time.Time, err error) {
	err = s.view(ctx, "oldest_session", func(t *tx) error {
		began = time.Time{}
		if key, _ := t.Bucket(bucketSessions).Cursor().First(); key != nil {
			began = rawID(key).Time()
		}
		return nil
	})
	return began, err
}

// EndSession ends one session of a user.
func (s *Store) EndSession(ctx context.Context, userID, sessionID string, by store.Actor) error {
	return s.update(ctx, "end_session", func(t *tx) error {
		session, err := t.liveSession(sessionID)
		if err != nil {
			return notFound(err)
		}
		if raw, _ := t.resolve(userID); session.UserID != raw.Text(store.UserPrefix) {
			return store.ErrNotFound
		}
		return errors.Join(t.endSession(session), t.audit(store.ActionLogout, session.UserID, by, store.Optional(sessionID)))
	})
}

// EndSessions ends all sessions of a user.
func (s *Store) EndSessions(ctx context.Context, userID string, by store.Actor) (ended int, err error) {
	err = s.update(ctx, "end_sessions", func(t *tx) error {
		ended = 0
		raw, _ := t.resolve(userID)
		live := t.liveSessionsOf(raw)
		if len(live) == 0 {
			return nil
		}
		for _, session := range live {
			if err := t.endSession(session); err != nil {
				return err
			}
		}
		ended = len(live)
		return t.audit(store.ActionLogout, raw.Text(store.UserPrefix), by, store.Optional(fmt.Sprintf("%d sessions", ended)))
	})
	return ended, err
}

// notFound tells an ended session as what a look-up by id calls it.
func notFound(err error) error {
	if errors.Is(err, store.ErrSessionEnded) || errors.Is(err, store.ErrUserBlocked) {
		return store.ErrNotFound
	}
	return err
}

func (t *tx) liveSession(id string) (store.Session, error) {
	raw, ok := store.ParseID(store.SessionPrefix, id)
	if !ok {
		return store.Session{}, store.ErrSessionEnded
	}
	b := t.get(bucketSessions, raw[:])
	if b == nil {
		return store.Session{}, store.ErrSessionEnded
	}
	session, err := decodeSession(raw, b)
	switch {
	case err != nil:
		return session, err
	case !t.now.Before(session.ExpiresAt):
		return session, store.ErrSessionEnded
	case session.Blocked:
		return session, t.whyEnded(session)
	}
	return session, nil
}

// whyEnded tells of a session that a block has ended whether the block lasts.
func (t *tx) whyEnded(session store.Session) error {
	user, err := t.owner(session)
	if err == nil && user.Blocked() {
		return store.ErrUserBlocked
	}
	return errors.Join(store.ErrSessionEnded, err)
}

// sessionsOf returns the sessions of a user that are kept, oldest first,
// expired ones included. One that does not read is passed over: nobody can use
// it, and it must not keep its user out. The sweep tells of it.
func (t *tx) sessionsOf(user store.RawID) (all []store.Session) {
	c := t.Bucket(bucketSessionsByUser).Cursor()
	for key, _ := c.Seek(user[:]); bytes.HasPrefix(key, user[:]); key, _ = c.Next() {
		if session, err := t.keptSession(rawID(key[len(user):])); err == nil {
			all = append(all, session)
		}
	}
	return all
}

// liveSessionsOf returns the live sessions of a user, oldest first.
func (t *tx) liveSessionsOf(user store.RawID) []store.Session {
	return slices.DeleteFunc(t.sessionsOf(user), func(s store.Session) bool { return !s.Live(t.now) })
}

// owner returns the user of a session, who must be there.
func (t *tx) owner(session store.Session) (store.User, error) {
	return t.linkedUser(rawUser(session.UserID))
}

// keptSession returns a session that an index names.
func (t *tx) keptSession(raw store.RawID) (store.Session, error) {
	b := t.get(bucketSessions, raw[:])
	if b == nil {
		return store.Session{}, dangling("session")
	}
	return decodeSession(raw, b)
}

// beginSession puts a new session with its indexes and ends the user's oldest
// ones beyond limit.
func (t *tx) beginSession(session store.Session, limit int) error {
	live := t.liveSessionsOf(rawUser(session.UserID))
	for _, oldest := range live[:max(0, len(live)+1-limit)] {
		if err := t.endSession(oldest); err != nil {
			return err
		}
	}
	return t.addSession(session)
}

// addSession puts a new session with its indexes and counts it.
func (t *tx) addSession(session store.Session) error {
	user, id := rawUser(session.UserID), rawSession(session.ID)
	return errors.Join(
		t.putSession(session),
		t.put(bucketSessionsByUser, byUser(user, id), nil),
		t.put(bucketSessionsByEnd, byEnd(session.ExpiresAt, id), nil),
		t.add(bucketMeta, keySessions, bit(!session.Blocked)),
	)
}

// endSession removes a session, its indexes, and the tickets that it claimed.
func (t *tx) endSession(session store.Session) error {
	user, id := rawUser(session.UserID), rawSession(session.ID)
	return errors.Join(
		t.delete(bucketSessions, id[:]),
		t.delete(bucketSessionsByUser, byUser(user, id)),
		t.delete(bucketSessionsByEnd, byEnd(session.ExpiresAt, id)),
		t.add(bucketMeta, keySessions, -bit(!session.Blocked)),
		t.dropScanLogins(id),
	)
}

// blockSessions ends the sessions of a blocked user. Their records stay until
// they expire, so that the bearer learns of the block.
func (t *tx) blockSessions(user store.RawID) error {
	for _, session := range t.sessionsOf(user) {
		if session.Blocked {
			continue
		}
		session.Blocked = true
		if err := errors.Join(t.putSession(session), t.add(bucketMeta, keySessions, -1)); err != nil {
			return err
		}
	}
	return nil
}

// moveSessions gives the sessions of one user to another and returns how many
// there were.
func (t *tx) moveSessions(from, to store.RawID) (moved int, err error) {
	for _, session := range t.sessionsOf(from) {
		id := rawSession(session.ID)
		session.UserID = to.Text(store.UserPrefix)
		err := errors.Join(
			t.delete(bucketSessionsByUser, byUser(from, id)),
			t.put(bucketSessionsByUser, byUser(to, id), nil),
			t.putSession(session),
		)
		if err != nil {
			return moved, err
		}
		moved++
	}
	return moved, nil
}

// moveEnd moves a session in the index of ends.
func (t *tx) moveEnd(from, to store.Session) error {
	id := rawSession(from.ID)
	return errors.Join(
		t.delete(bucketSessionsByEnd, byEnd(from.ExpiresAt, id)),
		t.put(bucketSessionsByEnd, byEnd(to.ExpiresAt, id), nil),
	)
}

func (t *tx) putSession(session store.Session) error {
	id := rawSession(session.ID)
	return t.put(bucketSessions, id[:], encodeSession(session))
}
