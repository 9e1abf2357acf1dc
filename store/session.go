package store

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Session is one login state of one device. The token that a client carries is
// a handle to it; the session is the truth.
type Session struct {
	ID         string
	UserID     string
	AppID      string
	OpenID     string
	CreatedAt  time.Time
	LastUsedAt time.Time // lags by at most LastUsedAccuracy
	ExpiresAt  time.Time
	UserAgent  Optional // of the client that began it; at most MaxUserAgent bytes
	IPAddress  Optional
	Blocked    bool           // its user was blocked: it is kept to tell the client why, and used by nobody
	Refresh    RefreshToken   // the one token that may be exchanged next
	Recent     []RefreshToken // those it replaced within RefreshGrace, newest first
}

// Live reports whether the session may be used at the instant now.
func (s Session) Live(now time.Time) bool { return !s.Blocked && now.Before(s.ExpiresAt) }

// MaxUserAgent is how many bytes of a User-Agent are kept.
const MaxUserAgent = 256

// ClipUserAgent returns what is kept of a User-Agent: valid UTF-8 of at most
// MaxUserAgent bytes, without characters that would command a terminal or turn
// the direction of writing.
func ClipUserAgent(s Optional) Optional {
	return Optional(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(s[:min(len(s), MaxUserAgent)]), "")))
}

// RefreshToken is what is kept of a refresh token: enough to know it again and
// to derive it again, never its text.
type RefreshToken struct {
	Generation uint32    // 0 at login, one more at each exchange
	KeyID      uint32    // of the key that derived it
	Hash       [32]byte  // SHA-256 of the text
	IssuedAt   time.Time // when its predecessor was exchanged for it; zero at generation 0
}

// withinGrace reports whether the token's predecessor may still get it again. A
// clock that was set back does not turn an honest repeat into theft.
func (t RefreshToken) withinGrace(now time.Time) bool {
	return t.Generation > 0 && now.Sub(t.IssuedAt) <= RefreshGrace
}

// maxRepeatable is far more than an honest client exchanges within RefreshGrace.
const maxRepeatable = 8

// Login is a code that WeChat has accepted, on its way into the store.
//
// The identity's user is found; if the identity is new it joins the user who
// holds the unionid; if nobody does, a user is made. A unionid that another user
// holds than the identity's makes one user of the two: see Merge. The daily
// figures count the login and, on the first of a day, the user.
type Login struct {
	AppID      string
	OpenID     string
	UnionID    Optional // unknown when WeChat told none
	SessionKey SessionKey
	Profile    *Profile // opened and verified; nil when none came
	SessionID  string   // from NewID, so that its refresh token could be derived first
	Refresh    RefreshToken
	UserAgent  Optional
	IPAddress  Optional
}

// RefusedLogin is a login that fails though WeChat has accepted its code.
type RefusedLogin struct {
	AppID      string
	OpenID     string
	SessionKey SessionKey
	IPAddress  Optional
	Reason     Optional // for the audit
}

// LoggedIn is what a login left behind, read in its own transaction.
type LoggedIn struct {
	User      User
	Session   Session
	IsNewUser bool
}

// Refresh is a refresh token on its way to be exchanged. The caller has
// authenticated SessionID and Generation.
//
// A token of the current generation is exchanged for Next. Within RefreshGrace
// of that it gets the same successor again. Later any token but the current one
// is theft and ends the session. A ninth exchange within RefreshGrace is
// ErrSessionEnded though the session lives on, so that no token that may still
// be repeated has to be forgotten.
//
// The Session that comes back names the successor in its Refresh field; it is
// Next only for the call that made the exchange.
type Refresh struct {
	SessionID  string
	Generation uint32
	Hash       [32]byte // SHA-256 of the token's text
	Next       RefreshToken
	By         Actor
}

// RefreshOutcome is what a presented refresh token deserves.
type RefreshOutcome int

// The outcomes, from Session.Judge.
const (
	RefreshInvalid  RefreshOutcome = iota // refused, held against nobody
	RefreshExchange                       // the current token
	RefreshRepeat                         // one exchanged within the grace
	RefreshTheft                          // any earlier one
)

// Judge decides what a refresh token deserves at the instant now, and names the
// successor that a repeat gets again. A generation from the future was issued in
// a life of the store that a restored backup has undone; it is refused and
// nothing is held against its bearer. An exchange beyond maxRepeatable within
// RefreshGrace is refused likewise: its token works once the grace is over.
func (s Session) Judge(in Refresh, now time.Time) (outcome RefreshOutcome, successor RefreshToken) {
	if !now.Before(s.ExpiresAt) || in.Generation > s.Refresh.Generation {
		return RefreshInvalid, RefreshToken{}
	}
	repeatable := s.repeatable(now)
	if in.Generation == s.Refresh.Generation {
		if in.Hash != s.Refresh.Hash || len(repeatable) >= maxRepeatable {
			return RefreshInvalid, RefreshToken{}
		}
		return RefreshExchange, RefreshToken{}
	}
	for _, t := range repeatable {
		if t.Generation == in.Generation+1 {
			return RefreshRepeat, t
		}
	}
	return RefreshTheft, RefreshToken{}
}

// repeatable returns the tokens whose predecessors may still get them again,
// newest first.
func (s Session) repeatable(now time.Time) []RefreshToken {
	known := append([]RefreshToken{s.Refresh}, s.Recent...)
	return slices.DeleteFunc(known, func(t RefreshToken) bool { return !t.withinGrace(now) })
}

// Exchanged returns the session after its refresh token was exchanged for next.
func (s Session) Exchanged(next RefreshToken, life time.Duration, now time.Time) Session {
	if s.Recent = s.repeatable(now); len(s.Recent) == 0 {
		s.Recent = nil // as it will be read again
	}
	s.Refresh = next
	s.Refresh.IssuedAt = now
	s.LastUsedAt = now
	s.ExpiresAt = now.Add(life)
	return s
}
