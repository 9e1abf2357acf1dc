package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"menshen/store"
)

// Authenticate returns a live session and its user.
func (s *Store) Authenticate(ctx context.Context, sessionID string) (session store.Session, user store.User, err error) {
	err = s.view(ctx, "authenticate", func(ctx context.Context, t *tx) error {
		found := sessionAndUser{userRows: userRows{t: t}}
		if err := t.read(ctx, found.ask(thisSession, bare(store.SessionPrefix, sessionID))); err != nil {
			return err
		}
		session, user, err = found.live()
		if err == nil {
			s.touched.Note(session, t.now)
		}
		return err
	})
	return session, user, err
}

// sessionAndUser is a session with its user, as they are read.
type sessionAndUser struct {
	userRows
	row sessionRow
}

// Conditions that name one session.
const (
	thisSession    = "s.id = ?"
	claimingTicket = "s.id = (SELECT session_id FROM scan_logins WHERE id = ?)"
)

// ask reads the session that a condition names. It stands in one packet with what
// else a verb reads.
func (r *sessionAndUser) ask(condition string, args ...any) query {
	return ask(func(rows *sql.Rows) error { return r.scan(rows, r.row.into()...) },
		"SELECT "+sessionColumns+", "+userColumns+
			" FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN identities i ON i.user_id = u.id WHERE "+condition+byPlace+r.t.forUpdate(), args...)
}

// ofSession names the user of the session that a condition names.
func ofSession(condition string) string {
	return "(SELECT s.user_id FROM sessions s WHERE " + condition + ")"
}

// lockUser is for verbs that change what belongs to a user. The user is locked before
// that, by everyone: none waits for another who waits for them.
func lockUser(user string, args ...any) query {
	return lock("SELECT id FROM users WHERE id = "+user+" FOR UPDATE", args...)
}

// live returns the session and its user if it may be used. store.ErrSessionEnded,
// or store.ErrUserBlocked while the block lasts that has ended it.
func (r *sessionAndUser) live() (store.Session, store.User, error) {
	user, err := r.one()
	if errors.Is(err, store.ErrNotFound) {
		return store.Session{}, user, store.ErrSessionEnded
	}
	session, err := r.row.session()
	switch {
	case err != nil:
		return session, user, err
	case session.Blocked && user.Blocked() && r.t.now.Before(session.ExpiresAt):
		return session, user, store.ErrUserBlocked
	case !session.Live(r.t.now):
		return session, user, store.ErrSessionEnded
	}
	return session, user, nil
}

// notFound tells an ended session as what a look-up by id calls it.
func notFound(err error) error {
	if errors.Is(err, store.ErrSessionEnded) || errors.Is(err, store.ErrUserBlocked) {
		return store.ErrNotFound
	}
	return err
}

// bare is the bare id in a text that a client may have made up. What is no id is
// NULL, which equals nothing.
func bare(prefix, id string) any {
	raw, ok := store.ParseID(prefix, id)
	if !ok {
		return nil
	}
	return raw[:]
}

// Session returns a live session.
func (s *Store) Session(ctx context.Context, id string) (session store.Session, err error) {
	err = s.view(ctx, "session", func(ctx context.Context, t *tx) error {
		found := sessionAndUser{userRows: userRows{t: t}}
		if err := t.read(ctx, found.ask(thisSession, bare(store.SessionPrefix, id))); err != nil {
			return err
		}
		session, _, err = found.live()
		return notFound(err)
	})
	return session, err
}

// Sessions returns the live sessions of a user, newest first.
func (s *Store) Sessions(ctx context.Context, userID string) (live []store.Session, err error) {
	err = s.view(ctx, "sessions", func(ctx context.Context, t *tx) error {
		id := bare(store.UserPrefix, userID)
		live, err = t.liveSessions(ctx, "s.user_id = COALESCE((SELECT user_id FROM former_ids WHERE id = ?), ?)", id, id)
		slices.Reverse(live)
		return err
	})
	return live, err
}

// liveSessions reads the live ones of the sessions that a condition names, oldest first.
func (t *tx) liveSessions(ctx context.Context, condition string, args ...any) (live []store.Session, err error) {
	err = t.read(ctx, t.askSessions(&live, condition, args...))
	return slices.DeleteFunc(live, func(s store.Session) bool { return !s.Live(t.now) }), err
}

// askSessions reads sessions of users, oldest first. One that does not read is
// passed over: nobody can use it, and it must not keep its user out. The index is
// named since locks are held on whatever another plan would look at.
func (t *tx) askSessions(all *[]store.Session, condition string, args ...any) query {
	return ask(func(rows *sql.Rows) error {
		if session, err := scanSession(rows); err == nil {
			*all = append(*all, session)
		}
		return nil
	}, "SELECT "+sessionColumns+" FROM sessions s FORCE INDEX (by_user) WHERE "+condition+" ORDER BY s.id"+t.forUpdate(), args...)
}

// CountSessions counts the sessions that are neither ended nor swept.
func (s *Store) CountSessions(ctx context.Context) (n int, err error) {
	err = s.view(ctx, "count_sessions", func(ctx context.Context, t *tx) error {
		n, err = t.sum(ctx, countSessions, "")
		return err
	})
	return n, err
}

// OldestSession returns when the oldest session began: ids sort by time.
func (s *Store) OldestSession(ctx context.Context) (began time.Time, err error) {
	err = s.view(ctx, "oldest_session", func(ctx context.Context, t *tx) error {
		began = time.Time{}
		return t.read(ctx, ask(func(rows *sql.Rows) error {
			var id store.RawID
			err := rows.Scan(rawID{&id})
			began = id.Time()
			return err
		}, "SELECT id FROM sessions ORDER BY id LIMIT 1"))
	})
	return began, err
}

// EndSession ends one session of a user.
func (s *Store) EndSession(ctx context.Context, userID, sessionID string, by store.Actor) error {
	return s.change(ctx, "end_session", func(ctx context.Context, t *tx) error {
		session, user, err := t.lockedSession(ctx, sessionID)
		if err != nil {
			return notFound(err)
		}
		if user.ID != userID && !slices.Contains(user.FormerIDs, userID) {
			return store.ErrNotFound
		}
		t.dropSession(session)
		t.audit(store.ActionLogout, user.ID, by, store.Optional(sessionID))
		return nil
	})
}

// lockedSession reads a live session that the transaction changes, and its user.
func (t *tx) lockedSession(ctx context.Context, sessionID string) (store.Session, store.User, error) {
	found, id := sessionAndUser{userRows: userRows{t: t}}, bare(store.SessionPrefix, sessionID)
	if err := t.read(ctx, lockUser(ofSession(thisSession), id), found.ask(thisSession, id)); err != nil {
		return store.Session{}, store.User{}, err
	}
	return found.live()
}

// EndSessions ends all sessions of a user.
func (s *Store) EndSessions(ctx context.Context, userID string, by store.Actor) (int, error) {
	return update(ctx, s, "end_sessions", func(ctx context.Context, t *tx) (int, error) {
		user, err := t.user(ctx, userID)
		if errors.Is(err, store.ErrNotFound) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return t.endSessions(ctx, user.ID, by)
	})
}

// endSessions ends the sessions of a user who is locked: no login adds one meanwhile,
// and no merge gives them to somebody else.
func (t *tx) endSessions(ctx context.Context, userID string, by store.Actor) (int, error) {
	live, err := t.liveSessions(ctx, "s.user_id = ?", rawUser(userID))
	if err != nil || len(live) == 0 {
		return 0, err
	}
	for _, session := range live {
		t.dropSession(session)
	}
	t.audit(store.ActionLogout, userID, by, store.Optional(fmt.Sprintf("%d sessions", len(live))))
	return len(live), nil
}
