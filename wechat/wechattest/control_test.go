package wechattest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func control(t *testing.T, s *Simulator, path, body string) got {
	t.Helper()
	return send(t, controlRequest(t, s, path, body))
}

func controlRequest(t *testing.T, s *Simulator, path, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}

// fields formats JSON with the app's id filled in.
func fields(format string, args ...any) string {
	return fmt.Sprintf(`{"appId":"`+DevAppID+`","user":"mei"`+format+`}`, args...)
}

// Ensure that the whole phone can be played in JSON.
func TestControl(t *testing.T) {
	s := fixed(t)
	l := control(t, s, "/sim/login", fields(""))
	key := exchange(t, s, l.text(t, "code")).text(t, "session_key")
	t.Run("login with rotate", func(t *testing.T) {
		same := control(t, s, "/sim/login", fields(`,"rotate":false`)).text(t, "code")
		if exchange(t, s, same).text(t, "session_key") != key {
			t.Error("rotated")
		}
	})
	t.Run("data", func(t *testing.T) {
		g := control(t, s, "/sim/data", fields(`,"kind":"profile","payload":{"nickName":"Mei"}`))
		d := OpenData{EncryptedData: g.text(t, "encryptedData"), IV: g.text(t, "iv")}
		if name := decrypt(t, d, key)["nickName"]; name != "Mei" {
			t.Errorf("nickName is %v", name)
		}
	})
	t.Run("phone code", func(t *testing.T) {
		code := control(t, s, "/sim/phone-code", fields(`,"phoneNumber":"13800138000"`)).text(t, "code")
		if phone(t, s, code, l.text(t, "openId")).object(t)["errmsg"] != "ok" {
			t.Error("the code does not work")
		}
	})
	t.Run("bind", func(t *testing.T) {
		control(t, s, "/sim/bind", `{"appIds":["`+DevAppID+`"]}`).object(t)
		control(t, s, "/sim/login", fields("")).text(t, "unionId")
	})
	t.Run("faults", func(t *testing.T) {
		control(t, s, "/sim/faults", `{"path":"/sns/jscode2session","errcode":-1,"delay":"1ms","times":1}`).object(t)
		exchange(t, s, login(t, s, "mei").Code).wantFailure(t, -1)
	})
	t.Run("clock", func(t *testing.T) {
		now := control(t, s, "/sim/clock", `{"advance":"5m"}`).text(t, "now")
		if want := clock().Add(5 * time.Minute).Format(time.RFC3339); now != want {
			t.Errorf("now is %s, want %s", now, want)
		}
	})
	t.Run("push", func(t *testing.T) {
		to, came := receiver(t)
		g := control(t, s, "/sim/push", fields(`,"event":"user_info_modified","to":%q,"mode":"secure"`, to))
		if g.text(t, "body") != "success" || len((<-came).body) == 0 {
			t.Errorf("got %s", g.body)
		}
	})
	t.Run("calls", func(t *testing.T) {
		want := map[string]any{
			"/sns/jscode2session": 3.0, "/cgi-bin/stable_token": 1.0, "/wxa/business/getuserphonenumber": 1.0,
		}
		if diff := cmp.Diff(want, get(t, s, "/sim/calls").object(t)); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestControlMistakes(t *testing.T) {
	s := fixed(t)
	for _, c := range []struct{ name, path, body string }{
		{"no body", "/sim/login", ""},
		{"a misspelt field", "/sim/login", `{"appID":"x","usr":"mei"}`},
		{"two objects", "/sim/login", fields("") + "{}"},
		{"an unknown app", "/sim/login", `{"appId":"wxnobody","user":"mei"}`},
		{"data before a login", "/sim/data", fields(`,"kind":"profile"`)},
		{"a phone that is none", "/sim/phone-code", fields(`,"phoneNumber":"x"`)},
		{"no apps", "/sim/bind", `{"appIds":[]}`},
		{"an empty fault", "/sim/faults", `{"path":"/sns/jscode2session","times":1}`},
		{"a delay that is none", "/sim/faults", `{"path":"/x","delay":"soon","times":1}`},
		{"a time that is none", "/sim/clock", `{"advance":"soon"}`},
		{"a clock turned back", "/sim/clock", `{"advance":"-1s"}`},
		{"a push elsewhere", "/sim/push", fields(`,"event":"e","to":"http://192.0.2.1/","mode":"plain"`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := control(t, s, c.path, c.body)
			sentence := g.text(t, "error")
			if g.status != http.StatusBadRequest || strings.HasPrefix(sentence, "wechattest") {
				t.Errorf("got %d %s", g.status, g.body)
			}
		})
	}
	t.Run("an unknown path", func(t *testing.T) {
		if g := control(t, s, "/sim/nothing", "{}"); g.status != http.StatusNotFound || g.text(t, "error") == "" {
			t.Errorf("got %d %s", g.status, g.body)
		}
	})
	t.Run("a push nobody takes", func(t *testing.T) {
		g := control(t, s, "/sim/push", fields(`,"event":"e","to":"http://127.0.0.1:1/","mode":"plain"`))
		if g.status != http.StatusBadGateway {
			t.Errorf("got %d %s", g.status, g.body)
		}
	})
}

// Ensure that a page in a developer's browser cannot play the phone.
func TestGuard(t *testing.T) {
	s := fixed(t)
	for _, c := range []struct {
		name  string
		spoil func(*http.Request)
		want  int
	}{
		{"a client without a browser", func(*http.Request) {}, 200},
		{"our own page", func(r *http.Request) { r.Header.Set("Origin", s.URL()) }, 200},
		{"by name", func(r *http.Request) { r.Host = "localhost:8081" }, 200},
		{"by another loopback address", func(r *http.Request) { r.Host = "[::1]:8081" }, 200},
		{"a foreign page", func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403},
		{"a page of another port", func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }, 403},
		{"a page of no origin", func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		{"a rebound name", func(r *http.Request) { r.Host = "evil.example" }, 403},
		{"a rebound name with its origin", func(r *http.Request) {
			r.Host = "evil.example"
			r.Header.Set("Origin", "http://evil.example")
		}, 403},
		{"an address that is not ours", func(r *http.Request) { r.Host = "192.0.2.1" }, 403},
		{"a form", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		{"no type", func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := controlRequest(t, s, "/sim/login", fields(""))
			c.spoil(req)
			if g := send(t, req); g.status != c.want {
				t.Errorf("got %d %s, want %d", g.status, g.body, c.want)
			}
		})
	}
	t.Run("reading", func(t *testing.T) {
		req := controlRequest(t, s, "/sim/state", "")
		req.Method, req.Host = http.MethodGet, "evil.example"
		if g := send(t, req); g.status != http.StatusForbidden {
			t.Errorf("got %d", g.status)
		}
	})
}

// Ensure that the page's view of the calls holds no secret.
func TestState(t *testing.T) {
	s := fixed(t)
	l := login(t, s, "mei")
	key := exchange(t, s, l.Code).text(t, "session_key")
	tok := token(t, s)
	check(t, s, tok, l.OpenID, key)
	get(t, s, "/cgi-bin/token", "appid", DevAppSecret, "secret", DevAppID)
	g := get(t, s, "/sim/state")
	for _, secret := range []string{DevAppSecret, l.Code, key, tok} {
		if strings.Contains(string(g.body), secret) {
			t.Errorf("a secret stands in %s", g.body)
		}
	}
	at := clock().Format(time.RFC3339)
	entry := func(method, path, app string, code float64) any {
		return map[string]any{"at": at, "method": method, "path": path, "appId": app, "status": 200.0, "errcode": code}
	}
	want := map[string]any{
		"apps": []any{DevAppID, otherApp}, "users": []any{"mei"}, "now": at, "faults": []any{},
		"recent": []any{
			entry("GET", "/cgi-bin/token", "", 40013),
			entry("GET", "/wxa/checksession", DevAppID, 0),
			entry("POST", "/cgi-bin/stable_token", DevAppID, 0),
			entry("GET", "/sns/jscode2session", DevAppID, 0),
		},
	}
	if diff := cmp.Diff(want, g.object(t)); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

// Ensure that strangers' paths cannot fill the memory.
func TestJournalIsBounded(t *testing.T) {
	s := NewSimulator(Options{Now: clock})
	for i := range maxPaths + 10 {
		s.take(&call{method: "GET", path: fmt.Sprintf("/%d/%s", i, strings.Repeat("x", 1000))})
	}
	if len(s.calls) != maxPaths || len(s.recent) != maxRecent || len(s.recent[0].Path) != maxText {
		t.Errorf("%d paths, %d calls, %d bytes", len(s.calls), len(s.recent), len(s.recent[0].Path))
	}
}

func TestLoopbackOnly(t *testing.T) {
	for addr, want := range map[string]error{
		"127.0.0.1:8081": nil, "localhost:0": nil, "[::1]:8081": nil, "127.8.9.1:1": nil,
		":8081": ErrInvalid, "0.0.0.0:8081": ErrInvalid, "192.0.2.1:8081": ErrInvalid,
		"example.com:80": ErrInvalid, "127.0.0.1": ErrInvalid, "[::]:1": ErrInvalid,
	} {
		if err := LoopbackOnly(addr); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", addr, err, want)
		}
	}
}
