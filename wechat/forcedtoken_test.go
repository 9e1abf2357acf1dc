package wechat

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestTokenIsForcedOnlyAfterAFreshOneWasRefused(t *testing.T) {
	for _, errcode := range tokenRefusals {
		t.Run(fmt.Sprint(errcode), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				c := w.client(t)
				mustNeed(t, c)
				w.fault(t, checkSessionPath, errcode, 1)
				mustNeed(t, c) // the same token again, and this time it works
				w.wantTokenCalls(t, 2)

				w.fault(t, checkSessionPath, errcode, 2)
				err := need(t, c)
				failure := new(Error)
				if !errors.As(err, &failure) || failure.Class != ErrUnavailable || failure.Errcode != errcode {
					t.Errorf("err = %v, want ErrUnavailable with errcode %d", err, errcode)
				}
				w.wantTokenCalls(t, 3)
				if w.forces() != 0 {
					t.Fatal("forced without need")
				}
				passes(steadyPause)
				w.fault(t, checkSessionPath, -1, 1) // nothing is known of the forced one
				if err := need(t, c); !errors.Is(err, ErrUnavailable) {
					t.Errorf("err = %v, want ErrUnavailable", err)
				}
				w.wantTokenCalls(t, 4)
				if state := w.state(t); w.forces() != 1 || state.Distrusted {
					t.Errorf("%d calls were forced, distrusted: %t; want one, and trust", w.forces(), state.Distrusted)
				}
			})
		})
	}
}

// A refusal may arrive when another instance has long replaced the token.
func TestLateRefusalOfAReplacedToken(t *testing.T) {
	replaced := tokenState{Token: "76_new", Expires: time.Unix(1, 0)}
	for name, tell := range map[string]func(*tokenState, accessToken){
		"drop": (*tokenState).drop, "trust": (*tokenState).trust,
		"distrust": func(s *tokenState, refused accessToken) { s.distrust(refused, time.Unix(0, 0)) },
	} {
		state := replaced
		if tell(&state, "76_old"); state != replaced {
			t.Errorf("%s of the old token changed the new one", name)
		}
	}
}

// refuseTwice has WeChat refuse a token and the fresh one after it, and waits
// until the next may be asked for: before, no need makes a call.
func refuseTwice(t *testing.T, w *world, c *Client) {
	t.Helper()
	w.fault(t, checkSessionPath, 40001, 2)
	if err := need(t, c); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("err = %v, want ErrUnavailable", err)
	}
	calls := w.Calls()[stableTokenPath]
	if err := need(t, c); !errors.Is(err, ErrUnavailable) || w.Calls()[stableTokenPath] != calls {
		t.Errorf("a need right after: %v, and %d more calls", err, w.Calls()[stableTokenPath]-calls)
	}
	passes(steadyPause)
}

func TestForcedCallsAreFew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		refuseTwice(t, w, c)
		refuseTwice(t, w, c)
		if got := w.forces(); got != 1 {
			t.Fatalf("%d forced, want 1", got)
		}
		passes(forceInterval - steadyPause - time.Second)
		mustNeed(t, c)
		if state := w.state(t); w.forces() != 1 || state.Distrusted {
			t.Errorf("%d forced, distrusted: %t; want 1 and trust in a token that worked", w.forces(), state.Distrusted)
		}
		for range forcesPerDay + 5 {
			passes(forceInterval)
			refuseTwice(t, w, c)
		}
		if got := w.forces(); got != forcesPerDay {
			t.Errorf("%d forced in a day, want %d", got, forcesPerDay)
		}
		passes(24 * time.Hour)
		refuseTwice(t, w, c)
		mustNeed(t, c)
		if got := w.forces(); got != forcesPerDay+1 {
			t.Errorf("%d forced in two days, want %d", got, forcesPerDay+1)
		}
	})
}

// Somebody else may have spent the quota of forced calls. That is no reason to
// do without the others.
func TestSpentForcesDoNotStopOtherCalls(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		refuseTwice(t, w, c)
		w.fault(t, stableTokenPath, 45009, 1)
		wantTokenFailure(t, need(t, c), ErrRateLimited, 45009)
		passes(forceInterval)
		mustNeed(t, c)
		if got := w.forces(); got != 1 {
			t.Errorf("%d forced, want 1", got)
		}
	})
}
