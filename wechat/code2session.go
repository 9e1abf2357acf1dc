package wechat

import (
	"context"
	"net/url"
)

const jscode2session = "jscode2session"

// Session is who WeChat says a login code belongs to.
type Session struct {
	OpenID string // names the user within the app
	// UnionID names the user across the apps of one Open Platform account;
	// empty without one.
	UnionID    string
	SessionKey SessionKey // opens the user's open data until WeChat gives out another
}

// Code2Session redeems a code of wx.login (WeChat: auth.code2Session). The code
// leaves this process once at most, and a code that left counts as spent,
// whatever comes back: WeChat may have taken it. The error is an *Error of any
// class; with ErrUnknownApp, and with ErrCodeInvalid for an empty code or one
// of more than 1024 bytes, nothing was sent.
func (c *Client) Code2Session(ctx context.Context, appID, code string) (Session, error) {
	secret, ok := c.secrets[appID]
	if !ok {
		return Session{}, &Error{Endpoint: jscode2session, Class: ErrUnknownApp}
	}
	if !sendable(code) {
		return Session{}, &Error{Endpoint: jscode2session, Class: ErrCodeInvalid}
	}
	r := apiRequest{
		path:     "/sns",
		endpoint: jscode2session,
		query: url.Values{
			"appid":      {appID},
			"secret":     {secret},
			"js_code":    {code},
			"grant_type": {"authorization_code"},
		},
		classes: map[int]error{40029: ErrCodeInvalid, 40163: ErrCodeInvalid, 40226: ErrLoginBlocked},
	}
	var s Session
	if err := c.call(ctx, r, s.read); err != nil {
		return Session{}, err
	}
	return s, nil
}

func (s *Session) read(answer *object) bool {
	s.OpenID = answer.identifier("openid")
	s.UnionID = answer.identifier("unionid")
	s.SessionKey = SessionKey(answer.identifier("session_key"))
	_, usable := s.SessionKey.bytes()
	return usable && s.OpenID != "" && max(len(s.OpenID), len(s.UnionID)) <= maxIdentifier
}

// maxIdentifier is the longest openid or unionid that is taken for one, in bytes.
// WeChat's have 28.
const maxIdentifier = 128
