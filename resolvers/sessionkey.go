package resolvers

import (
	"context"
	"errors"
	"sync"

	"menshen/graph"
	"menshen/store"
	"menshen/wechat"
)

// keyCheck is what WeChat said of the caller's session_key in one request.
type keyCheck struct {
	once  sync.Once
	state *graph.SessionKeyState
	err   error
}

// SessionKey tells whether WeChat still accepts the caller's session_key.
// However often a document asks, WeChat is asked once.
func (r query) SessionKey(ctx context.Context) (*graph.SessionKeyState, error) {
	who, err := r.caller(ctx)
	if err != nil || who.session == nil { // the service key has none
		return nil, err
	}
	key := &visitOf(ctx).sessionKey
	key.once.Do(func() { key.state, key.err = r.sessionKeyState(ctx, who.session) })
	return key.state, key.err
}

// sessionKeyState asks WeChat about the newest session_key that is held.
func (r query) sessionKeyState(ctx context.Context, session *store.Session) (*graph.SessionKeyState, error) {
	keys, err := r.Store.SessionKeys(ctx, session.AppID, session.OpenID)
	if errors.Is(err, store.ErrNotFound) || err == nil && len(keys) == 0 {
		return new(graph.SessionKeyStateStale), nil
	}
	if err != nil {
		return nil, err
	}
	valid, err := r.WeChat.CheckSession(ctx, session.AppID, session.OpenID, wechat.SessionKey(keys[0].Text))
	if err != nil {
		return nil, err
	}
	if !valid {
		return new(graph.SessionKeyStateStale), nil
	}
	return new(graph.SessionKeyStateValid), nil
}
