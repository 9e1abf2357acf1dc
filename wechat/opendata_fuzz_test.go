package wechat

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"
)

// FuzzOpen feeds bytes of all kinds to both doors: as ciphertext, and as what a
// right key decrypts to.
func FuzzOpen(f *testing.F) {
	iv, block := encode(make([]byte, 16)), encode(make([]byte, 32))
	for _, plain := range []string{
		`{"openId":"oTest-1","nickName":"门神","gender":1,` + testMark + `}`,
		`{"phoneNumber":"1","purePhoneNumber":1,"countryCode":86,` + testMark + `}`,
		`{"stepInfoList":[{"timestamp":1,"step":2}]}`, `{"openGId":"g","watermark":[]}`, `{"a":1,"a":2}`, "{", "",
	} {
		f.Add(block, iv, testKey, plain)
	}
	f.Add("AA==", "\n", "", "[]")
	f.Fuzz(func(t *testing.T, data, iv, key, plain string) {
		e, err := ParseEncrypted(data, iv)
		if err != nil && !errors.Is(err, ErrMalformed) {
			t.Fatalf("ParseEncrypted = %v, want ErrMalformed", err)
		}
		checkOpen(t, e, SessionKey(key))
		if d := checkOpen(t, seal(t, plain), testKey); d != nil && d.JSON != plain {
			t.Fatalf("JSON = %q, want %q", d.JSON, plain)
		}
	})
}

func checkOpen(t *testing.T, e Encrypted, key SessionKey) *OpenData {
	t.Helper()
	d, err := e.Open(key)
	if err != nil {
		if d != nil || err != ErrSessionKeyStale {
			t.Fatalf("Open = %v, %v, want ErrSessionKeyStale itself", d, err)
		}
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(d.JSON), &members); err != nil || members == nil || !utf8.ValidString(d.JSON) {
		t.Fatalf("what opened is no UTF-8 JSON object: %q", d.JSON)
	}
	personal, marked := d.UserInfo != nil || d.Phone != nil, d.Watermark != nil && d.Watermark.AppID == testApp
	if err := d.Verify(testApp, testUser); err != nil && err != ErrWrongApp {
		t.Fatalf("Verify = %v, want ErrWrongApp", err)
	} else if err == nil && personal && !marked {
		t.Fatalf("Verify took %q without a watermark", d.JSON)
	}
	if err := d.VerifyRawData("rawData", "signature"); err != ErrSignatureMismatch {
		t.Fatalf("VerifyRawData = %v, want ErrSignatureMismatch", err)
	}
	if kinds := count(d.UserInfo != nil, d.Phone != nil, d.WeRun != nil, d.Share != nil); kinds > 1 {
		t.Fatalf("%d kinds at once: %q", kinds, d.JSON)
	}
	return d
}
