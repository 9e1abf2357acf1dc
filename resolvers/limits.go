package resolvers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"menshen/store"
	"menshen/token"
	"menshen/wechat"
)

// Limit bounds how often one key does something. Its methods return how long
// the key must wait, zero when it need not.
type Limit interface {
	// Wait changes nothing.
	Wait(key string) time.Duration
	// Take counts once, unless the key must wait.
	Take(key string) time.Duration
	// Charge counts once, whether the key must wait or not.
	Charge(key string)
}

// Limits are counted by the caller's address, user and app. One that is nil limits
// nothing.
type Limits struct {
	Refused    Limit // logins and refreshes that fail, by address
	ScanLogins Limit // createScanLogin, by address
	Users      Limit // requests, by user
	Apps       Limit // requests and logins, by app
}

// limitError is a request more than a limit allows.
type limitError struct{ wait time.Duration }

func (e *limitError) Error() string { return fmt.Sprintf("%v: wait %v", errTooMany, e.wait) }
func (e *limitError) Unwrap() error { return errTooMany }

// RetryAfter is how long to wait.
func (e *limitError) RetryAfter() time.Duration { return e.wait }

// take counts once; the error is nil or a *limitError.
func take(limit Limit, key string) error {
	if limit == nil {
		return nil
	}
	return excess(limit.Take(key))
}

func excess(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	return &limitError{wait}
}

// refusals are what somebody gets who guesses, or tries what was taken from them.
// That WeChat is away, or that something here is broken, is none.
var refusals = []error{
	wechat.ErrCodeInvalid, wechat.ErrLoginBlocked, token.ErrInvalid,
	store.ErrSessionEnded, store.ErrRefreshReused, store.ErrUserBlocked, store.ErrNotFound,
}

// limitRefusals carries a login of any kind out, unless too many from its address
// were refused of late: then nobody is asked, and nothing is spent. A refusal is
// counted after it is known, so that any number of good logins may come from one
// address.
func limitRefusals[T any](ctx context.Context, r *Resolver, login func() (T, error)) (result T, err error) {
	limit, address := r.Limits.Refused, visitOf(ctx).IPAddress
	if limit == nil {
		return login()
	}
	if err := excess(limit.Wait(address)); err != nil {
		return result, err
	}
	result, err = login()
	if slices.ContainsFunc(refusals, func(refusal error) bool { return errors.Is(err, refusal) }) {
		limit.Charge(address)
	}
	return result, err
}

// countCaller counts a request against the limits of its user and of the app that
// they came through, once, however often the caller is looked up. The service key
// is not limited.
func (r *Resolver) countCaller(v *visit) error {
	if v.caller.user == nil || v.counted {
		return v.excess
	}
	v.counted = true
	v.excess = take(r.Limits.Users, v.caller.user.ID)
	if v.excess == nil {
		v.excess = take(r.Limits.Apps, v.caller.session.AppID)
	}
	return v.excess
}
