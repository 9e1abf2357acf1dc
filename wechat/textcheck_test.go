package wechat

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"menshen/wechat/wechattest"
)

func TestCheckText(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		mei := w.login(t, c, "mei")
		for text, want := range map[string]TextVerdict{
			"你好 <&>":                    TextPass,
			strings.Repeat("字", 2500):   TextPass,
			"x " + wechattest.RiskyText: TextRisky,
		} {
			if got, err := c.CheckText(t.Context(), testApp, mei.OpenID, text); got != want || err != nil {
				t.Errorf("verdict = %q, err = %v, want %q", got, err, want)
			}
		}
	})
}

func TestCheckTextUnchecked(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		mei := w.login(t, c, "mei")
		for _, text := range []string{"", strings.Repeat("字", 2501)} {
			wantUnchecked(t, c, mei.OpenID, text, 0)
		}
		w.wantTokenCalls(t, 0)
		wantUnchecked(t, c, "o-nobody", "hello", 40003)
		passes(2*time.Hour + 1)
		wantUnchecked(t, c, mei.OpenID, "hello", 61010)
	})
}

func wantUnchecked(t *testing.T, c *Client, openID, text string, errcode int) {
	t.Helper()
	verdict, err := c.CheckText(t.Context(), testApp, openID, text)
	failure := new(Error)
	if !errors.As(err, &failure) || failure.Class != ErrTextUnchecked || failure.Errcode != errcode || verdict != "" {
		t.Errorf("verdict = %q, err = %v, want ErrTextUnchecked with errcode %d", verdict, err, errcode)
	}
}

func TestCheckTextErrcodes(t *testing.T) {
	for errcode, test := range map[int]struct {
		class error
		wait  time.Duration
	}{
		-1:    {ErrUnavailable, 0},
		44991: {ErrRateLimited, time.Minute},
		45009: {ErrRateLimited, time.Hour},
		45011: {ErrRateLimited, time.Minute},
		40129: {ErrConfiguration, 0},
		43104: {ErrTextUnchecked, 0},
	} {
		t.Run(fmt.Sprint(errcode), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.fault(t, textCheckPath, errcode, 1)
				_, err := w.client(t).CheckText(t.Context(), testApp, "oTest-1", "hello")
				failure := new(Error)
				if !errors.As(err, &failure) || failure.Class != test.class || failure.RetryAfter() != test.wait {
					t.Fatalf("err = %v, want %v and a wait of %v", err, test.class, test.wait)
				}
				wantNoSecret(t, err)
			})
		})
	}
}

func TestCheckTextAnswers(t *testing.T) {
	for body, want := range map[string]TextVerdict{
		`{"errcode":0,"result":{"suggest":"review","label":20001}}`: TextReview,
		`{"errcode":87014,"errmsg":"risky content"}`:                TextRisky,
		`{"errcode":0,"result":{"suggest":"maybe"}}`:                "",
		`{"errcode":0,"result":{}}`:                                 "",
		`{"errcode":0}`:                                             "",
	} {
		t.Run(body, func(t *testing.T) {
			c, _ := newTestClient(t, serve(t, answer(body)))
			c.loadToken = savedToken(t, time.Now().Add(time.Hour))
			verdict, err := c.CheckText(t.Context(), testApp, "oTest-1", "hello")
			if verdict != want || errors.Is(err, ErrUnavailable) != (want == "") {
				t.Errorf("verdict = %q, err = %v, want %q", verdict, err, want)
			}
		})
	}
}
