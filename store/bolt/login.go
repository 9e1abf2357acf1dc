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
		out, err = t.login(in, s.options)
		return err
	})
	return out, err
}

func (t *tx) login(in store.Login, options store.Options) (out store.LoggedIn, err error) {
	if _, ok := store.ParseID(store.SessionPrefix, in.SessionID); !ok {
		return out, fmt.Errorf("bolt: login: not a session id: %q", in.SessionID)
	}
	who, known, err := t.identity(in.AppID, in.OpenID)
	if err != nil {
		return out, err
	}
	out.User, out.IsNewUser, err = t.userOf(who, known, in)
	if err != nil {
		return out, err
	}
	if err := t.linkIdentity(&out.User, who, in); err != nil {
		return out, err
	}
	out.User.LastLoginAt = t.now
	out.User.LoginCount++
	if in.Profile != nil {
		out.User.Profile = out.User.Profile.Merge(*in.Profile, t.now)
	}
	out.Session = store.Session{
		ID: in.SessionID, UserID: out.User.ID, AppID: in.AppID, OpenID: in.OpenID,
		CreatedAt: t.now, LastUsedAt: t.now, ExpiresAt: t.now.Add(options.SessionLife),
		UserAgent: store.ClipUserAgent(in.UserAgent), IPAddress: in.IPAddress, Refresh: in.Refresh,
	}
	return out, errors.Join(
		t.fillUnionID(&out.User, in.UnionID),
		t.putUser(out.User),
		t.beginSession(out.Session, options.MaxSessions),
		t.audit(store.ActionLogin, out.User.ID, store.Actor{ID: out.User.ID, IPAddress: in.IPAddress}, store.Optional(in.AppID)),
	)
}

// userOf decides who logs in: the identity's user, else the holder of the
// unionid, else somebody new.
func (t *tx) userOf(who identity, known bool, in store.Login) (user store.User, isNew bool, err error) {
	if known {
		user, err = t.linkedUser(who.user)
		return user, false, err
	}
	if holder, held := t.unionIDHolder(in.UnionID); held {
		user, err = t.linkedUser(holder)
		return user, false, err
	}
	return store.User{ID: store.NewID(store.UserPrefix, t.now), CreatedAt: t.now}, true, nil
}

// linkIdentity puts the identity with the new session_key and notes it in the user.
func (t *tx) linkIdentity(user *store.User, who identity, in store.Login) error {
	who.user, _ = store.ParseID(store.UserPrefix, user.ID)
	if !user.Linked(in.AppID, in.OpenID) {
		user.Identities = append(user.Identities, store.Identity{AppID: in.AppID, OpenID: in.OpenID, LinkedAt: t.now})
	}
	return t.remember(in.AppID, in.OpenID, who, in.SessionKey)
}

// Refresh exchanges a refresh token for its successor.
func (s *Store) Refresh(ctx context.Context, in store.Refresh) (session store.Session, user store.User, err error) {
	var outcome store.RefreshOutcome
	err = s.update(ctx, "refresh", func(t *tx) error {
		session, user, outcome, err = t.refresh(in, s.options)
		return err
	})
	if err == nil && outcome == store.RefreshTheft {
		err = store.ErrRefreshReused
	}
	return session, user, err
}

// refresh reports theft as an outcome without an error, so that the end of the
// session stays.
func (t *tx) refresh(in store.Refresh, options store.Options) (session store.Session, user store.User, outcome store.RefreshOutcome, err error) {
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
		session, err = t.exchange(session, in.Next, options.SessionLife)
	case store.RefreshRepeat:
		session.Refresh = successor
	}
	if err != nil {
		return session, user, outcome, err
	}
	user, err = t.owner(session)
	return session, user, outcome, err
}

func (t *tx) exchange(session store.Session, next store.RefreshToken, life time.Duration) (store.Session, error) {
	exchanged := session.Exchanged(next, life, t.now)
	return exchanged, errors.Join(t.moveEnd(session, exchanged), t.putSession(exchanged))
}
