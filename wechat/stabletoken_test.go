package wechat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"menshen/wechat/wechattest"
)

func TestFailedTokenCallIsNotRepeated(t *testing.T) {
	for name, fault := range map[string]wechattest.Fault{
		"busy":      {ErrCode: -1},
		"no answer": {Hang: true},
		"reset":     {Reset: true},
		"status":    {Status: 502},
		"no token":  {Body: `{"expires_in":7200}`},
		"no end":    {Body: `{"access_token":"76_x"}`},
		"long":      {Body: `{"access_token":"` + strings.Repeat("x", maxToken+1) + `","expires_in":7200}`},
		"past":      {Body: `{"access_token":"76_x","expires_in":-1}`},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				fault.Path, fault.Times = stableTokenPath, 1000
				if err := w.Fault(fault); err != nil {
					t.Fatal(err)
				}
				c := w.client(t)
				for calls := 1; calls <= 10; calls++ {
					for range 3 {
						wantUnavailable(t, need(t, c), fault.ErrCode)
					}
					w.wantTokenCalls(t, calls)
					state := w.state(t)
					longest := min(time.Second<<(calls-1), time.Minute)
					if pause := time.Until(state.RetryAt); pause < longest/2 || pause > longest {
						t.Errorf("after %d failures the pause is %v, want %v to %v", calls, pause, longest/2, longest)
					}
					passes(time.Until(state.RetryAt))
				}
			})
		})
	}
}

func wantUnavailable(t *testing.T, err error, errcode int) {
	t.Helper()
	wantTokenFailure(t, err, ErrUnavailable, errcode)
}

func wantTokenFailure(t *testing.T, err error, class error, errcode int) {
	t.Helper()
	failure := new(Error)
	if !errors.As(err, &failure) || failure.Class != class || failure.Errcode != errcode || failure.Endpoint != stableToken {
		t.Fatalf("err = %v, want %v of stable_token with errcode %d", err, class, errcode)
	}
}

func TestTokenRefusedByConfigurationOrQuota(t *testing.T) {
	for errcode, test := range map[int]struct {
		class error
		pause time.Duration
	}{
		45009: {ErrRateLimited, time.Hour},
		45011: {ErrRateLimited, time.Minute},
		40125: {ErrConfiguration, steadyPause},
		40013: {ErrConfiguration, steadyPause},
		40164: {ErrConfiguration, steadyPause},
		40001: {ErrConfiguration, steadyPause},
	} {
		t.Run(fmt.Sprint(errcode), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.fault(t, stableTokenPath, errcode, 1)
				c, other := w.client(t), w.client(t)
				wantTokenFailure(t, need(t, c), test.class, errcode)
				passes(test.pause - 1)
				wantTokenFailure(t, need(t, other), test.class, errcode)
				w.wantTokenCalls(t, 1)
				passes(1)
				mustNeed(t, c)
				w.wantTokenCalls(t, 2)
			})
		})
	}
}

func TestLeaseOfADeadHolder(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.change(t, func(s *tokenState) { s.claim("dead", time.Now()) })
		start := time.Now()
		mustNeed(t, w.client(t))
		if waited := time.Since(start); waited < leaseLife || waited > leaseLife+pollInterval {
			t.Errorf("waited %v, want %v", waited, leaseLife)
		}
		w.wantTokenCalls(t, 1)
	})
}

func TestNeedLeavesWithItsContext(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.change(t, func(s *tokenState) { s.claim("slow", time.Now()) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := w.client(t)
		_, err := c.CheckSession(ctx, testApp, "oTest-1", testKey)
		wantUnavailable(t, err, 0)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want context.DeadlineExceeded", err)
		}
		passes(leaseLife) // the refresh goes on without it
		w.wantTokenCalls(t, 1)
	})
}

func TestTokenOfALostLeaseIsNotKept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if err := w.Fault(wechattest.Fault{Path: stableTokenPath, Delay: 4 * time.Second}); err != nil {
			t.Fatal(err)
		}
		c := w.client(t)
		done := make(chan error)
		go func() { done <- need(t, c) }()
		passes(time.Second)
		w.change(t, func(s *tokenState) { s.claim("other", time.Now()) })
		before := w.state(t)
		if err := <-done; err != nil { // WeChat's own token is good all the same
			t.Error(err)
		}
		if after := w.state(t); after.Token != "" || after.Holder != before.Holder {
			t.Error("what came back under another's lease was kept")
		}
	})
}

func TestUnreadableTokenStateIsDiscarded(t *testing.T) {
	for _, saved := range []string{
		"", "null", "[]", "{", "canary", `{"version":2,"retryAt":"2999-01-01T00:00:00Z"}`,
		`{"version":1,"failures":-1}`,
		`{"version":1,"retryAt":"2999-01-01T00:00:00Z","leaseEnds":"2999-01-01T00:00:00Z","holder":"x"}`,
		`{"version":1,"token":"76_old","expires":"2999-01-01T00:00:00Z","renew":"2999-01-01T00:00:00Z"}`,
		`{"version":1,"failures":18446744073709551615}`,
	} {
		t.Run(saved, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.saved.byApp = map[string][]byte{testApp: []byte(saved)}
				w.fault(t, stableTokenPath, -1, 1)
				c := w.client(t)
				wantUnavailable(t, need(t, c), -1)
				passes(time.Minute)
				mustNeed(t, c)
				w.wantTokenCalls(t, 2)
			})
		})
	}
}
