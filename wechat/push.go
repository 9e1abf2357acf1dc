package wechat

import (
	"crypto/aes"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrPushRefused is returned for whatever is not a fresh message of WeChat's
// for this app. What was wrong is not told apart: answer 403, and do nothing.
var ErrPushRefused = errors.New("wechat: push refused")

const (
	// pushWindow is how far the timestamp of a push may be from now, either way.
	pushWindow = 5 * time.Minute

	// maxPushAge is how long ago a message may have been made. The signature sorts
	// what it covers, so that the nonce may be taken for the timestamp and the
	// timestamp for the nonce: a request that somebody kept would be fresh again
	// when the time has come that its nonce reads as.
	maxPushAge = 24 * time.Hour

	// maxPush is the largest body that is read, in bytes. Real ones have a few
	// thousand at most.
	maxPush = 128 << 10
)

// PushKey verifies and opens what WeChat pushes for one app (WeChat: 消息推送).
// The zero PushKey refuses everything. It formats as "[push key]" under fmt,
// log/slog and encoding/json, with the gaps that SessionKey names.
type PushKey struct {
	appID string
	token string
	key   []byte // of AES-256; nil in plain mode
}

// NewPushKey returns the key of an app in secure mode (安全模式), which signs
// and encrypts the body. encodingAESKey has the 43 characters that WeChat's
// console shows. A body that is not encrypted is refused; of one in compatible
// mode (兼容模式) the encrypted part alone is read. Its error repeats no
// secret.
func NewPushKey(appID, token, encodingAESKey string) (PushKey, error) {
	k, err := NewPlainPushKey(appID, token)
	if err != nil {
		return PushKey{}, err
	}
	// 43 characters have two bits more than 32 bytes. They are not zero in real
	// keys, so the decoding must not be strict about them.
	key, ok := decodeBase64(encodingAESKey + "=")
	if !ok || len(key) != 2*aes.BlockSize {
		return PushKey{}, errors.New("wechat: push: EncodingAESKey must be 43 characters of base64")
	}
	k.key = key
	return k, nil
}

// NewPlainPushKey returns the key of an app in plain mode (明文模式), where the
// signature covers the timestamp and the nonce and nothing of the body: whoever
// has seen one request can send any message with its query for five minutes, and
// again when the time has come that its nonce reads as.
// Its error repeats no secret.
func NewPlainPushKey(appID, token string) (PushKey, error) {
	if appID == "" || token == "" {
		return PushKey{}, errors.New("wechat: push: AppID and token must not be empty")
	}
	return PushKey{appID: appID, token: token}, nil
}

// Challenge answers the GET with which WeChat verifies the address of the
// server: the text to send back as it is, 1 to 1024 bytes. The signature does
// not cover it, so send it as text/plain. The only error is ErrPushRefused.
func (k PushKey) Challenge(query url.Values, now time.Time) (string, error) {
	echo := query.Get("echostr")
	if !current(query, now) || !k.signed(query, "signature") || echo == "" {
		return "", ErrPushRefused
	}
	return echo, nil
}

// Open returns the message of a POST, JSON or XML. A body has at most 128 KiB,
// the query gives no parameter twice, and its timestamp is at most five minutes
// from now, the message at most a day old. The only error is ErrPushRefused.
//
// WeChat sends a message up to three times, and others may repeat it within the
// window: remember Push.ID.
func (k PushKey) Open(query url.Values, body []byte, now time.Time) (Push, error) {
	if len(body) > maxPush || !current(query, now) {
		return Push{}, ErrPushRefused
	}
	message, ok := k.message(query, body)
	if !ok {
		return Push{}, ErrPushRefused
	}
	p, ok := readPush(k.appID, message)
	if !ok || now.Sub(p.CreatedAt) > maxPushAge || p.CreatedAt.Sub(now) > pushWindow {
		return Push{}, ErrPushRefused
	}
	return p, nil
}

// message returns what WeChat signed. In secure mode that is Encrypt alone, and
// msg_signature covers it; signature, which is there too, does not.
func (k PushKey) message(query url.Values, body []byte) (*object, bool) {
	if k.key == nil {
		if !k.signed(query, "signature") {
			return nil, false
		}
		return parsePush(body)
	}
	if len(query.Get("msg_signature")) != hex.EncodedLen(sha1.Size) {
		return nil, false // whatever the body is
	}
	envelope, ok := parsePush(body)
	if !ok {
		return nil, false
	}
	encrypt := envelope.text("Encrypt")
	if !k.signed(query, "msg_signature", encrypt) {
		return nil, false
	}
	plain, ok := k.decrypt(encrypt)
	if !ok {
		return nil, false
	}
	return parsePush(plain)
}

// signed checks the named parameter: the hexadecimal SHA-1 of the token, the
// timestamp, the nonce and the parts, sorted and joined.
func (k PushKey) signed(query url.Values, name string, parts ...string) bool {
	parts = append(parts, k.token, query.Get("timestamp"), query.Get("nonce"))
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	want := hex.EncodeToString(sum[:])
	return k.token != "" && subtle.ConstantTimeCompare([]byte(want), []byte(query.Get(name))) == 1
}

// current reports whether the query may be believed once its signature is
// right: no parameter twice, none too long, and a timestamp near now. A nonce is
// printable ASCII: SHA-1 lets anyone continue a text behind a token that sorts
// first, but not without the bytes of its padding.
func current(query url.Values, now time.Time) bool {
	for _, values := range query {
		if len(values) != 1 || len(values[0]) > maxParameter {
			return false
		}
	}
	if strings.ContainsFunc(query.Get("nonce"), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false
	}
	seconds, err := strconv.ParseInt(query.Get("timestamp"), 10, 64)
	return err == nil && now.Sub(time.Unix(seconds, 0)).Abs() <= pushWindow
}

// String hides the key: it is "[push key]".
func (k PushKey) String() string { return "[push key]" }

// Format hides the key under every verb of fmt.
func (k PushKey) Format(s fmt.State, _ rune) { io.WriteString(s, k.String()) }

// LogValue hides the key from log/slog.
func (k PushKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText hides the key from encoding/json and its like.
func (k PushKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
