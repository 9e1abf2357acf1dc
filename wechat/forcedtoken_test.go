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
				mustNeed(t, c)
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
		"drop":     func(s *tokenState, refused accessToken) { s.drop(refused, false, time.Unix(0, 0)) },
		"distrust": func(s *tokenState, refused accessToken) { s.drop(refused, true, time.Unix(0, 0)) },
		"trust":    (*tokenState).trust,
	} {
		state := replaced
		if tell(&state, "76_old"); state != replaced {
			t.Errorf("%s of the old token changed the new one", name)
		}
	}
}

// refuse has WeChat refuse the token of the next calls, one need's.
func refuse(t *testing.T, w *world, c *Client, calls int) {
	t.Helper()
	w.fault(t, checkSessionPath, 40001, calls)
	if err := need(t, c); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("err = %v, want ErrUnavailable", err)
	}
}

func TestForcedCallsAreFew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		refuse(t, w, c, 2) // the first token, and the one after it
		for range forcesPerDay + 5 {
			passes(forceInterval)
			refuse(t, w, c, 1)
		}
		if got := w.forces(); got != forcesPerDay {
			t.Errorf("%d forced in a day, want %d", got, forcesPerDay)
		}
		passes(24 * time.Hour)
		mustNeed(t, c)
		w.fault(t, checkSessionPath, 40001, 1)
		mustNeed(t, c) // one that was accepted is no reason to force the next
		if got := w.forces(); got != forcesPerDay+1 {
			t.Errorf("%d forced in two days, want %d", got, forcesPerDay+1)
		}
	})
}

func TestNoCallUntilItMayBeForced(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		refuse(t, w, c, 2)
		passes(steadyPause)
		refuse(t, w, c, 1)
		w.wantTokenCalls(t, 3)
		passes(forceInterval - 1)
		wantUnavailable(t, need(t, w.client(t)), 0)
		w.wantTokenCalls(t, 3)
		passes(1)
		mustNeed(t, c)
		w.wantTokenCalls(t, 4)
		if state := w.state(t); w.forces() != 2 || state.Distrusted {
			t.Errorf("%d forced, distrusted: %t; want 2 and trust in a token that worked", w.forces(), state.Distrusted)
		}
	})
}

// When WeChat refuses whatever token it gives, a need costs one call and one
// token, or nothing at all.
func TestPermanentRefusalCostsLittle(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		refuse(t, w, c, 100_000)
		before, last := w.Calls(), time.Now()
		for range 1200 {
			passes(time.Second)
			if err := need(t, c); !errors.Is(err, ErrUnavailable) {
				t.Fatalf("err = %v, want ErrUnavailable", err)
			}
			after := w.Calls()
			tokens, calls := after[stableTokenPath]-before[stableTokenPath], after[checkSessionPath]-before[checkSessionPath]
			if tokens == 0 && calls == 0 {
				continue
			}
			if pause := time.Since(last); pause < steadyPause || tokens != 1 || calls != 1 {
				t.Fatalf("after %v a need made %d calls with %d tokens, want one with one after %v", pause, calls, tokens, steadyPause)
			}
			before, last = after, time.Now()
		}
		if got := w.forces(); got != forcesPerDay {
			t.Errorf("%d forced, want %d", got, forcesPerDay)
		}
	})
}

// Somebody else may have spent the quota of forced calls. That is no reason to
// do without the others.
func TestSpentForcesDoNotStopOtherCalls(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		refuse(t, w, c, 2)
		passes(steadyPause)
		w.fault(t, stableTokenPath, 45009, 1)
		wantTokenFailure(t, need(t, c), ErrRateLimited, 45009)
		passes(forceInterval)
		mustNeed(t, c)
		if got := w.forces(); got != 1 {
			t.Errorf("%d forced, want 1", got)
		}
	})
}
