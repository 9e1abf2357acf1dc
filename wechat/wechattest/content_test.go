package wechattest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func textCheck(t *testing.T, s *Simulator, content, openID string, scene int) got {
	t.Helper()
	body := fmt.Sprintf(`{"content":%q,"version":2,"scene":%d,"openid":%q}`, content, scene, openID)
	return post(t, s, "/wxa/msg_sec_check", body, "access_token", token(t, s))
}

func TestTextCheck(t *testing.T) {
	s := fixed(t)
	mei := login(t, s, "mei").OpenID
	for content, want := range map[string]string{"你好": "pass", "see: " + RiskyText: "risky"} {
		v := textCheck(t, s, content, mei, 1).object(t)
		result, is := v["result"].(map[string]any)
		if !is || result["suggest"] != want || v["errcode"] != 0.0 || v["trace_id"] == "" {
			t.Errorf("%s: got %v, want %s", content, v, want)
		}
	}
}

func TestTextCheckRefusals(t *testing.T) {
	s := fixed(t)
	mei := login(t, s, "mei").OpenID
	there, err := s.Login(otherApp, "mei")
	if err != nil {
		t.Fatal(err)
	}
	textCheck(t, s, "hello", mei, 5).wantFailure(t, 40129)
	textCheck(t, s, "hello", "o-nobody", 1).wantFailure(t, 40003)
	textCheck(t, s, "hello", there.OpenID, 1).wantFailure(t, 43104)
	textCheck(t, s, strings.Repeat("字", 2501), mei, 1).wantFailure(t, 45002)
	textCheck(t, s, "", mei, 1).wantFailure(t, 44002)
	post(t, s, "/wxa/msg_sec_check", `{"content":"a"}`, "access_token", token(t, s)).wantFailure(t, 40097)
	advance(t, s, 2*time.Hour)
	if textCheck(t, s, "hello", mei, 1).object(t)["errcode"] != 0.0 {
		t.Error("refused at two hours")
	}
	advance(t, s, 1)
	textCheck(t, s, "hello", mei, 1).wantFailure(t, 61010)
}
