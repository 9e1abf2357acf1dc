package wechattest

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// What a push is signed and sealed with when it names nothing else.
const (
	DevPushToken  = "menshen"
	DevPushAESKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)

const (
	pushBlock    = 32 // bytes of a PKCS#7 block, as WeChat's document has it
	maxEventName = 64
)

// Push is an event WeChat pushes about a user.
type Push struct {
	AppID string `json:"appId"`
	User  string `json:"user"`
	Event string `json:"event"` // such as user_authorization_revoke
	To    string `json:"to"`    // an http URL on loopback
	Mode  string `json:"mode"`  // plain or secure

	// Payload is laid over the message as a JSON merge patch (RFC 7396).
	Payload map[string]any `json:"payload"`

	Token  string `json:"token"`  // DevPushToken when empty
	AESKey string `json:"aesKey"` // EncodingAESKey, 43 characters; DevPushAESKey when empty
}

// Push sends a signed event once; WeChat would try three times. It goes to
// loopback alone, so that nobody can use a simulator to reach further. It
// returns ErrUnknownApp, ErrInvalid or ErrFull, and ErrUndelivered when
// nobody answered within 5 seconds.
func (s *Simulator) Push(ctx context.Context, p Push) (PushReply, error) {
	p.Token, p.AESKey = cmp.Or(p.Token, DevPushToken), cmp.Or(p.AESKey, DevPushAESKey)
	to, err := p.check()
	if err != nil {
		return PushReply{}, err
	}
	query, body, err := s.seal(p)
	if err != nil {
		return PushReply{}, err
	}
	for name, values := range to.Query() {
		query[name] = values
	}
	to.RawQuery = query.Encode()
	return deliver(ctx, to, body)
}

func (p Push) check() (*url.URL, error) {
	to, err := url.Parse(p.To)
	switch {
	case err != nil || to.Scheme != "http" || !isLoopback(to.Hostname()):
		return nil, fmt.Errorf("%w: to is an http URL on loopback", ErrInvalid)
	case p.Event == "" || len(p.Event) > maxEventName:
		return nil, fmt.Errorf("%w: event is a name like user_authorization_revoke", ErrInvalid)
	case p.Mode != "plain" && p.Mode != "secure":
		return nil, fmt.Errorf("%w: mode is plain or secure", ErrInvalid)
	}
	return to, nil
}

// seal writes the message and its signed query.
func (s *Simulator) seal(p Push) (url.Values, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := s.act(p.AppID, p.User)
	if err != nil {
		return nil, nil, err
	}
	message := s.message(id, p.Event)
	merge(message, p.Payload)
	body, err := encode(message)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: payload is not JSON", ErrInvalid)
	}
	timestamp := strconv.FormatInt(s.now().Unix(), 10)
	nonce := strconv.FormatUint(uint64(binary.BigEndian.Uint32(s.fresh(4, "nonce"))), 10)
	query := url.Values{
		"signature": {signature(p.Token, timestamp, nonce)},
		"timestamp": {timestamp}, "nonce": {nonce}, "openid": {id.openID},
	}
	if p.Mode == "plain" {
		return query, body, nil
	}
	return s.secure(p, query, body)
}

// secure encrypts a sealed message and signs what it has become.
func (s *Simulator) secure(p Push, query url.Values, body []byte) (url.Values, []byte, error) {
	random := s.seed.alphanumeric(16, "push", strconv.FormatUint(s.next(), 10))
	encrypted, err := encryptPush(p.AESKey, random, string(body), p.AppID)
	if err != nil {
		return nil, nil, err
	}
	query.Set("encrypt_type", "aes")
	query.Set("msg_signature", signature(p.Token, query.Get("timestamp"), query.Get("nonce"), encrypted))
	sealed, err := encode(map[string]string{"ToUserName": s.account(p.AppID), "Encrypt": encrypted})
	return query, sealed, err
}

// message has the fields of WeChat's page on changes of authorised user
// information. OpenID is the user it is about; FromUserName is not.
func (s *Simulator) message(id *identity, event string) map[string]any {
	m := map[string]any{
		"ToUserName": s.account(id.appID), "FromUserName": s.seed.id("platform", id.appID),
		"CreateTime": s.now().Unix(), "MsgType": "event", "Event": event,
		"OpenID": id.openID, "AppID": id.appID,
	}
	if union := s.unionID(id); union != "" {
		m["UnionID"] = union
	}
	return m
}

// account is the app's original id, gh_….
func (s *Simulator) account(appID string) string {
	return "gh_" + hex.EncodeToString(s.seed.bytes(6, "account", appID))
}

// signature is hex sha1 of the parts, sorted and joined.
func signature(parts ...string) string {
	sum := sha1.Sum([]byte(strings.Join(slices.Sorted(slices.Values(parts)), "")))
	return hex.EncodeToString(sum[:])
}

// encryptPush is WeChat's message encryption: AES-256-CBC, its iv the first
// half of the key, over random, the message's length, message and AppID.
func encryptPush(aesKey, random, message, appID string) (string, error) {
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil || len(key) != 32 {
		return "", fmt.Errorf("%w: aesKey is 43 characters of base64", ErrInvalid)
	}
	text := binary.BigEndian.AppendUint32([]byte(random), uint32(len(message)))
	text = append(text, message+appID...)
	return encryptCBC(key, key[:16], pad(text, pushBlock))
}
