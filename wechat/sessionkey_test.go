package wechat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSessionKeyIsHidden(t *testing.T) {
	key := SessionKey(testKey)
	values := []any{key, &key, Session{SessionKey: key}, []SessionKey{key}, map[string]SessionKey{"": key}}
	// Without %T, %p and %w, which fmt answers itself.
	for _, verb := range "abcdefghijklmnoqrstuvxyzABCDEFGHIJKLMNOPQRSUVWXYZ" {
		for _, flags := range []string{"%", "%+", "%#", "%5.3"} {
			for _, v := range values {
				wantHidden(t, fmt.Sprintf(flags+string(verb), v))
			}
		}
	}
	wantHidden(t, fmt.Sprint(key))
	wantHidden(t, fmt.Errorf("opening with %v", key).Error())
	for _, v := range values {
		for _, log := range []func(*bytes.Buffer) slog.Handler{
			func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
			func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(log(&b)).Info("opened", "with", v)
			wantHidden(t, b.String())
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		wantHidden(t, string(b))
	}
}

func wantHidden(t *testing.T, text string) {
	t.Helper()
	shown := strings.Contains(text, testKey) || strings.Contains(text, fmt.Sprintf("%x", testKey))
	if shown || !strings.Contains(text, "[session_key]") {
		t.Errorf("text = %s", text)
	}
}

func TestSessionKeyReveal(t *testing.T) {
	if got := SessionKey(testKey).Reveal(); got != testKey {
		t.Errorf("Reveal = %q, want %q", got, testKey)
	}
}

func TestSessionKeyHMAC(t *testing.T) {
	// printf %s abc | openssl dgst -sha256 -hmac bWVuc2hlbi10ZXN0LWstMQ==
	const want = "c87cccbb79659a1a8e3c76291ee9729c434590007c0aa67a3a4f9c237ee7fd78"
	if got := SessionKey(testKey).HMAC([]byte("abc")); got != want {
		t.Errorf("HMAC = %s, want %s", got, want)
	}
}
