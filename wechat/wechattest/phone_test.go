package wechattest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func phone(t *testing.T, s *Simulator, code, openID string) got {
	t.Helper()
	body := fmt.Sprintf(`{"code":%q,"openid":%q}`, code, openID)
	return post(t, s, "/wxa/business/getuserphonenumber", body, "access_token", token(t, s))
}

func phoneCodeOf(t *testing.T, s *Simulator, number string) string {
	t.Helper()
	code, err := s.PhoneCode(DevAppID, "mei", number)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestPhoneNumber(t *testing.T) {
	s := fixed(t)
	for _, c := range []struct{ given, shown, pure, country string }{
		{"13800138000", "13800138000", "13800138000", "86"},
		{"+86 13800138000", "13800138000", "13800138000", "86"},
		{"+8613800138000", "13800138000", "13800138000", "86"},
		{"+44 7700900123", "+447700900123", "7700900123", "44"},
	} {
		t.Run(c.given, func(t *testing.T) {
			want := map[string]any{"errcode": 0.0, "errmsg": "ok", "phone_info": map[string]any{
				"phoneNumber": c.shown, "purePhoneNumber": c.pure, "countryCode": c.country,
				"watermark": map[string]any{"timestamp": float64(clock().Unix()), "appid": DevAppID},
			}}
			g := phone(t, s, phoneCodeOf(t, s, c.given), "")
			if diff := cmp.Diff(want, g.object(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPhoneCode(t *testing.T) {
	s := fixed(t)
	mei, lei := login(t, s, "mei"), login(t, s, "lei")
	t.Run("works once", func(t *testing.T) {
		code := phoneCodeOf(t, s, "")
		phone(t, s, code, mei.OpenID).object(t)
		phone(t, s, code, mei.OpenID).wantFailure(t, 40029)
	})
	t.Run("is bound to its user and not spent on another", func(t *testing.T) {
		code := phoneCodeOf(t, s, "")
		phone(t, s, code, lei.OpenID).wantFailure(t, 40029)
		if phone(t, s, code, mei.OpenID).object(t)["errmsg"] != "ok" {
			t.Error("the code is spent")
		}
	})
	t.Run("lives five minutes", func(t *testing.T) {
		code := phoneCodeOf(t, s, "")
		advance(t, s, 5*time.Minute)
		phone(t, s, code, "").wantFailure(t, 40029)
	})
	t.Run("is no login code", func(t *testing.T) { phone(t, s, mei.Code, "").wantFailure(t, 40029) })
	t.Run("belongs to one app", func(t *testing.T) {
		code, err := s.PhoneCode(otherApp, "mei", "")
		if err != nil {
			t.Fatal(err)
		}
		phone(t, s, code, "").wantFailure(t, 40013)
	})
	t.Run("is not made for nonsense", func(t *testing.T) {
		for _, number := range []string{"12", "+447700900123", "phone", "23800138000"} {
			if _, err := s.PhoneCode(DevAppID, "mei", number); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", number, err)
			}
		}
	})
}
