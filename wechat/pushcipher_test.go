package wechat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"strconv"
	"strings"
	"testing"
)

// secureRequest encrypts a frame, padding included, and signs it.
func secureRequest(t testing.TB, frame []byte) request {
	t.Helper()
	key := secureKey(t).key
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed := make([]byte, len(frame))
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(sealed, frame)
	return signedRequest(encode(sealed))
}

func signedRequest(encrypt string) request {
	return request{
		sign(testToken, "1700000000", "msg_signature", encrypt),
		`{"ToUserName":"gh_1","Encrypt":"` + encrypt + `"}`,
	}
}

// frame puts around the message what WeChat puts around it.
func frame(message, appID string) []byte {
	b := binary.BigEndian.AppendUint32([]byte("0123456789abcdef"), uint32(len(message)))
	return padPush(append(b, message+appID...))
}

func padPush(b []byte) []byte {
	size := 32 - len(b)%32
	return append(b, bytes.Repeat([]byte{byte(size)}, size)...)
}

func TestOpenSecurePush(t *testing.T) {
	good := frame(testEvent, testApp)
	whole := padded(32)
	halfBlock := append(whole[:len(whole)-32], bytes.Repeat([]byte{16}, 16)...)
	for name, test := range map[string]struct {
		request request
		want    error
	}{
		"as WeChat sends it":         {secureRequest(t, good), nil},
		"another app's":              {secureRequest(t, frame(testEvent, "wx0000000000000000")), ErrPushRefused},
		"an app's of a longer name":  {secureRequest(t, frame(testEvent, "x"+testApp)), ErrPushRefused},
		"an app's of a shorter name": {secureRequest(t, frame(testEvent+testApp[:1], testApp[1:])), ErrPushRefused},
		"nobody's":                   {secureRequest(t, frame(testEvent, "")), ErrPushRefused},
		"no message":                 {secureRequest(t, frame("", testApp)), ErrPushRefused},
		"a message that is a text":   {secureRequest(t, frame("hello", testApp)), ErrPushRefused},
		"a length too large":         {secureRequest(t, relength(good, 1<<31)), ErrPushRefused},
		"a length of all ones":       {secureRequest(t, relength(good, 1<<32-1)), ErrPushRefused},
		"a length too small":         {secureRequest(t, relength(good, 5)), ErrPushRefused},
		"shorter than its header":    {secureRequest(t, padPush([]byte("1"+testApp))), ErrPushRefused},
		"uneven padding":             {secureRequest(t, uneven(good)), ErrPushRefused},
		"nothing but padding":        {secureRequest(t, bytes.Repeat([]byte{32}, 32)), ErrPushRefused},
		"half a block of 32":         {secureRequest(t, halfBlock), ErrPushRefused},
		"not encrypted":              {signedRequest(encode([]byte(testEvent))), ErrPushRefused},
		"not base64":                 {signedRequest("canary"), ErrPushRefused},
		"nothing":                    {signedRequest(""), ErrPushRefused},
		"a plain body":               {plainRequest(testEvent), ErrPushRefused},
	} {
		t.Run(name, func(t *testing.T) { wantOpened(t, secureKey(t), test.request, test.want) })
	}
}

func TestPushPadding(t *testing.T) {
	for size := range 97 {
		want := ErrPushRefused
		if 1 <= size && size <= 32 {
			want = nil
		}
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			wantOpened(t, secureKey(t), secureRequest(t, padded(size)), want)
		})
	}
}

// padded returns a frame with this many bytes of padding. Spaces behind the
// message make whole blocks of it.
func padded(size int) []byte {
	whole := frame(testEvent, testApp)
	rest := len(whole) - int(whole[len(whole)-1]) + size
	whole = frame(testEvent+strings.Repeat(" ", (32-rest%32)%32), testApp)
	whole = whole[:len(whole)-int(whole[len(whole)-1])]
	return append(whole, bytes.Repeat([]byte{byte(size)}, size)...)
}

// relength overwrites the length of the message.
func relength(frame []byte, n uint32) []byte {
	frame = bytes.Clone(frame)
	binary.BigEndian.PutUint32(frame[16:], n)
	return frame
}

// uneven spoils the first byte of the padding.
func uneven(frame []byte) []byte {
	frame = bytes.Clone(frame)
	frame[len(frame)-int(frame[len(frame)-1])] ^= 1
	return frame
}

func TestSecurePushSignsTheBody(t *testing.T) {
	seen := secureRequest(t, frame(testEvent, testApp))
	other := secureRequest(t, frame(strings.Replace(testEvent, testUser, "oTest-2", 1), testApp))
	wantOpened(t, secureKey(t), request{seen.query, other.body}, ErrPushRefused)

	short := sign(testToken, "1700000000", "signature")
	short["msg_signature"] = short["signature"]
	wantOpened(t, secureKey(t), request{short, seen.body}, ErrPushRefused)
}

// In compatible mode a body is plain and encrypted at once; whoever can add to
// it must not be heard.
func TestCompatiblePush(t *testing.T) {
	r := secureRequest(t, frame(testEvent, testApp))
	r.body = strings.Replace(r.body, "{", `{"CreateTime":1,"MsgType":"event","Event":"user_authorization_cancellation","OpenID":"oTest-2",`, 1)
	wantOpened(t, secureKey(t), r, nil)
}
