package wechat

import (
	"testing"
	"time"
)

// FuzzPush feeds bytes of all kinds to every door: as a signed body, as what a
// right signature covers, and as what a right key decrypts to.
func FuzzPush(f *testing.F) {
	for _, message := range []string{
		sampleJSON, sampleXML, testEvent, `{"Encrypt":"AAAA"}`, `{"CreateTime":1,"MsgId":1,"a":[{}]}`, "<xml><a/>", "",
	} {
		f.Add([]byte(message), string(frame(message, testApp)))
	}
	f.Fuzz(func(t *testing.T, body []byte, framed string) {
		for k, r := range map[*PushKey]request{
			new(plainKey(t)):  plainRequest(string(body)),
			new(secureKey(t)): secureRequest(t, padPush([]byte(framed))),
		} {
			checkPush(t, *k, r)
		}
		checkPush(t, secureKey(t), signedRequest(framed))
		if p, err := (request{plainRequest("").query, string(body)}).open(secureKey(t)); err != ErrPushRefused {
			t.Fatalf("Open of an unsigned body = %+v, %v", p, err)
		}
	})
}

func checkPush(t *testing.T, k PushKey, r request) {
	t.Helper()
	p, err := r.open(k)
	if err != nil {
		if err != ErrPushRefused {
			t.Fatalf("Open = %v, want ErrPushRefused itself", err)
		}
		return
	}
	if year := p.CreatedAt.Year(); p.AppID != testApp || year < 1970 || year > 9999 || p.CreatedAt.Location() != time.UTC {
		t.Fatalf("Open = %+v", p)
	}
	if p.Erasure() != (Erasure{}) && p.Event == "" {
		t.Fatalf("no event, and it erases: %+v", p)
	}
}
