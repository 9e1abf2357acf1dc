package wechat

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime/debug"
	"time"
)

const (
	stableToken = "stable_token"

	// maxToken is the longest access_token that is kept, in bytes. WeChat asks
	// for room for 512.
	maxToken = 2048

	// refreshTimeout bounds a refresh: the rest of a dead instance's lease, a
	// call, and the store.
	refreshTimeout = leaseLife + callTimeout + 3*time.Second

	// pollInterval is how often an instance looks whether another has the token
	// that both need.
	pollInterval = 50 * time.Millisecond
)

// token returns a state with a live token. It waits for one that is being
// fetched, here or elsewhere, only when there is none.
func (c *Client) token(ctx context.Context, appID string) (tokenState, error) {
	s, err := c.load(ctx, appID)
	if err != nil {
		return tokenState{}, err
	}
	now := c.now()
	switch s.step(now) {
	case stepUse:
		return s, nil
	case stepStop:
		return tokenState{}, s.failure()
	}
	refreshed := c.refreshes.DoChan(appID, func() (any, error) {
		return c.refresh(context.WithoutCancel(ctx), appID)
	})
	if s.live(now) {
		return s, nil
	}
	select {
	case <-ctx.Done():
		return tokenState{}, leftWaiting(ctx)
	case result := <-refreshed:
		s, _ := result.Val.(tokenState)
		return s, result.Err
	}
}

func leftWaiting(ctx context.Context) error {
	failure := transportFailure(ctx, ctx.Err())
	failure.Endpoint = stableToken
	return failure
}

// refresh returns a state with a live token that need not be renewed, if one can
// be had: it fetches one, at most once, or waits for the instance that does. It
// serves every need of this instance, so it goes on when the first of them
// leaves.
func (c *Client) refresh(ctx context.Context, appID string) (_ tokenState, err error) {
	defer func() {
		if p := recover(); p != nil { // singleflight would end the process
			err = fmt.Errorf("wechat: panic in refresh: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	holder := rand.Text()
	for {
		s, next, err := c.claim(ctx, appID, holder)
		switch {
		case err != nil:
			return tokenState{}, err
		case next == stepUse:
			return s, nil
		case next == stepStop:
			return tokenState{}, s.failure()
		case next == stepFetch:
			return c.renew(ctx, appID, s)
		}
		select {
		case <-ctx.Done():
			return tokenState{}, leftWaiting(ctx)
		case <-time.After(pollInterval):
		}
	}
}

// claim looks what to do, and when that is to fetch, takes the lease for it.
func (c *Client) claim(ctx context.Context, appID, holder string) (tokenState, step, error) {
	s, err := c.load(ctx, appID)
	if err != nil {
		return tokenState{}, stepStop, err
	}
	next := s.step(c.now())
	if next != stepFetch {
		return s, next, nil
	}
	err = c.update(ctx, appID, func(saved *tokenState) {
		now := c.now()
		if next = saved.step(now); next == stepFetch {
			saved.claim(holder, now)
		}
		s = *saved
	})
	return s, next, err
}

// renew fetches the token under the lease that claim took. A token that comes
// when the lease is another's is not kept, only used: WeChat has just given it.
func (c *Client) renew(ctx context.Context, appID string, claimed tokenState) (tokenState, error) {
	asked := c.now()
	g, failure := c.askStableToken(ctx, appID, claimed.Forcing)
	var s tokenState
	err := c.update(ctx, appID, func(saved *tokenState) {
		if saved.Holder == claimed.Holder {
			saved.settle(g, failure, asked, c.now())
		}
		s = *saved
	})
	switch {
	case err != nil:
		return tokenState{}, err
	case failure != nil:
		return tokenState{}, failure
	}
	s.Token = g.token
	return s, nil
}

// grant is what stable_token gave.
type grant struct {
	token accessToken
	life  time.Duration
}

// askStableToken asks WeChat for the app's token (获取稳定版接口调用凭据): the
// present one while it lives, the next in its last five minutes, or a new one at
// once when forced.
func (c *Client) askStableToken(ctx context.Context, appID string, forced bool) (grant, error) {
	r := apiRequest{
		path:     "/cgi-bin",
		endpoint: stableToken,
		body: struct {
			GrantType    string `json:"grant_type"`
			AppID        string `json:"appid"`
			Secret       string `json:"secret"`
			ForceRefresh bool   `json:"force_refresh"`
		}{"client_credential", appID, c.secrets[appID], forced},
	}
	var g grant
	if err := c.call(ctx, r, g.read); err != nil {
		return grant{}, err
	}
	return g, nil
}

func (g *grant) read(answer *object) bool {
	g.token = accessToken(answer.text("access_token"))
	seconds := answer.whole("expires_in")
	g.life = time.Duration(min(seconds, int64(maxTokenLife/time.Second))) * time.Second
	return g.token != "" && len(g.token) <= maxToken && seconds > 0
}
