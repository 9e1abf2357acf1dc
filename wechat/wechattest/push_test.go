package wechattest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pushVector is a message somebody else sealed.
type pushVector struct {
	Token, Timestamp, Nonce, Encrypt, Random, Expected, AppID string

	EncodingAESKey string `json:"encodingAESKey"`
	Signature      string `json:"signature"`
	URLSignature   string `json:"url_signature"`
	MsgSignature   string `json:"msg_signature"`
}

func (v pushVector) check(t *testing.T) {
	t.Helper()
	got, err := encryptPush(v.EncodingAESKey, v.Random, v.Expected, v.AppID)
	if err != nil || got != v.Encrypt {
		t.Errorf("Encrypt is %s (%v), want %s", got, err, v.Encrypt)
	}
	if got := signature(v.Token, v.Timestamp, v.Nonce, v.Encrypt); got != v.MsgSignature {
		t.Errorf("msg_signature is %s, want %s", got, v.MsgSignature)
	}
	for _, want := range []string{v.Signature, v.URLSignature} {
		if got := signature(v.Token, v.Timestamp, v.Nonce); want != "" && got != want {
			t.Errorf("signature is %s, want %s", got, want)
		}
	}
}

func readVector(t *testing.T, path string) (v pushVector) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPushEncryption(t *testing.T) {
	readVector(t, "testdata/push.json").check(t)
}

func TestPushVectors(t *testing.T) {
	paths, err := filepath.Glob("../../../shared/vectors/push-secure-*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skip("the shared vectors are not here")
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) { readVector(t, path).check(t) })
	}
}

// received is a push as it came in.
type received struct {
	query url.Values
	body  []byte
}

// receiver takes one push and answers success.
func receiver(t *testing.T) (string, <-chan received) {
	t.Helper()
	came := make(chan received, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		came <- received{query: r.URL.Query(), body: body}
		io.WriteString(w, "success")
	}))
	t.Cleanup(server.Close)
	return server.URL + "/wechat/push/" + DevAppID + "?kept=1", came
}

func sha1Hex(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func push(t *testing.T, s *Simulator, mode string) received {
	t.Helper()
	to, came := receiver(t)
	reply, err := s.Push(t.Context(), Push{
		AppID: DevAppID, User: "mei", Event: "user_authorization_revoke", To: to, Mode: mode,
		Payload: map[string]any{"RevokeInfo": "8"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(PushReply{Status: 200, Body: "success"}, reply); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
	r := <-came
	if r.query.Get("kept") != "1" || r.query.Get("openid") != login(t, s, "mei").OpenID {
		t.Errorf("query is %v", r.query)
	}
	if want := sha1Hex(DevPushToken, r.query.Get("timestamp"), r.query.Get("nonce")); r.query.Get("signature") != want {
		t.Errorf("signature is %s, want %s", r.query.Get("signature"), want)
	}
	return r
}

func wantMessage(t *testing.T, s *Simulator, text []byte) {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	want := map[string]any{
		"ToUserName": m["ToUserName"], "FromUserName": m["FromUserName"], "CreateTime": float64(clock().Unix()),
		"MsgType": "event", "Event": "user_authorization_revoke", "RevokeInfo": "8",
		"OpenID": login(t, s, "mei").OpenID, "AppID": DevAppID,
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if m["FromUserName"] == m["OpenID"] {
		t.Error("the platform speaks as the user")
	}
}

func TestPlainPush(t *testing.T) {
	s := fixed(t)
	wantMessage(t, s, push(t, s, "plain").body)
}

func TestSecurePush(t *testing.T) {
	s := fixed(t)
	r := push(t, s, "secure")
	var sealed struct{ ToUserName, Encrypt string }
	if err := json.Unmarshal(r.body, &sealed); err != nil {
		t.Fatal(err)
	}
	want := sha1Hex(DevPushToken, r.query.Get("timestamp"), r.query.Get("nonce"), sealed.Encrypt)
	if r.query.Get("msg_signature") != want || r.query.Get("encrypt_type") != "aes" {
		t.Errorf("query is %v, want msg_signature %s", r.query, want)
	}
	key, err := base64.StdEncoding.DecodeString(DevPushAESKey + "=")
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	text := unbase64(t, sealed.Encrypt)
	cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(text, text)
	text = unpad(t, text, 32)[16:]
	n := binary.BigEndian.Uint32(text)
	if string(text[4+n:]) != DevAppID {
		t.Errorf("the message ends in %q, want the AppID", text[4+n:])
	}
	wantMessage(t, s, text[4:4+n])
}

func TestPushRefusals(t *testing.T) {
	s := fixed(t)
	good := Push{AppID: DevAppID, User: "mei", Event: "e", To: "http://127.0.0.1:1/", Mode: "plain"}
	for _, c := range []struct {
		name  string
		spoil func(*Push)
		want  error
	}{
		{"an unknown app", func(p *Push) { p.AppID = "wxnobody" }, ErrUnknownApp},
		{"no event", func(p *Push) { p.Event = "" }, ErrInvalid},
		{"an unknown mode", func(p *Push) { p.Mode = "compatible" }, ErrInvalid},
		{"a host elsewhere", func(p *Push) { p.To = "http://192.0.2.1/" }, ErrInvalid},
		{"a name that may be anywhere", func(p *Push) { p.To = "http://example.com/" }, ErrInvalid},
		{"loopback as a user name", func(p *Push) { p.To = "http://127.0.0.1@192.0.2.1/" }, ErrInvalid},
		{"every address", func(p *Push) { p.To = "http://0.0.0.0:1/" }, ErrInvalid},
		{"another scheme", func(p *Push) { p.To = "file:///etc/passwd" }, ErrInvalid},
		{"a short key", func(p *Push) { p.Mode, p.AESKey = "secure", "AAAA" }, ErrInvalid},
		{"a payload that is not json", func(p *Push) { p.Payload = map[string]any{"f": func() {}} }, ErrInvalid},
		{"nobody listening", func(*Push) {}, ErrUndelivered},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := good
			c.spoil(&p)
			if _, err := s.Push(t.Context(), p); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// Ensure that what a name resolves to is looked at when it is dialled.
func TestPushDialsLoopbackAlone(t *testing.T) {
	for address, want := range map[string]error{
		"127.0.0.1:80": nil, "[::1]:80": nil,
		"192.0.2.1:80": ErrInvalid, "[::]:80": ErrInvalid, "x": ErrInvalid,
	} {
		if err := loopbackOnly("tcp", address, nil); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", address, err, want)
		}
	}
}
