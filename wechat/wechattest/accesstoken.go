package wechattest

import (
	"encoding/base64"
	"maps"
	"strings"
	"time"
)

const (
	tokenLife      = 2 * time.Hour
	tokenOverlap   = 5 * time.Minute // old and new are both valid so long
	forceInterval  = 30 * time.Second
	forcesPerDay   = 20
	plainPerDay    = 2000 // a newly registered account's quota
	tokenPrefix    = "76_"
	tokenBytes     = 99 // of randomness
	tokenRemembers = time.Hour
)

// accessToken is one token of one app.
type accessToken struct {
	value   string
	appID   string
	expires time.Time // as it was issued: 42001 from then on
	dies    time.Time // a newer token took its place: 40001 from then on
}

// tokenLine is one of an app's two lines of tokens. /cgi-bin/token and
// /cgi-bin/stable_token never touch each other's.
type tokenLine struct {
	latest, previous *accessToken
	forced           time.Time // force_refresh last worked
}

// authenticate checks an AppSecret and notes whose call it is.
func (s *Simulator) authenticate(c *call, appID, secret string) error {
	want, known := s.apps[appID]
	switch {
	case appID == "":
		return errNoAppID
	case secret == "":
		return errNoAppSecret
	case !known:
		return errAppID
	case secret != want:
		return errAppSecret
	}
	c.appID = appID
	return nil
}

// authorise checks the access_token of a call and notes whose it is.
func (s *Simulator) authorise(c *call) error {
	value := c.query.Get("access_token")
	tok, known := s.tokens[value]
	switch {
	case value == "":
		return errNoAccessToken
	case !tokenShaped(value):
		return errAccessToken
	case !known:
		return errCredential
	case !c.now.Before(tok.expires):
		return errTokenExpired
	case !c.now.Before(tok.dies):
		return errCredential
	}
	c.appID = tok.appID
	return nil
}

func tokenShaped(value string) bool {
	return strings.HasPrefix(value, tokenPrefix) &&
		len(value) == len(tokenPrefix)+base64.RawURLEncoding.EncodedLen(tokenBytes)
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
}

// plainToken is GET /cgi-bin/token: always a new token, and the one before
// it has five minutes left.
func (s *Simulator) plainToken(c *call) (any, error) {
	q := c.query
	if err := s.authenticate(c, q.Get("appid"), q.Get("secret")); err != nil {
		return nil, err
	}
	if q.Get("grant_type") != "client_credential" {
		return nil, errGrantType
	}
	if !s.day.allow("/cgi-bin/token "+c.appID, plainPerDay, c.now) {
		return nil, errDailyQuota
	}
	line := lineOf(s.plain, c.appID)
	if line.latest != nil {
		line.latest.dies = c.now.Add(tokenOverlap)
	}
	return s.issue(line, c).answer(c.now), nil
}

// stableToken is POST /cgi-bin/stable_token.
func (s *Simulator) stableToken(c *call) (any, error) {
	var in struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := s.authenticate(c, in.AppID, in.Secret); err != nil {
		return nil, err
	}
	if in.GrantType != "client_credential" {
		return nil, errGrantType
	}
	line := lineOf(s.stable, c.appID)
	if in.ForceRefresh && c.now.Sub(line.forced) >= forceInterval {
		return s.force(line, c)
	}
	if line.latest != nil && line.latest.remaining(c.now) > tokenOverlap {
		return line.latest.answer(c.now), nil
	}
	return s.issue(line, c).answer(c.now), nil
}

// force replaces a stable token; every earlier one of the line dies at once.
func (s *Simulator) force(line *tokenLine, c *call) (any, error) {
	if !s.day.allow("force_refresh "+c.appID, forcesPerDay, c.now) {
		return nil, errDailyQuota
	}
	for _, tok := range []*accessToken{line.latest, line.previous} {
		if tok != nil {
			tok.dies = c.now
		}
	}
	line.forced = c.now
	return s.issue(line, c).answer(c.now), nil
}

// issue makes the line's next token and forgets those long expired.
func (s *Simulator) issue(line *tokenLine, c *call) *accessToken {
	maps.DeleteFunc(s.tokens, func(_ string, tok *accessToken) bool {
		return tok.remaining(c.now) < -tokenRemembers
	})
	value := tokenPrefix + base64.RawURLEncoding.EncodeToString(s.fresh(tokenBytes, "access_token"))
	expires := c.now.Add(tokenLife)
	tok := &accessToken{value: value, appID: c.appID, expires: expires, dies: expires}
	s.tokens[value] = tok
	line.latest, line.previous = tok, line.latest
	return tok
}

func (t *accessToken) remaining(now time.Time) time.Duration { return t.expires.Sub(now) }

func (t *accessToken) answer(now time.Time) tokenAnswer {
	return tokenAnswer{AccessToken: t.value, ExpiresIn: int64(t.remaining(now) / time.Second)}
}

func lineOf(lines map[string]*tokenLine, appID string) *tokenLine {
	line, known := lines[appID]
	if !known {
		line = &tokenLine{}
		lines[appID] = line
	}
	return line
}
