package wechattest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decrypt opens open data the way WeChat's document tells a server to.
func decrypt(t *testing.T, d OpenData, sessionKey string) map[string]any {
	t.Helper()
	key, text, iv := unbase64(t, sessionKey), unbase64(t, d.EncryptedData), unbase64(t, d.IV)
	block, err := aes.NewCipher(key)
	if err != nil || len(key) != 16 || len(text) == 0 || len(text)%16 != 0 || len(iv) != 16 {
		t.Fatalf("key %d, text %d, iv %d bytes: %v", len(key), len(text), len(iv), err)
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(text, text)
	var v map[string]any
	if err := json.Unmarshal(unpad(t, text, 16), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unpad(t *testing.T, text []byte, block int) []byte {
	t.Helper()
	n := int(text[len(text)-1])
	if n < 1 || n > block || n > len(text) {
		t.Fatalf("padding of %d bytes", n)
	}
	for _, b := range text[len(text)-n:] {
		if int(b) != n {
			t.Fatal("padding of unequal bytes")
		}
	}
	return text[:len(text)-n]
}

func unbase64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func data(t *testing.T, s *Simulator, kind string, payload map[string]any) OpenData {
	t.Helper()
	d, err := s.Data(DevAppID, "mei", kind, payload)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mark() map[string]any {
	return map[string]any{"timestamp": float64(clock().Unix()), "appid": DevAppID}
}

func TestProfile(t *testing.T) {
	s := fixed(t)
	if err := s.Bind(DevAppID); err != nil {
		t.Fatal(err)
	}
	l := login(t, s, "mei")
	key := exchange(t, s, l.Code).text(t, "session_key")
	d := data(t, s, KindProfile, nil)
	want := map[string]any{
		"openId": l.OpenID, "unionId": l.UnionID, "nickName": "微信用户", "gender": 0.0, "language": "zh_CN",
		"city": "", "province": "", "country": "", "avatarUrl": anonymousAvatar, "watermark": mark(),
	}
	if diff := cmp.Diff(want, decrypt(t, d, key)); diff != "" {
		t.Errorf("encryptedData (-want +got):\n%s", diff)
	}
	var raw map[string]any
	if err := json.Unmarshal([]byte(d.RawData), &raw); err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"openId", "unionId", "watermark"} {
		delete(want, hidden)
	}
	if diff := cmp.Diff(want, raw); diff != "" {
		t.Errorf("rawData (-want +got):\n%s", diff)
	}
	sum := sha1.Sum([]byte(d.RawData + key))
	if d.Signature != hex.EncodeToString(sum[:]) {
		t.Errorf("signature %s does not sign rawData", d.Signature)
	}
}

func TestOtherKinds(t *testing.T) {
	s := fixed(t)
	key := sessionKey(t, s)
	t.Run("phone", func(t *testing.T) {
		v := decrypt(t, data(t, s, KindPhone, nil), key)
		if v["phoneNumber"] != v["purePhoneNumber"] || v["countryCode"] != "86" {
			t.Errorf("got %v", v)
		}
	})
	t.Run("werun", func(t *testing.T) {
		v := decrypt(t, data(t, s, KindWeRun, nil), key)
		days, is := v["stepInfoList"].([]any)
		if !is || len(days) != 31 {
			t.Fatalf("%d days, want 31", len(days))
		}
		today := days[30].(map[string]any)["timestamp"]
		if want := float64(clock().Unix() - (12*60*60 + 30)); today != want {
			t.Errorf("today begins at %v, want midnight in China, %v", today, want)
		}
	})
	t.Run("share", func(t *testing.T) {
		v := decrypt(t, data(t, s, KindShare, nil), key)
		if id, is := v["openGId"].(string); !is || id == "" || cmp.Diff(mark(), v["watermark"]) != "" {
			t.Errorf("got %v", v)
		}
	})
	t.Run("an unknown one", func(t *testing.T) {
		if _, err := s.Data(DevAppID, "mei", "secrets", nil); !errors.Is(err, ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
}

func TestPayloadIsLaidOver(t *testing.T) {
	s := fixed(t)
	key := sessionKey(t, s)
	d := data(t, s, KindProfile, map[string]any{
		"nickName": "<Mei & Lei>", "city": nil, "extra": []any{1.0},
		"watermark": map[string]any{"appid": "wxanother"},
	})
	v := decrypt(t, d, key)
	_, hasCity := v["city"]
	want := map[string]any{"appid": "wxanother", "timestamp": float64(clock().Unix())}
	laid := cmp.Equal(want, v["watermark"]) && cmp.Equal([]any{1.0}, v["extra"])
	if v["nickName"] != "<Mei & Lei>" || hasCity || !laid {
		t.Errorf("got %v", v)
	}
	t.Run("and removed", func(t *testing.T) {
		v := decrypt(t, data(t, s, KindPhone, map[string]any{"watermark": nil}), key)
		if _, has := v["watermark"]; has {
			t.Errorf("got %v", v)
		}
	})
	t.Run("unless it is not json", func(t *testing.T) {
		if _, err := s.Data(DevAppID, "mei", KindProfile, map[string]any{"f": func() {}}); !errors.Is(err, ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
}

// Ensure that the iv is fresh and the key the live one, not the one a server
// last saw.
func TestDataIsUnderTheLiveKey(t *testing.T) {
	s := fixed(t)
	stale := sessionKey(t, s)
	first := data(t, s, KindShare, nil)
	l, err := s.LoginRotating(DevAppID, "mei", true)
	if err != nil {
		t.Fatal(err)
	}
	second := data(t, s, KindShare, nil)
	if first.IV == second.IV {
		t.Error("one iv for two messages")
	}
	decrypt(t, first, stale)
	decrypt(t, second, exchange(t, s, l.Code).text(t, "session_key"))
}

func TestDataBeforeLogin(t *testing.T) {
	if _, err := fixed(t).Data(DevAppID, "mei", KindProfile, nil); !errors.Is(err, ErrNoSession) {
		t.Errorf("got %v, want ErrNoSession", err)
	}
}
