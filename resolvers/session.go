package resolvers

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"menshen/graph"
	"menshen/store"
	"menshen/token"
	"menshen/wechat"
)

// loginTimeout bounds a login that its caller no longer waits for: the call to
// WeChat has its own, shorter bound; the rest is a read and a write.
const loginTimeout = 15 * time.Second

// Login exchanges a wx.login code for a login state.
func (r mutation) Login(
	ctx context.Context, code string, appID *string, profile *graph.EncryptedDataInput,
) (*graph.LoginPayload, error) {
	app, err := r.servedApp(appID)
	if err != nil {
		return nil, err
	}
	sealed, err := parseOpenData(profile, "profile.")
	if err != nil {
		return nil, err
	}
	payload, err := r.loginOnce(ctx, app, code, sealed)
	if err != nil {
		return nil, err
	}
	prove(ctx, payload) // here, since each who shares the login is a request of its own
	return payload, nil
}

// appID returns the app that is named, which may be none of this server's, or
// the only one there is.
func (r *Resolver) appID(named *string) (string, error) {
	if named != nil {
		return *named, nil
	}
	apps := r.WeChat.Apps()
	if len(apps) != 1 {
		return "", invalidInput("appId", "must be given: several apps are configured")
	}
	return apps[0], nil
}

// servedApp is appID for an app that must be this server's.
func (r *Resolver) servedApp(named *string) (string, error) {
	app, err := r.appID(named)
	if err == nil && !slices.Contains(r.WeChat.Apps(), app) {
		return "", invalidInput("appId", "is not an app of this server")
	}
	return app, err
}

// flight is a login under way, with a digest of its arguments.
type flight struct {
	arguments [32]byte
	payload   *graph.LoginPayload
}

// loginOnce lets the same code with the same arguments, sent again while the
// first is under way, share its answer; with other arguments the code is spent.
// The login goes on when its first caller leaves: the code is spent already and
// others may wait.
func (r mutation) loginOnce(ctx context.Context, app, code string, sealed *openDataInput) (*graph.LoginPayload, error) {
	arguments := sealed.digest()
	result := r.logins.DoChan(app+"\x00"+code, func() (shared any, err error) {
		defer func() {
			if p := recover(); p != nil { // singleflight would end the process
				shared = flight{arguments: arguments}
				err = fmt.Errorf("resolvers: panic in login: %v\n%s", p, debug.Stack())
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginTimeout)
		defer cancel()
		payload, err := r.limitedLogin(ctx, app, code, sealed)
		return flight{arguments, payload}, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case done := <-result:
		shared, _ := done.Val.(flight)
		if done.Shared && shared.arguments != arguments {
			return nil, wechat.ErrCodeInvalid
		}
		return shared.payload, done.Err
	}
}

// limitedLogin is login within the limits, which count what becomes of it even when
// its caller has left.
func (r mutation) limitedLogin(ctx context.Context, app, code string, sealed *openDataInput) (*graph.LoginPayload, error) {
	return limitFailures(ctx, r.Resolver, func() (*graph.LoginPayload, error) {
		return limitApp(r.Resolver, app, func() (*graph.LoginPayload, error) { return r.login(ctx, app, code, sealed) })
	})
}

// login is the way of one login: who is it, remember, hand out a handle.
func (r mutation) login(ctx context.Context, app, code string, sealed *openDataInput) (*graph.LoginPayload, error) {
	who, err := r.WeChat.Code2Session(ctx, app, code)
	if err != nil {
		return nil, err
	}
	key := store.SessionKey{Text: who.SessionKey.Reveal(), GivenAt: r.Now()}
	profile, err := r.loginProfile(ctx, app, who, key, sealed)
	if err != nil {
		return nil, err
	}
	id := store.NewID(store.SessionPrefix, r.Now())
	refresh, err := r.keptRefresh(r.Tokens.NextRefresh(id, 0))
	if err != nil {
		return nil, err
	}
	visit := visitOf(ctx)
	in, err := r.Store.Login(ctx, store.Login{
		AppID: app, OpenID: who.OpenID, UnionID: store.Optional(who.UnionID),
		SessionKey: key, Profile: profile, SessionID: id, Refresh: refresh,
		UserAgent: store.Optional(visit.UserAgent), IPAddress: store.Optional(visit.IPAddress),
	})
	if err != nil {
		return nil, err
	}
	r.announce(in.Session)
	return r.loginPayload(ctx, in.Session, in.User, in.IsNewUser)
}

// loginProfile opens the profile that came with a login: with the key of this
// very code, then with the identity's earlier ones, since the data may have been
// fetched just before wx.login. When it does not hold there is no login, but the
// new key stays: WeChat has rotated it already.
func (r mutation) loginProfile(
	ctx context.Context, app string, who wechat.Session, key store.SessionKey, sealed *openDataInput,
) (*store.Profile, error) {
	if sealed == nil {
		return nil, nil
	}
	earlier, err := r.Store.SessionKeys(ctx, app, who.OpenID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	keys := append([]store.SessionKey{key}, earlier...)
	profile, err := sealed.profile(recipient{appID: app, openID: who.OpenID, keys: keys})
	if err == nil {
		profile = keepable(profile)
		return &profile, nil
	}
	refuseErr := r.Store.RefuseLogin(ctx, store.RefusedLogin{
		AppID: app, OpenID: who.OpenID, SessionKey: key,
		IPAddress: store.Optional(visitOf(ctx).IPAddress), Reason: "the profile did not open",
	})
	if refuseErr != nil && !errors.Is(refuseErr, store.ErrNotFound) {
		return nil, refuseErr
	}
	return nil, err
}

// keptRefresh is what the store keeps of a refresh token.
func (r *Resolver) keptRefresh(t token.Refresh) (store.RefreshToken, error) {
	text, err := r.Tokens.RefreshToken(t)
	return store.RefreshToken{Generation: t.Generation, KeyID: t.KeyID, Hash: token.HashRefresh(text)}, err
}

// loginPayload hands out the handles to a session as the store holds it.
func (r *Resolver) loginPayload(ctx context.Context, session store.Session, user store.User, isNew bool) (*graph.LoginPayload, error) {
	now := r.Now().Truncate(time.Second)
	expiresAt := now.Add(r.AccessTTL).UTC()
	access, err := r.Tokens.Issue(token.Claims{
		UserID: user.ID, SessionID: session.ID, AppID: session.AppID, IssuedAt: now, ExpiresAt: expiresAt,
	})
	if err != nil {
		return nil, err
	}
	issued := token.Refresh{SessionID: session.ID, Generation: session.Refresh.Generation, KeyID: session.Refresh.KeyID}
	refresh, err := withNewestKeys(ctx, r.Tokens, func() (string, error) { return r.Tokens.RefreshToken(issued) })
	if err != nil {
		return nil, err
	}
	return &graph.LoginPayload{
		AccessToken: access, ExpiresAt: expiresAt, ExpiresIn: int32(r.AccessTTL / time.Second),
		RefreshToken: refresh, RefreshExpiresAt: session.ExpiresAt,
		OpenID: session.OpenID, UnionID: known(string(user.UnionID)), User: &user, IsNewUser: isNew,
	}, nil
}

// RefreshLogin exchanges a refresh token for a new pair.
func (r mutation) RefreshLogin(ctx context.Context, refreshToken string) (*graph.LoginPayload, error) {
	payload, err := limitFailures(ctx, r.Resolver, func() (*graph.LoginPayload, error) {
		return r.refreshLogin(ctx, refreshToken)
	})
	if err != nil {
		return nil, err
	}
	prove(ctx, payload)
	return payload, nil
}

func (r mutation) refreshLogin(ctx context.Context, refreshToken string) (*graph.LoginPayload, error) {
	presented, err := withNewestKeys(ctx, r.Tokens, func() (token.Refresh, error) { return r.Tokens.ParseRefresh(refreshToken) })
	if err != nil {
		return nil, err
	}
	next, err := r.keptRefresh(r.Tokens.NextRefresh(presented.SessionID, presented.Generation+1))
	if err != nil {
		return nil, err
	}
	session, user, err := r.Store.Refresh(ctx, store.Refresh{
		SessionID: presented.SessionID, Generation: presented.Generation, Hash: token.HashRefresh(refreshToken),
		Next: next, By: actor(ctx, ""),
	})
	if err != nil {
		return nil, err
	}
	return r.loginPayload(ctx, session, user, false)
}

// Logout ends the caller's session, or all of the caller's.
func (r mutation) Logout(ctx context.Context, everywhere bool) (*graph.LogoutPayload, error) {
	session, user, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	if everywhere {
		ended, err := r.Store.EndSessions(ctx, user.ID, actor(ctx, user.ID))
		return &graph.LogoutPayload{EndedSessions: int32(ended)}, err
	}
	err = r.Store.EndSession(ctx, user.ID, session.ID, actor(ctx, user.ID))
	if errors.Is(err, store.ErrNotFound) { // ended meanwhile, which is what was asked for
		return &graph.LogoutPayload{}, nil
	}
	return &graph.LogoutPayload{EndedSessions: 1}, err
}

// RevokeSession ends one of the caller's sessions.
func (r mutation) RevokeSession(ctx context.Context, id string) (*graph.RevokeSessionPayload, error) {
	_, user, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	err = r.Store.EndSession(ctx, user.ID, id, actor(ctx, user.ID))
	return &graph.RevokeSessionPayload{ID: id}, err
}

// Current reports whether the session is the one that asks. In the answer to
// login and refreshLogin it may be that nobody does, which is no error.
func (r session) Current(ctx context.Context, s *store.Session) (bool, error) {
	who, err := r.caller(ctx)
	return err == nil && who.session != nil && who.session.ID == s.ID, nil
}
