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
}

// FailureLimit bounds how often what one key does fails.
type FailureLimit interface {
	// Begin lets it begin, unless the key must wait, and returns how long it must.
	// Until its End what has begun counts as if it had failed.
	Begin(key string) time.Duration
	// End is called once for each that began.
	End(key string, failed bool)
}

// Limits are counted by the caller's address, user and app. One that is nil limits
// nothing.
type Limits struct {
	LoginFailures FailureLimit // logins and refreshes that are refused, by address
	ScanLogins    Limit        // createScanLogin, by address
	Users         Limit        // requests, by user
	Apps          Limit        // logins that succeed and requests of users, by app
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

// failures are what somebody gets who guesses, or tries what was taken from them.
// That WeChat is away, or that something here is broken, is none.
var failures = []error{
	wechat.ErrCodeInvalid, wechat.ErrLoginBlocked, token.ErrInvalid,
	store.ErrSessionEnded, store.ErrRefreshReused, store.ErrUserBlocked,
}

// limitFailures carries a login of any kind out, unless too many from its address
// failed of late: then nobody is asked, and nothing is spent. It takes a place
// before, so that guesses made at once are all counted, and gives it back unless it
// fails: any number of good logins may come from one address, one after the other.
func limitFailures[T any](ctx context.Context, r *Resolver, login func() (T, error)) (result T, err error) {
	limit, address := r.Limits.LoginFailures, visitOf(ctx).IPAddress
	if limit == nil {
		return login()
	}
	if err := excess(limit.Begin(address)); err != nil {
		return result, err
	}
	defer func() { limit.End(address, failed(err)) }() // also after a panic
	return login()
}

func failed(err error) bool {
	return slices.ContainsFunc(failures, func(failure error) bool { return errors.Is(err, failure) })
}

// limitApp carries a login out, unless its app's allowance is used up, and counts it
// if it succeeds. One that does not has proved nothing, and strangers may not use up
// what the users of an app share. One that does is never refused: it is durable.
func limitApp[T any](r *Resolver, app string, login func() (T, error)) (result T, err error) {
	limit := r.Limits.Apps
	if limit == nil {
		return login()
	}
	if err := excess(limit.Wait(app)); err != nil {
		return result, err
	}
	if result, err = login(); err == nil {
		limit.Take(app)
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
