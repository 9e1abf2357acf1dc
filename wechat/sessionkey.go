package wechat

import (
	"crypto/aes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// SessionKey is WeChat's session_key as WeChat wrote it: the base64 text of 16
// bytes. It formats as "[session_key]" under fmt, log/slog and encoding/json,
// so that it cannot slip into a log; Reveal is the only way to its text, and a
// key does not survive encoding/json.
//
// The libraries leave gaps that no method closes. fmt asks none for %p and %w,
// which go vet refuses, nor on an unexported field: a struct that keeps a key
// in one needs a Format of its own. encoding/json asks none for the keys of a
// map.
type SessionKey string

// Reveal returns the text of the key, to be sealed and stored, never logged or
// sent to a client.
func (k SessionKey) Reveal() string { return string(k) }

// HMAC returns the lower-case hexadecimal HMAC-SHA256 of message, which WeChat
// calls a user's login-state signature. Its key is the base64 text, not the 16
// bytes that the text stands for.
func (k SessionKey) HMAC(message []byte) string {
	mac := hmac.New(sha256.New, []byte(k))
	mac.Write(message)
	return hex.EncodeToString(mac.Sum(nil))
}

// String hides the key: it is "[session_key]".
func (k SessionKey) String() string { return "[session_key]" }

// Format hides the key under every verb of fmt.
func (k SessionKey) Format(s fmt.State, _ rune) { io.WriteString(s, k.String()) }

// LogValue hides the key from log/slog.
func (k SessionKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText hides the key from encoding/json and its like.
func (k SessionKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// bytes returns the AES-128 key that the text stands for. The length is checked
// here because aes.NewCipher would take 24 and 32 bytes too.
func (k SessionKey) bytes() ([]byte, bool) {
	key, ok := decodeBase64(string(k))
	return key, ok && len(key) == aes.BlockSize
}

// decodeBase64 decodes standard, padded base64 without the line breaks that
// encoding/base64 skips.
func decodeBase64(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	return decoded, err == nil
}
