package wechattest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCode2Session(t *testing.T) {
	s := fixed(t)
	l := login(t, s, "mei")
	g := exchange(t, s, l.Code)
	v := g.object(t)
	if v["openid"] != l.OpenID {
		t.Errorf("openid is %v, want %s", v["openid"], l.OpenID)
	}
	if key, err := base64.StdEncoding.DecodeString(g.text(t, "session_key")); err != nil || len(key) != 16 {
		t.Errorf("session_key is %d bytes (%v), want 16", len(key), err)
	}
	if len(v) != 2 {
		t.Errorf("fields beyond session_key and openid: %v", v)
	}
	if g.header.Get("Content-Type") != "text/plain" {
		t.Errorf("Content-Type is %q, want text/plain", g.header.Get("Content-Type"))
	}
	t.Run("a second time", func(t *testing.T) { exchange(t, s, l.Code).wantFailure(t, 40163) })
}

func TestCode2SessionRefusals(t *testing.T) {
	s := fixed(t)
	code := login(t, s, "mei").Code
	good := url.Values{
		"appid": {DevAppID}, "secret": {DevAppSecret},
		"js_code": {code}, "grant_type": {"authorization_code"},
	}
	for _, c := range []struct {
		name, field, value string
		want               int
	}{
		{"no appid", "appid", "", 41002},
		{"no secret", "secret", "", 41004},
		{"no code", "js_code", "", 41008},
		{"another appid", "appid", "wxnobody", 40013},
		{"another app's secret", "secret", "other-secret", 40125},
		{"another grant type", "grant_type", "client_credential", 40002},
		{"a code nobody made", "js_code", "nonsense", 40029},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, _ := url.ParseQuery(good.Encode())
			q.Set(c.field, c.value)
			do(t, http.MethodGet, s.URL()+"/sns/jscode2session?"+q.Encode(), "").wantFailure(t, c.want)
		})
	}
	t.Run("parameters in the body", func(t *testing.T) {
		post(t, s, "/sns/jscode2session", good.Encode()).wantFailure(t, 41002)
	})
	t.Run("an app the code was not made in", func(t *testing.T) {
		get(t, s, "/sns/jscode2session", "appid", otherApp, "secret", "other-secret",
			"js_code", code, "grant_type", "authorization_code").wantFailure(t, 40029)
	})
	t.Run("none of which spent the code", func(t *testing.T) { exchange(t, s, code).text(t, "openid") })
}

func TestCodeLivesFiveMinutes(t *testing.T) {
	s := fixed(t)
	inTime, late := login(t, s, "mei").Code, login(t, s, "mei").Code
	advance(t, s, 5*time.Minute-1)
	exchange(t, s, inTime).text(t, "openid")
	advance(t, s, 1)
	exchange(t, s, late).wantFailure(t, 40029)
	exchange(t, s, inTime).wantFailure(t, 40029)
}

func TestCodesAreForgotten(t *testing.T) {
	s := fixed(t)
	for range 10 {
		login(t, s, "mei")
	}
	advance(t, s, codeLife)
	login(t, s, "mei")
	if n := len(s.codes.entries); n != 1 || len(s.codes.order) != 1 {
		t.Errorf("%d codes remembered, want 1", n)
	}
}

// Ensure that neither codes nor users outgrow the memory meant for them.
func TestBounds(t *testing.T) {
	var book codebook[int]
	for i := range maxCodes + 1 {
		book.put(fmt.Sprint(i), i, clock())
	}
	_, oldest := book.find("0", clock())
	_, newest := book.find(fmt.Sprint(maxCodes), clock())
	if oldest || !newest || len(book.entries) != maxCodes {
		t.Errorf("oldest %v, newest %v, %d in all", oldest, newest, len(book.entries))
	}
	s := fixed(t)
	for i := range maxUsers {
		s.users[fmt.Sprint(i)] = struct{}{}
	}
	if _, err := s.Login(DevAppID, "one too many"); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	login(t, s, "1")
}

// Ensure that of many that hand in one code, one gets the session.
func TestConcurrentExchange(t *testing.T) {
	s := fixed(t)
	code := login(t, s, "mei").Code
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if strings.Contains(string(exchange(t, s, code).body), "session_key") {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d answers have a session_key, want 1", won.Load())
	}
	if n := s.Calls()["/sns/jscode2session"]; n != 32 {
		t.Errorf("%d calls counted, want 32", n)
	}
}

func TestThrottle(t *testing.T) {
	s := fixed(t)
	code := login(t, s, "mei").Code
	exchange(t, s, code).text(t, "openid")
	for range loginsPerMinute - 1 {
		exchange(t, s, code).wantFailure(t, 40163)
	}
	exchange(t, s, code).wantFailure(t, 45011)
	exchange(t, s, login(t, s, "lei").Code).text(t, "openid")
	advance(t, s, 30*time.Second)
	exchange(t, s, login(t, s, "mei").Code).text(t, "openid")
}

// sessionKey logs in and returns the key of that login.
func sessionKey(t *testing.T, s *Simulator) string {
	t.Helper()
	return exchange(t, s, login(t, s, "mei").Code).text(t, "session_key")
}

func TestRotation(t *testing.T) {
	s := fixed(t)
	first := sessionKey(t, s)
	advance(t, s, defaultRotateAfter-1)
	if sessionKey(t, s) != first {
		t.Error("a young key is replaced")
	}
	advance(t, s, 1)
	second := sessionKey(t, s)
	if second == first {
		t.Error("an old key stays")
	}
	for _, rotate := range []bool{false, true} {
		l, err := s.LoginRotating(DevAppID, "mei", rotate)
		if err != nil {
			t.Fatal(err)
		}
		if fresh := exchange(t, s, l.Code).text(t, "session_key") != second; fresh != rotate {
			t.Errorf("asked %v, rotated %v", rotate, fresh)
		}
	}
}

// Ensure that a code exchanged late yields the key of its own login.
func TestLateExchangeYieldsTheOldKey(t *testing.T) {
	s := fixed(t)
	early := login(t, s, "mei")
	late, err := s.LoginRotating(DevAppID, "mei", true)
	if err != nil {
		t.Fatal(err)
	}
	live := exchange(t, s, late.Code).text(t, "session_key")
	old := exchange(t, s, early.Code).text(t, "session_key")
	tok := token(t, s)
	check(t, s, tok, early.OpenID, live).object(t)
	check(t, s, tok, early.OpenID, old).wantFailure(t, 87009)
}

func TestUnionID(t *testing.T) {
	s := fixed(t)
	if l := login(t, s, "mei"); l.UnionID != "" {
		t.Errorf("unionid %s before the app is bound", l.UnionID)
	}
	if err := s.Bind(DevAppID, otherApp); err != nil {
		t.Fatal(err)
	}
	here := login(t, s, "mei")
	there, err := s.Login(otherApp, "mei")
	if err != nil {
		t.Fatal(err)
	}
	if here.UnionID == "" || here.UnionID != there.UnionID || here.OpenID == there.OpenID {
		t.Errorf("want one unionid and two openids, got %+v and %+v", here, there)
	}
	if exchange(t, s, here.Code).text(t, "unionid") != here.UnionID {
		t.Error("jscode2session tells another unionid")
	}
	if login(t, s, "lei").UnionID == here.UnionID {
		t.Error("two users share a unionid")
	}
	if err := s.Bind("wxnobody"); !errors.Is(err, ErrUnknownApp) {
		t.Errorf("binding a stranger: %v", err)
	}
}

// Ensure that binding one app of an account brings the others along.
func TestBindJoinsAccounts(t *testing.T) {
	s := NewSimulator(Options{Apps: map[string]string{"wxa": "1", "wxb": "2", "wxc": "3", "wxd": "4"}})
	for _, apps := range [][]string{{"wxc", "wxd"}, {"wxa", "wxb"}, {"wxb", "wxc"}} {
		if err := s.Bind(apps...); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"wxa": "wxa", "wxb": "wxa", "wxc": "wxa", "wxd": "wxa"}
	if diff := cmp.Diff(want, s.accounts); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

func sessionSignature(key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	return hex.EncodeToString(mac.Sum(nil))
}

func check(t *testing.T, s *Simulator, tok, openID, key string) got {
	t.Helper()
	return get(t, s, "/wxa/checksession", "access_token", tok, "openid", openID,
		"signature", sessionSignature(key), "sig_method", "hmac_sha256")
}

func reset(t *testing.T, s *Simulator, tok, openID, key, method string) got {
	t.Helper()
	return get(t, s, "/wxa/resetusersessionkey", "access_token", tok, "openid", openID,
		"signature", sessionSignature(key), "sig_method", method)
}

func TestCheckAndResetSession(t *testing.T) {
	s := fixed(t)
	l := login(t, s, "mei")
	key := exchange(t, s, l.Code).text(t, "session_key")
	tok := token(t, s)
	want := map[string]any{"errcode": 0.0, "errmsg": "ok"}
	if diff := cmp.Diff(want, check(t, s, tok, l.OpenID, key).object(t)); diff != "" {
		t.Errorf("checksession (-want +got):\n%s", diff)
	}
	check(t, s, tok, "o-nobody", key).wantFailure(t, 87009)
	reset(t, s, tok, l.OpenID, key, "md5").wantFailure(t, 87008)
	reset(t, s, tok, l.OpenID, "another key", "hmac_sha256").wantFailure(t, 87009)
	reset(t, s, tok, "", key, "hmac_sha256").wantFailure(t, 40097)
	reset(t, s, tok, "o-nobody", key, "hmac_sha256").wantFailure(t, 87007)

	fresh := reset(t, s, tok, l.OpenID, key, "hmac_sha256").text(t, "session_key")
	check(t, s, tok, l.OpenID, key).wantFailure(t, 87009)
	if check(t, s, tok, l.OpenID, fresh).object(t)["errmsg"] != "ok" {
		t.Error("the new key is not live")
	}
}

// Ensure that a reset does not lengthen a session.
func TestResetInheritsTheEnd(t *testing.T) {
	s := fixed(t)
	l := login(t, s, "mei")
	key := exchange(t, s, l.Code).text(t, "session_key")
	advance(t, s, sessionLife-time.Minute)
	fresh := reset(t, s, token(t, s), l.OpenID, key, "hmac_sha256").text(t, "session_key")
	advance(t, s, time.Minute)
	reset(t, s, token(t, s), l.OpenID, fresh, "hmac_sha256").wantFailure(t, 87007)
	if _, err := s.Data(DevAppID, "mei", KindProfile, nil); !errors.Is(err, ErrNoSession) {
		t.Errorf("data under a dead key: %v", err)
	}
	if sessionKey(t, s) == fresh {
		t.Error("a login revives a dead key")
	}
}

func TestLoginRefusals(t *testing.T) {
	s := fixed(t)
	for _, c := range []struct {
		name, app, user string
		want            error
	}{
		{"an unknown app", "wxnobody", "mei", ErrUnknownApp},
		{"no name", DevAppID, "", ErrInvalid},
		{"a long name", DevAppID, strings.Repeat("a", 65), ErrInvalid},
		{"a control character", DevAppID, "mei\x00", ErrInvalid},
		{"broken utf-8", DevAppID, "mei\xff", ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := s.Login(c.app, c.user); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if n := len(s.state().Users); n != 0 {
		t.Errorf("%d users made by refusals", n)
	}
}
