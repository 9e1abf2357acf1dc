package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"math"
	"strings"
	"testing"

	"menshen/token"
)

func TestRefresh(t *testing.T) {
	f := open(t, token.ES256)
	key := f.NextRefresh("ses_1", 0).KeyID
	tests := map[string]token.Refresh{
		"the first":                     {SessionID: "ses_1", KeyID: key},
		"the last generation":           {SessionID: "ses_1", Generation: math.MaxUint32, KeyID: key},
		"a session id of one byte":      {SessionID: "s", Generation: 1, KeyID: key},
		"a session id of any bytes":     {SessionID: "\x00\xff.门", Generation: 1, KeyID: key},
		"the longest session id":        {SessionID: strings.Repeat("s", 340), Generation: 1, KeyID: key},
		"a session id as long as a tag": {SessionID: strings.Repeat("s", 32), Generation: 1, KeyID: key},
	}
	seen := map[string]bool{}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			raw := f.refresh(t, want)
			if seen[raw] || f.refresh(t, want) != raw || !strings.HasPrefix(raw, "mrt_") || len(raw) > 512 {
				t.Errorf("token %s", raw)
			}
			seen[raw] = true
			f.wantRefresh(t, raw, want)
		})
	}
}

// Within the grace the same successor is derived again, though the key was
// retired meanwhile.
func TestRefreshOutlivesRotation(t *testing.T) {
	f := open(t, token.ES256)
	r := f.NextRefresh("ses_1", 7)
	raw := f.refresh(t, r)
	if err := f.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := f.refresh(t, r); again != raw {
		t.Errorf("derived %s, want %s", again, raw)
	}
	next := f.NextRefresh("ses_1", 7)
	if next.KeyID == r.KeyID || f.refresh(t, next) == raw {
		t.Error("the retired key is still in use")
	}
}

func TestRefreshTokenRefuses(t *testing.T) {
	f := open(t, token.ES256)
	good := f.NextRefresh("ses_1", 0)
	tests := []struct {
		name string
		r    token.Refresh
		want error
	}{
		{"a key that is gone", token.Refresh{SessionID: "ses_1", KeyID: good.KeyID + 1}, token.ErrUnknownKey},
		{"no session", token.Refresh{KeyID: good.KeyID}, token.ErrInvalid},
		{"a session id too long",
			token.Refresh{SessionID: strings.Repeat("s", 341), KeyID: good.KeyID}, token.ErrInvalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			raw, err := f.RefreshToken(test.r)
			wantErr(t, err, test.want)
			if raw != "" {
				t.Errorf("token %s", raw)
			}
		})
	}
}

func TestParseRefreshRefuses(t *testing.T) {
	f := open(t, token.ES256)
	raw := f.refresh(t, f.NextRefresh("ses_1", 1))
	data := unb64(t, raw[4:])
	message := data[:len(data)-32]
	change := func(at int) string {
		changed := append([]byte{}, data...)
		changed[at] ^= 1
		return "mrt_" + b64(changed)
	}
	sign := func(domain string, message []byte) string {
		mac := hmac.New(sha256.New, f.saved(t).Refresh[0].Secret)
		mac.Write([]byte(domain))
		mac.Write(message)
		return "mrt_" + b64(append(append([]byte{}, message...), mac.Sum(nil)...))
	}
	if sign("menshen refresh token\x00", message) != raw {
		t.Fatal("the test does not sign as the package does")
	}
	tests := []struct {
		name, raw string
		want      string
	}{
		{"nothing", "", "malformed"},
		{"the prefix alone", "mrt_", "malformed"},
		{"another prefix", "mrt-" + raw[4:], "malformed"},
		{"no prefix", raw[4:], "malformed"},
		{"an access token", f.issue(t), "malformed"},
		{"padding", raw + "=", "malformed"},
		{"a line break", raw[:20] + "\n" + raw[20:], "malformed"},
		{"line breaks", raw[:20] + "\r\n\r\n" + raw[20:], "malformed"},
		{"a space", raw + " ", "malformed"},
		{"too long", "mrt_" + strings.Repeat("A", 509), "too long"},
		{"no tag", "mrt_" + b64(message), "malformed"},
		{"a tag cut short", "mrt_" + b64(data[:len(data)-1]), "wrong signature"},
		{"a tag moved by a byte", "mrt_" + b64(append(data, 0)), "wrong signature"},
		{"another version", change(0), "malformed"},
		{"another key", change(4), "unknown key"},
		{"another generation", change(8), "wrong signature"},
		{"another session", change(9), "wrong signature"},
		{"another tag", change(len(data) - 1), "wrong signature"},
		{"another domain", sign("", message), "wrong signature"},
		{"another version, signed", sign("menshen refresh token\x00", append([]byte{2}, message[1:]...)), "malformed"},
		{"no session, signed", sign("menshen refresh token\x00", message[:9]), "malformed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := f.ParseRefresh(test.raw)
			wantRefusal(t, err, test.want)
		})
	}
	t.Run("stray bits in the last character", func(t *testing.T) {
		last := strings.IndexByte(alphabet, raw[len(raw)-1])
		for i := range alphabet {
			if i != last {
				f.wantParse(t, raw[:len(raw)-1]+alphabet[i:i+1], token.ErrInvalid)
			}
		}
	})
	t.Run("the token of another secret under the same key id", func(t *testing.T) {
		other := open(t, token.ES256)
		secret, zeros := b64std(f.saved(t).Refresh[0].Secret), b64std(make([]byte, 32))
		other.shelf.data = []byte(strings.Replace(string(f.shelf.data), secret, zeros, 1))
		_, err := f.ParseRefresh(other.again(t).refresh(t, f.NextRefresh("ses_1", 1)))
		wantRefusal(t, err, "wrong signature")
	})
}
