package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// accessToken is WeChat's access_token. It formats as "[access_token]" under fmt
// and log/slog. encoding/json writes it out, for the state that is sealed.
type accessToken string

func (t accessToken) String() string             { return "[access_token]" }
func (t accessToken) Format(s fmt.State, _ rune) { io.WriteString(s, t.String()) }
func (t accessToken) LogValue() slog.Value       { return slog.StringValue(t.String()) }

// authorised makes a call that takes an access_token. When WeChat refuses the
// token the call is repeated once with the next one, if one may be had now:
// WeChat has then not looked at the rest, and a code in it is not spent. The
// error is an *Error, or what LoadToken or UpdateToken returned, wrapped.
func (c *Client) authorised(ctx context.Context, appID string, r apiRequest, read func(*object) bool) error {
	if _, ok := c.secrets[appID]; !ok {
		return &Error{Endpoint: r.endpoint, Class: ErrUnknownApp}
	}
	if c.loadToken == nil {
		return &Error{Endpoint: r.endpoint, Class: ErrConfiguration, reason: "no place to keep an access_token"}
	}
	refused, err := c.attempt(ctx, appID, r, read, false)
	if !refused {
		return err
	}
	_, err = c.attempt(ctx, appID, r, read, true)
	return err
}

// attempt makes the call with the app's token, which is fresh when it takes the
// place of one that was just refused. A token that WeChat refuses is dropped.
func (c *Client) attempt(
	ctx context.Context, appID string, r apiRequest, read func(*object) bool, fresh bool,
) (refused bool, err error) {
	s, err := c.token(ctx, appID)
	if err != nil {
		return false, err
	}
	r.token = s.Token
	err = c.call(ctx, r, read)
	switch {
	case isRefusal(err):
		saved := c.update(ctx, appID, func(s *tokenState) { s.drop(r.token, fresh, c.now()) })
		if saved != nil {
			return false, saved
		}
		return true, err
	case err == nil && s.Distrusted:
		// The call is done and its code spent. An instance that still distrusts
		// the token refreshes it once too often, which harms nobody.
		_ = c.update(ctx, appID, func(s *tokenState) { s.trust(r.token) })
	}
	return false, err
}

// isRefusal reports whether a call that was made with an access_token failed
// because of it.
func isRefusal(err error) bool {
	failure := new(Error)
	return errors.As(err, &failure) && slices.Contains(tokenRefusals, failure.Errcode)
}

func (c *Client) load(ctx context.Context, appID string) (tokenState, error) {
	saved, err := c.loadToken(ctx, appID)
	if err != nil {
		return tokenState{}, fmt.Errorf("wechat: load access_token: %w", err)
	}
	return parseTokenState(saved), nil
}

// update changes the saved state. change may run more than once.
func (c *Client) update(ctx context.Context, appID string, change func(*tokenState)) error {
	err := c.updateToken(ctx, appID, func(old []byte) ([]byte, error) {
		s := parseTokenState(old)
		change(&s)
		return json.Marshal(s)
	})
	if err != nil {
		return fmt.Errorf("wechat: update access_token: %w", err)
	}
	return nil
}
