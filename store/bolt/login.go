package bolt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"menshen/store"
)

// Login finds or makes the user of an identity and begins a session.
func (s *Store) Login(ctx context.Context, in store.Login) (out store.LoggedIn, err error) {
	err = s.update(ctx, "login", func(t *tx) error {
		out, err = t.login(in)
		return err
	})
	if err == nil && out.User.Blocked() {
		return store.LoggedIn{}, store.ErrUserBlocked
	}
	return out, err
}

// login tells of a blocked user without an error, so that what was learnt of
// them stays.
func (t *tx) login(in store.Login) (out store.LoggedIn, err error) {
	if err := checkSessionID(in.SessionID); err != nil {
		return out, err
	}
	before, who, err := t.arrive(in)
	if err != nil {
		return out, err
	}
	user := store.User{ID: store.NewID(store.UserPrefix, t.now), Role: store.RoleUser, CreatedAt: t.now}
	if before != nil {
		user = *before
	}
	isNewInApp := !user.InApp(in.AppID)
	if err := t.link(&user, who, in); err != nil {
		return out, err
	}
	if user.Blocked() {
		out.User = user
		by := store.Actor{ID: user.ID, IPAddress: in.IPAddress}
		return out, errors.Join(t.saveUser(before, &user), t.audit(store.ActionLoginRefused, user.ID, by, "blocked"))
	}
	if in.Profile != nil {
		user.Profile = user.Profile.Merge(*in.Profile, t.now)
	}
	return t.admit(before, user, in, isNewInApp, store.Optional(in.AppID))
}

// admit counts a login and begins its session. A nil before is a new user; detail
// is for the audit.
func (t *tx) admit(before *store.User, user store.User, in store.Login, isNewInApp bool, detail store.Optional) (out store.LoggedIn, err error) {
	out.IsNewUser = before == nil
	user.LastLoginAt = t.now
	user.LoginCount++
	if out.User, err = t.countLogin(user, in, out.IsNewUser, isNewInApp); err != nil {
		return out, err
	}
	out.Session = t.newSession(in, user)
	return out, errors.Join(
		t.saveUser(before, &out.User),
		t.beginSession(out.Session, t.options.MaxSessions),
		t.audit(store.ActionLogin, user.ID, store.Actor{ID: user.ID, IPAddress: in.IPAddress}, detail),
	)
}

// checkSessionID refuses what NewID did not make.
func checkSessionID(id string) error {
	if _, ok := store.ParseID(store.SessionPrefix, id); !ok {
		return fmt.Errorf("bolt: not a session id: %q", id)
	}
	return nil
}

func (t *tx) newSession(in store.Login, user store.User) store.Session {
	return store.Session{
		ID: in.SessionID, UserID: user.ID, AppID: in.AppID, OpenID: in.OpenID,
		CreatedAt: t.now, LastUsedAt: t.now, ExpiresAt: t.now.Add(t.options.SessionLife),
		UserAgent: store.ClipUserAgent(in.UserAgent), IPAddress: in.IPAddress, Refresh: in.Refresh,
	}
}

// arrive finds the user who logs in, nil for somebody new: the identity's user,
// made one with the holder of the unionid, or that holder.
func (t *tx) arrive(in store.Login) (user *store.User, who identity, err error) {
	who, known, err := t.identity(in.AppID, in.OpenID)
	if err != nil {
		return nil, who, err
	}
	holder, held := t.unionIDHolder(in.UnionID)
	if !known && !held {
		return nil, who, nil
	}
	if !known {
		joined, err := t.linkedUser(holder)
		by := store.Actor{ID: joined.ID, IPAddress: in.IPAddress}
		return &joined, who, errors.Join(err, t.audit(store.ActionJoin, joined.ID, by, store.Optional(in.AppID)))
	}
	own, err := t.linkedUser(who.user)
	if err != nil || !held || holder == who.user {
		return &own, who, err
	}
	merged, err := t.merge(own, holder, in.IPAddress)
	return &merged, who, err
}

// link gives the user the identity, with the new session_key, and the unionid.
func (t *tx) link(user *store.User, before identity, in store.Login) error {
	if !user.HasIdentity(in.AppID, in.OpenID) {
		user.Identities = append(user.Identities, store.Identity{AppID: in.AppID, OpenID: in.OpenID, LinkedAt: t.now})
	}
	*user = user.LearnUnionID(in.UnionID)
	after := before
	after.user = rawUser(user.ID)
	after.keys = store.RememberSessionKey(before.keys, in.SessionKey, t.now)
	return t.putIdentity(in.AppID, in.OpenID, before, after)
}

// Refresh exchanges a refresh token for its successor.
func (s *Store) Refresh(ctx context.Context, in store.Refresh) (session store.Session, user store.User, err error) {
	var outcome store.RefreshOutcome
	err = s.update(ctx, "refresh", func(t *tx) error {
		session, user, outcome, err = t.refresh(in)
		return err
	})
	if err == nil && outcome == store.RefreshTheft {
		err = store.ErrRefreshReused
	}
	return session, user, err
}

// refresh reports theft as an outcome without an error, so that the end of the
// session stays.
func (t *tx) refresh(in store.Refresh) (session store.Session, user store.User, outcome store.RefreshOutcome, err error) {
	if session, err = t.liveSession(in.SessionID); err != nil {
		return session, user, outcome, err
	}
	outcome, successor := session.Judge(in, t.now)
	switch outcome {
	case store.RefreshInvalid:
		err = store.ErrSessionEnded
	case store.RefreshTheft:
		err = errors.Join(t.endSession(session), t.audit(store.ActionRefreshTheft, session.UserID, in.By, store.Optional(session.ID)))
		return session, user, outcome, err
	case store.RefreshExchange:
		session, err = t.exchange(session, in.Next, t.options.SessionLife)
	case store.RefreshRepeat:
		session.Refresh = successor
	}
	if err != nil {
		return session, user, outcome, err
	}
	if user, err = t.owner(session); err == nil && outcome == store.RefreshExchange {
		user, err = t.countActive(user, session.AppID, session.OpenID)
	}
	return session, user, outcome, err
}

func (t *tx) exchange(session store.Session, next store.RefreshToken, life time.Duration) (store.Session, error) {
	exchanged := session.Exchanged(next, life, t.now)
	return exchanged, errors.Join(t.moveEnd(session, exchanged), t.putSession(exchanged))
}
