package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"menshen/store"
)

// Login finds or makes the user of an identity and begins a session.
func (s *Store) Login(ctx context.Context, in store.Login) (store.LoggedIn, error) {
	if err := checkSessionID(in.SessionID); err != nil {
		return store.LoggedIn{}, err
	}
	out, err := update(ctx, s, "login", func(ctx context.Context, t *tx) (store.LoggedIn, error) { return t.login(ctx, in) })
	if err == nil && out.User.Blocked() {
		return store.LoggedIn{}, store.ErrUserBlocked
	}
	return out, err
}

// checkSessionID refuses what NewID did not make.
func checkSessionID(id string) error {
	if _, ok := store.ParseID(store.SessionPrefix, id); !ok {
		return fmt.Errorf("mysql: not a session id: %q", id)
	}
	return nil
}

// login tells of a blocked user without an error, so that what was learnt of
// them stays.
func (t *tx) login(ctx context.Context, in store.Login) (out store.LoggedIn, err error) {
	who, err := t.visitor(ctx, in)
	if err != nil {
		return out, err
	}
	before, live, err := t.arrive(who, in)
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
		err := t.saveUser(before, &user)
		t.audit(store.ActionLoginRefused, user.ID, store.Actor{ID: user.ID, IPAddress: in.IPAddress}, "blocked")
		return out, err
	}
	if in.Profile != nil {
		user.Profile = user.Profile.Merge(*in.Profile, t.now)
	}
	return t.admit(before, user, live, in, isNewInApp, store.Optional(in.AppID))
}

// admit counts a login and begins its session, for which the oldest of the live ones
// beyond the limit end. A nil before is a new user; detail is for the audit.
func (t *tx) admit(
	before *store.User, user store.User, live []store.Session, in store.Login, isNewInApp bool, detail store.Optional,
) (out store.LoggedIn, err error) {
	out.IsNewUser = before == nil
	user.LastLoginAt = t.now
	user.LoginCount++
	out.User = t.countLogin(user, in, out.IsNewUser, isNewInApp)
	out.Session = t.newSession(in, user)
	if err := t.saveUser(before, &out.User); err != nil {
		return out, err
	}
	for _, oldest := range live[:max(0, len(live)+1-t.options.MaxSessions)] {
		t.dropSession(oldest)
	}
	t.insertSession(out.Session)
	t.audit(store.ActionLogin, user.ID, store.Actor{ID: user.ID, IPAddress: in.IPAddress}, detail)
	return out, nil
}

func (t *tx) newSession(in store.Login, user store.User) store.Session {
	return store.Session{
		ID: in.SessionID, UserID: user.ID, AppID: in.AppID, OpenID: in.OpenID,
		CreatedAt: t.now, LastUsedAt: t.now, ExpiresAt: t.now.Add(t.options.SessionLife),
		UserAgent: store.ClipUserAgent(in.UserAgent), IPAddress: in.IPAddress, Refresh: in.Refresh,
	}
}

// identity is what the database keeps of a person in one mini program.
type identity struct {
	known bool
	user  string
	keys  []store.SessionKey // newest first
}

// askIdentity reads an identity; not known when nobody with it has logged in yet.
func (t *tx) askIdentity(who *identity, appID, openID string) query {
	return ask(func(rows *sql.Rows) (err error) {
		var sealed []byte
		if err := rows.Scan(idText{store.UserPrefix, &who.user}, &sealed); err != nil {
			return err
		}
		who.known = true
		who.keys, err = t.openSessionKeys(sealed, appID, openID)
		return err
	}, "SELECT user_id, session_keys FROM identities WHERE app_id = ? AND open_id = ?"+t.forUpdate(), []byte(appID), []byte(openID))
}

// visitor is what the database knows of somebody who comes with an identity.
type visitor struct {
	identity
	own      userRows
	holder   userRows        // of the unionid
	sessions []store.Session // of both, oldest first
}

// visitor reads in one round trip all that a login may need. The users are locked
// first, as by everyone who changes what belongs to them; what names them is read
// again behind that, for they may have become one meanwhile.
func (t *tx) visitor(ctx context.Context, in store.Login) (*visitor, error) {
	who := &visitor{own: userRows{t: t}, holder: userRows{t: t}}
	app, open, union := []byte(in.AppID), []byte(in.OpenID), []byte(in.UnionID)
	user := func(p *userRows, user string, args ...any) query {
		return ask(func(rows *sql.Rows) error { return p.scan(rows) },
			"SELECT "+userColumns+fromUsers+"WHERE u.id = "+user+byPlace+t.forUpdate(), args...)
	}
	err := t.read(ctx,
		lockUser(ofIdentity, app, open), lockUser(ofUnionID, union),
		t.askIdentity(&who.identity, in.AppID, in.OpenID),
		user(&who.own, ofIdentity, app, open), user(&who.holder, ofUnionID, union),
		t.askSessions(&who.sessions, "s.user_id IN ("+ofIdentity+", "+ofUnionID+")", app, open, union),
	)
	return who, err
}

// arrive finds the user who logs in, nil for somebody new: the identity's user,
// made one with the holder of the unionid, or that holder; and their live sessions.
func (t *tx) arrive(who *visitor, in store.Login) (user *store.User, live []store.Session, err error) {
	own, ownErr := who.own.one()
	holder, holderErr := who.holder.one()
	held := holderErr == nil
	switch {
	case !who.known && !held:
		return nil, nil, nil
	case !who.known:
		t.audit(store.ActionJoin, holder.ID, store.Actor{ID: holder.ID, IPAddress: in.IPAddress}, store.Optional(in.AppID))
		user = &holder
	case ownErr != nil:
		return nil, nil, dangling("user")
	case !held || holder.ID == own.ID:
		user = &own
	default:
		merged, err := t.merge(own, holder, who.sessions, in.IPAddress)
		if err != nil {
			return nil, nil, err
		}
		user = &merged
	}
	return user, t.liveAmong(who.sessions, *user), nil
}

// liveAmong are the sessions that a user may use.
func (t *tx) liveAmong(sessions []store.Session, user store.User) []store.Session {
	return slices.DeleteFunc(sessions, func(s store.Session) bool { return s.UserID != user.ID || !s.Live(t.now) })
}

// link gives the user the identity, with the new session_key, and the unionid.
func (t *tx) link(user *store.User, who *visitor, in store.Login) error {
	if !user.HasIdentity(in.AppID, in.OpenID) {
		user.Identities = append(user.Identities, store.Identity{AppID: in.AppID, OpenID: in.OpenID, LinkedAt: t.now})
	}
	*user = user.LearnUnionID(in.UnionID)
	keys := store.RememberSessionKey(who.keys, in.SessionKey, t.now)
	if !who.known {
		return t.linkIdentity(in.AppID, in.OpenID, user.ID, keys)
	}
	return t.putSessionKeys(in.AppID, in.OpenID, keys)
}

// RefuseLogin remembers the session_key of a login that fails.
func (s *Store) RefuseLogin(ctx context.Context, in store.RefusedLogin) error {
	return s.change(ctx, "refuse_login", func(ctx context.Context, t *tx) error {
		var who identity
		if err := t.read(ctx, t.askIdentity(&who, in.AppID, in.OpenID)); err != nil {
			return err
		}
		if !who.known {
			return store.ErrNotFound
		}
		t.audit(store.ActionLoginRefused, who.user, store.Actor{IPAddress: in.IPAddress}, in.Reason)
		return t.putSessionKeys(in.AppID, in.OpenID, store.RememberSessionKey(who.keys, in.SessionKey, t.now))
	})
}

// SessionKeys returns the session_keys remembered for an identity.
func (s *Store) SessionKeys(ctx context.Context, appID, openID string) (keys []store.SessionKey, err error) {
	err = s.view(ctx, "session_keys", func(ctx context.Context, t *tx) error {
		var who identity
		if err := t.read(ctx, t.askIdentity(&who, appID, openID)); err != nil {
			return err
		}
		if !who.known {
			return store.ErrNotFound
		}
		keys = store.LiveSessionKeys(who.keys, t.now)
		return nil
	})
	return keys, err
}

// dangling is for what names a record that is not there.
func dangling(kind string) error {
	return fmt.Errorf("%w: a record names a missing %s", store.ErrDamaged, kind)
}
