package wechattest

import (
	"strconv"
	"time"
)

// loginsPerMinute is how often one user's codes may be exchanged (WeChat's
// auth.code2Session page).
const loginsPerMinute = 100

// Login is what wx.login gives the mini program, and whom it stands for.
type Login struct {
	Code    string `json:"code"`
	OpenID  string `json:"openId"`
	UnionID string `json:"unionId,omitempty"` // once the app is bound
}

type loginCode struct {
	id   *identity
	key  string // the session_key of this login
	used bool
}

// Login plays wx.login. The user is made on first use; the session_key is
// replaced when it is older than Options.RotateAfter. It returns
// ErrUnknownApp, ErrInvalid for the name, or ErrFull.
func (s *Simulator) Login(appID, user string) (Login, error) {
	return s.login(appID, user, nil)
}

// LoginRotating is Login that replaces the session_key, or keeps it, as
// rotate says. A user without a live key gets one either way.
func (s *Simulator) LoginRotating(appID, user string, rotate bool) (Login, error) {
	return s.login(appID, user, &rotate)
}

func (s *Simulator) login(appID, user string, rotate *bool) (Login, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := s.act(appID, user)
	if err != nil {
		return Login{}, err
	}
	key := s.renew(id, rotate).key
	code := s.seed.alphanumeric(32, "code", strconv.FormatUint(s.next(), 10))
	s.codes.put(code, &loginCode{id: id, key: key}, s.now())
	return Login{Code: code, OpenID: id.openID, UnionID: s.unionID(id)}, nil
}

// renew extends the life of the user's session_key or replaces it. The
// caller holds s.mu.
func (s *Simulator) renew(id *identity, rotate *bool) *session {
	now := s.now()
	live := id.live(now)
	due := live == nil || now.Sub(live.born) >= s.rotateAfter
	if live != nil && rotate != nil {
		due = *rotate
	}
	if due {
		return s.rotate(id, now.Add(sessionLife))
	}
	live.expires = now.Add(sessionLife)
	return live
}

// sessionAnswer carries no errcode: WeChat's own success does not.
type sessionAnswer struct {
	SessionKey string `json:"session_key"`
	OpenID     string `json:"openid"`
	UnionID    string `json:"unionid,omitempty"`
}

// code2Session is GET /sns/jscode2session. The code is spent by the answer
// that succeeds and by no other.
func (s *Simulator) code2Session(c *call) (any, error) {
	q := c.query
	if q.Get("appid") != "" && q.Get("secret") != "" && q.Get("js_code") == "" {
		return nil, errNoCode
	}
	if err := s.authenticate(c, q.Get("appid"), q.Get("secret")); err != nil {
		return nil, err
	}
	if q.Get("grant_type") != "authorization_code" {
		return nil, errGrantType
	}
	code, known := s.codes.find(q.Get("js_code"), c.now)
	if !known || code.id.appID != c.appID {
		return nil, errCode
	}
	return s.exchange(code, c.now)
}

func (s *Simulator) exchange(code *loginCode, now time.Time) (any, error) {
	if !s.minute.allow("/sns/jscode2session "+code.id.openID, loginsPerMinute, now) {
		return nil, errMinuteQuota
	}
	if code.used {
		return nil, errCodeUsed
	}
	code.used = true
	return sessionAnswer{SessionKey: code.key, OpenID: code.id.openID, UnionID: s.unionID(code.id)}, nil
}

// checkSession is GET /wxa/checksession: whether the session_key that made
// the signature is the live one. Its page knows of no failure but 87009.
func (s *Simulator) checkSession(c *call) (any, error) {
	live := s.sessionOf(c)
	if live == nil || c.query.Get("sig_method") != "hmac_sha256" || !live.signed(c.query.Get("signature")) {
		return nil, errSignature
	}
	return ok(), nil
}

type resetAnswer struct {
	success
	OpenID     string `json:"openid"`
	SessionKey string `json:"session_key"`
}

// resetSessionKey is GET /wxa/resetusersessionkey. The new key ends when the
// old one would have.
func (s *Simulator) resetSessionKey(c *call) (any, error) {
	openID := c.query.Get("openid")
	live := s.sessionOf(c)
	switch {
	case openID == "" || c.query.Get("signature") == "":
		return nil, errArgs
	case c.query.Get("sig_method") != "hmac_sha256":
		return nil, errSigMethod
	case live == nil:
		return nil, errNoSessionKey
	case !live.signed(c.query.Get("signature")):
		return nil, errSignature
	}
	fresh := s.rotate(s.identities[openID], live.expires)
	return resetAnswer{success: ok(), OpenID: openID, SessionKey: fresh.key}, nil
}

// sessionOf returns the live session of the openid a call names, nil when
// there is none or it is another app's.
func (s *Simulator) sessionOf(c *call) *session {
	id, known := s.identities[c.query.Get("openid")]
	if !known || id.appID != c.appID {
		return nil
	}
	return id.live(c.now)
}
