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
		if err := w.Fault(wechattest.Fault{Path: stableTokenPath, Hang: true}); err != nil {
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
			Path: stableTokenPath, Times: 2, Body: `{"access_token":"76_short","expires_in":60}`,
		}); err != nil {
			t.Fatal(err)
		}
		w.fault(t, checkSessionPath, badSignature, 21)
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
