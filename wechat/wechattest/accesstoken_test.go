package wechattest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func stable(t *testing.T, s *Simulator, force bool) got {
	t.Helper()
	return post(t, s, "/cgi-bin/stable_token", fmt.Sprintf(
		`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":%v}`, DevAppID, DevAppSecret, force))
}

func plain(t *testing.T, s *Simulator) got {
	t.Helper()
	return get(t, s, "/cgi-bin/token", "grant_type", "client_credential", "appid", DevAppID, "secret", DevAppSecret)
}

// wantToken checks what a token is worth: 0 when it is accepted. The call is
// one that fails with 87009 once the token is past.
func wantToken(t *testing.T, s *Simulator, tok string, want int) {
	t.Helper()
	if want == 0 {
		want = 87009
	}
	get(t, s, "/wxa/checksession", "access_token", tok).wantFailure(t, want)
}

func expiresIn(t *testing.T, g got) time.Duration {
	t.Helper()
	n, is := g.object(t)["expires_in"].(float64)
	if !is {
		t.Fatalf("no expires_in in %s", g.body)
	}
	return time.Duration(n) * time.Second
}

func TestStableToken(t *testing.T) {
	s := fixed(t)
	first := stable(t, s, false)
	tok := first.text(t, "access_token")
	if d := expiresIn(t, first); d != 2*time.Hour {
		t.Errorf("expires in %v, want 2h", d)
	}
	if len(tok) > 512 {
		t.Errorf("a token of %d characters, WeChat promises at most 512", len(tok))
	}
	t.Run("is the same while it is valid", func(t *testing.T) {
		advance(t, s, 115*time.Minute-time.Second)
		again := stable(t, s, false)
		if again.text(t, "access_token") != tok || expiresIn(t, again) != 5*time.Minute+time.Second {
			t.Errorf("got %s", again.body)
		}
	})
	t.Run("rolls five minutes early with both valid", func(t *testing.T) {
		advance(t, s, time.Second)
		next := stable(t, s, false).text(t, "access_token")
		if next == tok {
			t.Error("the token did not roll")
		}
		wantToken(t, s, tok, 0)
		wantToken(t, s, next, 0)
		advance(t, s, 5*time.Minute)
		wantToken(t, s, tok, 42001)
		wantToken(t, s, next, 0)
	})
}

func TestForceRefresh(t *testing.T) {
	s := fixed(t)
	first := token(t, s)
	second := stable(t, s, true).text(t, "access_token")
	wantToken(t, s, first, 40001)
	wantToken(t, s, second, 0)
	t.Run("closer than thirty seconds changes nothing", func(t *testing.T) {
		advance(t, s, 30*time.Second-1)
		if stable(t, s, true).text(t, "access_token") != second {
			t.Error("refreshed")
		}
	})
	t.Run("twenty times a day", func(t *testing.T) {
		for range forcesPerDay - 1 {
			advance(t, s, 30*time.Second)
			second = stable(t, s, true).text(t, "access_token")
		}
		advance(t, s, 30*time.Second)
		stable(t, s, true).wantFailure(t, 45009)
		if token(t, s) != second {
			t.Error("the refused refresh cost the token")
		}
	})
	t.Run("the day begins at midnight in China", func(t *testing.T) {
		advance(t, s, 12*time.Hour)
		stable(t, s, true).text(t, "access_token")
	})
}

// Ensure that a forced refresh kills the token of the overlap too.
func TestForceRefreshDuringTheOverlap(t *testing.T) {
	s := fixed(t)
	first := token(t, s)
	advance(t, s, 116*time.Minute)
	second := token(t, s)
	stable(t, s, true).text(t, "access_token")
	wantToken(t, s, first, 40001)
	wantToken(t, s, second, 40001)
}

func TestPlainToken(t *testing.T) {
	s := fixed(t)
	first := plain(t, s).text(t, "access_token")
	second := plain(t, s).text(t, "access_token")
	steady := token(t, s)
	t.Run("old and new overlap five minutes", func(t *testing.T) {
		advance(t, s, 5*time.Minute-1)
		wantToken(t, s, first, 0)
		advance(t, s, 1)
		wantToken(t, s, first, 40001)
		wantToken(t, s, second, 0)
	})
	t.Run("the stable line knows nothing of it", func(t *testing.T) {
		if steady == first || steady == second || token(t, s) != steady {
			t.Error("the lines touch")
		}
		stable(t, s, true).text(t, "access_token")
		wantToken(t, s, second, 0)
	})
	t.Run("expires", func(t *testing.T) {
		advance(t, s, 115*time.Minute)
		wantToken(t, s, second, 42001)
	})
	t.Run("and is forgotten", func(t *testing.T) {
		advance(t, s, 2*time.Hour)
		plain(t, s).text(t, "access_token")
		wantToken(t, s, second, 40001)
		if len(s.tokens) != 1 {
			t.Errorf("%d tokens remembered, want 1", len(s.tokens))
		}
	})
}

func TestTokenRefusals(t *testing.T) {
	s := fixed(t)
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"no body", "", 44002},
		{"not JSON", "{", 47001},
		{"no appid", `{}`, 41002},
		{"no secret", `{"appid":"` + DevAppID + `"}`, 41004},
		{"an unknown app", `{"appid":"wxnobody","secret":"x"}`, 40013},
		{"a wrong secret", `{"appid":"` + DevAppID + `","secret":"x"}`, 40125},
		{"no grant type", `{"appid":"` + DevAppID + `","secret":"` + DevAppSecret + `"}`, 40002},
	} {
		t.Run(c.name, func(t *testing.T) { post(t, s, "/cgi-bin/stable_token", c.body).wantFailure(t, c.want) })
	}
	t.Run("parameters in the body of token", func(t *testing.T) {
		post(t, s, "/cgi-bin/token", "appid="+DevAppID).wantFailure(t, 41002)
	})
	t.Run("a grant type of another kind", func(t *testing.T) {
		get(t, s, "/cgi-bin/token", "grant_type", "x", "appid", DevAppID, "secret", DevAppSecret).wantFailure(t, 40002)
	})
	t.Run("more than the day's quota", func(t *testing.T) {
		for range plainPerDay {
			s.day.allow("/cgi-bin/token "+DevAppID, plainPerDay, clock())
		}
		plain(t, s).wantFailure(t, 45009)
	})
}

func TestAuthorise(t *testing.T) {
	s := fixed(t)
	get(t, s, "/wxa/checksession").wantFailure(t, 41001)
	get(t, s, "/wxa/checksession", "access_token", "nonsense").wantFailure(t, 40014)
	stranger := tokenPrefix + strings.Repeat("A", len(token(t, s))-len(tokenPrefix))
	get(t, s, "/wxa/checksession", "access_token", stranger).wantFailure(t, 40001)
}
