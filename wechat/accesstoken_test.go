package wechat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"menshen/wechat/wechattest"
)

func TestManyNeedsMakeOneTokenCall(t *testing.T) {
	for name, instances := range map[string]int{"one instance": 1, "four instances": 4} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				clients := make([]*Client, instances)
				for i := range clients {
					clients[i] = w.client(t)
				}
				needTogether(t, clients, 64)
				w.wantTokenCalls(t, 1)
				w.forceElsewhere(t)
				needTogether(t, clients, 64)
				w.wantTokenCalls(t, 3) // the first, the one elsewhere, and one more
				if w.forces() != 1 {
					t.Error("a token was forced that nobody had refused when it was fresh")
				}
			})
		})
	}
}

// needTogether has n needs at once, spread over the clients.
func needTogether(t *testing.T, clients []*Client, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := need(t, clients[i%len(clients)]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestTokenBelongsToOneApp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		mustNeed(t, c)
		if _, err := c.CheckSession(t.Context(), otherApp, "oTest-1", testKey); err != nil {
			t.Fatal(err)
		}
		w.wantTokenCalls(t, 2)
		if string(w.saved.byApp[testApp]) == string(w.saved.byApp[otherApp]) {
			t.Error("two apps share a token")
		}
	})
}

func TestTokenIsRenewedBeforeItsEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		mustNeed(t, c)
		first := w.state(t).Token
		passes(maxTokenLife - tokenOverlap - time.Second)
		mustNeed(t, c)
		w.wantTokenCalls(t, 1)
		passes(time.Second)
		mustNeed(t, c) // with the old token, while the next one comes
		synctest.Wait()
		mustNeed(t, c)
		w.wantTokenCalls(t, 2)
		if w.state(t).Token == first {
			t.Error("the token is still the first")
		}
	})
}

// Nobody waits for the next token while there is one.
func TestEarlyRenewalKeepsNobodyWaiting(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		mustNeed(t, c)
		passes(maxTokenLife - tokenOverlap)
		if err := w.Fault(wechattest.Fault{Path: "/cgi-bin/stable_token", Hang: true}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		needTogether(t, []*Client{c, w.client(t)}, 8)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("the needs waited %v", waited)
		}
		passes(callTimeout)
		w.wantTokenCalls(t, 2)
		mustNeed(t, c) // the failure is invisible, and the next try too early
		w.wantTokenCalls(t, 2)
		passes(time.Second)
		mustNeed(t, c)
		synctest.Wait()
		w.wantTokenCalls(t, 3)
	})
}

// A token that is about to end when it comes is not asked for again and again.
func TestShortTokenIsNoReasonToHammer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if err := w.Fault(wechattest.Fault{
			Path: "/cgi-bin/stable_token", Times: 2, Body: `{"access_token":"76_short","expires_in":60}`,
		}); err != nil {
			t.Fatal(err)
		}
		w.fault(t, "/wxa/checksession", badSignature, 21)
		c := w.client(t)
		for range 20 {
			mustNeed(t, c)
			passes(time.Second / 2)
		}
		w.wantTokenCalls(t, 1)
		mustNeed(t, c)
		synctest.Wait()
		w.wantTokenCalls(t, 2)
	})
}

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
				fault.Path, fault.Times = "/cgi-bin/stable_token", 1000
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
	for errcode, tc := range map[int]struct {
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
				w.fault(t, "/cgi-bin/stable_token", errcode, 1)
				c, other := w.client(t), w.client(t)
				wantTokenFailure(t, need(t, c), tc.class, errcode)
				passes(tc.pause - 1)
				wantTokenFailure(t, need(t, other), tc.class, errcode)
				w.wantTokenCalls(t, 1)
				passes(1)
				mustNeed(t, c)
				w.wantTokenCalls(t, 2)
			})
		})
	}
}

func TestTokenIsForcedOnlyAfterAFreshOneWasRefused(t *testing.T) {
	for _, errcode := range tokenRefusals {
		t.Run(fmt.Sprint(errcode), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				c := w.client(t)
				mustNeed(t, c)
				w.fault(t, "/wxa/checksession", errcode, 1)
				mustNeed(t, c) // the same token again, and this time it works
				w.wantTokenCalls(t, 2)

				w.fault(t, "/wxa/checksession", errcode, 2)
				err := need(t, c)
				failure := new(Error)
				if !errors.As(err, &failure) || failure.Class != ErrUnavailable || failure.Errcode != errcode {
					t.Errorf("err = %v, want ErrUnavailable with errcode %d", err, errcode)
				}
				w.wantTokenCalls(t, 3)
				if w.forces() != 0 {
					t.Fatal("forced without need")
				}
				w.fault(t, "/wxa/checksession", -1, 1) // nothing is known of the forced one
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
		"drop": (*tokenState).drop, "distrust": (*tokenState).distrust, "trust": (*tokenState).trust,
	} {
		state := replaced
		if tell(&state, "76_old"); state != replaced {
			t.Errorf("%s of the old token changed the new one", name)
		}
	}
}

// refuseTwice has WeChat refuse a token and the fresh one after it.
func refuseTwice(t *testing.T, w *world, c *Client) {
	t.Helper()
	w.fault(t, "/wxa/checksession", 40001, 2)
	if err := need(t, c); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("err = %v, want ErrUnavailable", err)
	}
}

func TestForcedCallsAreFew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		refuseTwice(t, w, c)
		refuseTwice(t, w, c)
		if got := w.forces(); got != 1 {
			t.Fatalf("%d forced, want 1", got)
		}
		passes(forceInterval - time.Second)
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
		w.fault(t, "/cgi-bin/stable_token", 45009, 1)
		wantTokenFailure(t, need(t, c), ErrRateLimited, 45009)
		passes(forceInterval)
		mustNeed(t, c)
		if got := w.forces(); got != 1 {
			t.Errorf("%d forced, want 1", got)
		}
	})
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
		if err := w.Fault(wechattest.Fault{Path: "/cgi-bin/stable_token", Delay: 4 * time.Second}); err != nil {
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
				w.fault(t, "/cgi-bin/stable_token", -1, 1)
				c := w.client(t)
				wantUnavailable(t, need(t, c), -1)
				passes(time.Minute)
				mustNeed(t, c)
				w.wantTokenCalls(t, 2)
			})
		})
	}
}

func TestStoreFailureReachesTheCaller(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		down := errors.New("the store is down")
		w.saved.fail(down)
		c := w.client(t)
		failure := new(Error)
		if err := need(t, c); !errors.Is(err, down) || errors.As(err, &failure) {
			t.Errorf("err = %v, want the store's and none of WeChat's", err)
		}
		w.wantTokenCalls(t, 0)
		w.saved.fail(nil)
		mustNeed(t, c)
	})
}

func TestPanicOfTheStoreIsAnError(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		c.updateToken = func(context.Context, string, func([]byte) ([]byte, error)) error { panic("no store") }
		if err := need(t, c); err == nil || !strings.Contains(err.Error(), "no store") {
			t.Errorf("err = %v, want the panic", err)
		}
	})
}

func TestWithoutAPlaceForTokens(t *testing.T) {
	c, calls := newTestClient(t, "http://127.0.0.1:1")
	if err := need(t, c); !errors.Is(err, ErrConfiguration) {
		t.Errorf("err = %v, want ErrConfiguration", err)
	}
	if _, err := c.CheckSession(t.Context(), "wxffffffffffffffff", "oTest-1", testKey); !errors.Is(err, ErrUnknownApp) {
		t.Errorf("err = %v, want ErrUnknownApp", err)
	}
	if len(*calls) != 0 {
		t.Errorf("observed %+v, want nothing", *calls)
	}
	if _, err := NewClient(Options{LoadToken: new(savedTokens).load}); err == nil {
		t.Error("LoadToken alone is taken")
	}
}

func TestTokenHides(t *testing.T) {
	state := tokenState{Token: "76_canary"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		for _, v := range []any{state, &state, state.Token, grant{token: "76_canary"}.token} {
			if text := fmt.Sprintf(verb, v); !strings.Contains(text, "[access_token]") || strings.Contains(text, "canary") {
				t.Errorf("%s of %T = %s", verb, v, text)
			}
		}
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", state.Token, "state", state)
	if strings.Contains(log.String(), "canary") {
		t.Errorf("logged: %s", log.String())
	}
}
