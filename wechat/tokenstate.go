package wechat

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"
)

// tokenStateVersion is that of the saved state. One of another version is
// discarded: WeChat gives the same token again.
const tokenStateVersion = 1

// Of WeChat's page on stable_token (获取稳定版接口调用凭据).
const (
	maxTokenLife  = 2 * time.Hour   // expires_in is at most 7200
	tokenOverlap  = 5 * time.Minute // old and new token are both valid so long
	forceInterval = 30 * time.Second
	forcesPerDay  = 20
)

const (
	// leaseLife is longer than a call, so that a lease that ran out is a dead
	// instance's.
	leaseLife = callTimeout + 2*time.Second

	// steadyPause is between two calls of stable_token when the cause of the
	// first does not go away by itself.
	steadyPause = 10 * time.Second

	// maxBackoff is between two calls when WeChat has been away for long.
	maxBackoff = time.Minute

	// clockSkew is how far the clocks of two instances may be apart.
	clockSkew = time.Minute
)

// china is where WeChat's day begins.
var china = time.FixedZone("China", 8*60*60)

// tokenState is what all instances know of one app's access_token, as it is
// saved.
type tokenState struct {
	Version int `json:"version"`

	Token   accessToken `json:"token,omitempty"`
	Expires time.Time   `json:"expires,omitzero"`
	Renew   time.Time   `json:"renew,omitzero"` // ask for the next token from then on

	// Holder has the lease: it alone calls stable_token, until LeaseEnds.
	Holder    string    `json:"holder,omitempty"`
	LeaseEnds time.Time `json:"leaseEnds,omitzero"`
	Forcing   bool      `json:"forcing,omitempty"` // the call of this lease is forced

	Failures uint      `json:"failures,omitempty"` // of stable_token, in a row
	Errcode  int       `json:"errcode,omitempty"`  // of the last one
	RetryAt  time.Time `json:"retryAt,omitzero"`   // no call before it

	// Distrusted says that WeChat refused a token right after giving it, and has
	// accepted none since. Only then is the next one forced, which kills all
	// earlier ones.
	Distrusted bool      `json:"distrusted,omitempty"`
	ForcedAt   time.Time `json:"forcedAt,omitzero"`
	Forces     int       `json:"forces,omitempty"` // on the day of ForcedAt
}

// parseTokenState makes a new state of one that cannot be read. What it said is
// lost, and costs one call.
func parseTokenState(saved []byte) tokenState {
	var s tokenState
	if json.Unmarshal(saved, &s) != nil || s.Version != tokenStateVersion {
		return tokenState{Version: tokenStateVersion}
	}
	return s
}

// step is what a need for a token comes to.
type step int

const (
	stepUse   step = iota // the token
	stepFetch             // the next token
	stepWait              // another instance is fetching
	stepStop              // no call is allowed now
)

// step says what to do now. A live token is used until it should be renewed, and
// on while it cannot be. Where only a forced call could help, there is none until
// it may be forced.
func (s *tokenState) step(now time.Time) step {
	held := ahead(s.LeaseEnds, now, leaseLife)
	stopped := ahead(s.RetryAt, now, time.Hour) || s.Distrusted && s.forcedLately(now)
	switch {
	case s.live(now) && (now.Before(s.Renew) || held || stopped):
		return stepUse
	case held:
		return stepWait
	case stopped:
		return stepStop
	}
	return stepFetch
}

func (s *tokenState) live(now time.Time) bool {
	return s.Token != "" && ahead(s.Expires, now, maxTokenLife)
}

// ahead reports whether t is still to come. One that is further away than most
// comes from a clock that was wrong, and does not count.
func ahead(t, now time.Time, most time.Duration) bool {
	left := t.Sub(now)
	return 0 < left && left <= most+clockSkew
}

// claim gives the lease to holder and decides whether its call is forced. A
// forced call counts before it is made: it may succeed without our hearing of
// it.
func (s *tokenState) claim(holder string, now time.Time) {
	s.Holder, s.LeaseEnds = holder, now.Add(leaseLife)
	if !sameDay(s.ForcedAt, now) {
		s.Forces = 0
	}
	s.Forcing = s.Distrusted && s.Forces < forcesPerDay && !s.forcedLately(now)
	if s.Forcing {
		s.ForcedAt = now
		s.Forces++
	}
}

func (s *tokenState) forcedLately(now time.Time) bool {
	return now.Sub(s.ForcedAt).Abs() < forceInterval
}

func sameDay(a, b time.Time) bool {
	return a.In(china).Format(time.DateOnly) == b.In(china).Format(time.DateOnly)
}

// settle ends the lease with what came of its call, which set out when asked.
func (s *tokenState) settle(g grant, failure error, asked, now time.Time) {
	if failure != nil {
		s.fail(failure, now)
	} else {
		s.succeed(g, asked, now)
	}
	s.Holder, s.LeaseEnds, s.Forcing = "", time.Time{}, false
}

func (s *tokenState) succeed(g grant, asked, now time.Time) {
	s.Token, s.Expires = g.token, asked.Add(g.life)
	s.Renew = s.Expires.Add(-tokenOverlap)
	if pause := now.Add(steadyPause); s.Renew.Before(pause) {
		s.Renew = pause // WeChat gave one that is about to end
	}
	s.Failures, s.Errcode, s.RetryAt = 0, 0, time.Time{}
}

// fail says when the next call may be made.
func (s *tokenState) fail(err error, now time.Time) {
	failure := new(Error)
	errors.As(err, &failure)
	s.Failures++
	s.Errcode = failure.Errcode
	pause := backoff(s.Failures)
	switch {
	case s.Forcing && failure.Errcode == dayQuotaSpent: // of the forced calls; others may go on
		s.Forces = forcesPerDay
	case failure.Class == ErrRateLimited:
		pause = failure.RetryAfter()
	case failure.Class == ErrConfiguration:
		pause = steadyPause
	}
	s.RetryAt = now.Add(pause)
}

// backoff doubles from a second to a minute, and takes off up to half of it, so
// that servers that failed together do not come back together.
func backoff(failures uint) time.Duration {
	longest := min(time.Second<<min(failures-1, 6), maxBackoff)
	return longest - rand.N(longest/2)
}

// failure is the error of a need that must wait for RetryAt.
func (s *tokenState) failure() error {
	class := ErrUnavailable
	if s.Errcode != 0 {
		class = classOf(s.Errcode)
	}
	return &Error{Endpoint: stableToken, Errcode: s.Errcode, Class: class, reason: "too soon after a failed call"}
}

// drop forgets a token that WeChat refused, unless another took its place. One
// that was fresh, or came while there was distrust, is not followed at once: the
// next need would make as many calls.
func (s *tokenState) drop(refused accessToken, fresh bool, now time.Time) {
	if s.Token != refused {
		return
	}
	s.Token, s.Expires, s.Renew = "", time.Time{}, time.Time{}
	if fresh || s.Distrusted {
		s.Distrusted = true
		s.Errcode, s.RetryAt = 0, now.Add(steadyPause)
	}
}

// trust takes distrust back once WeChat has accepted the token.
func (s *tokenState) trust(accepted accessToken) {
	if s.Token == accepted {
		s.Distrusted = false
	}
}
