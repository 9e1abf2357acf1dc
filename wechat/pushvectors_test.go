package wechat

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/wechat/wechattest"
)

// pushVector is test data of WeChat's, or of others, about message push. Each
// kind uses some of the members.
type pushVector struct {
	AppID        string   `json:"appid"`
	Token        string   `json:"token"`
	AESKey       string   `json:"encodingAESKey"`
	Timestamp    string   `json:"timestamp"`
	Nonce        string   `json:"nonce"`
	Encrypt      string   `json:"encrypt"`
	MsgSignature string   `json:"msg_signature"`
	Parts        []string `json:"parts"` // token, timestamp, nonce
	Echo         string   `json:"echostr"`
	Body         string   `json:"body"`
	Expected     string   `json:"expected"` // the signature, or the message
}

// eachPushVector is eachVector, and reads the members of message push.
func eachPushVector(t *testing.T, pattern string, test func(t *testing.T, v pushVector)) {
	t.Helper()
	eachVector(t, pattern, func(t *testing.T, _ vector) {
		var v pushVector
		readJSON(t, filepath.Join(vectors, filepath.Base(t.Name())), &v)
		test(t, v)
	})
}

// near is the time of the vector.
func (v pushVector) near(t *testing.T) time.Time {
	t.Helper()
	seconds, err := strconv.ParseInt(v.Timestamp, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(seconds, 0)
}

func (v pushVector) secureKey(t *testing.T) PushKey {
	t.Helper()
	k, err := NewPushKey(v.AppID, v.Token, v.AESKey)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (v pushVector) secureQuery() url.Values {
	return url.Values{"timestamp": {v.Timestamp}, "nonce": {v.Nonce}, "msg_signature": {v.MsgSignature}}
}

func TestVectorsPushVerify(t *testing.T) {
	eachPushVector(t, "push-verify-*.json", func(t *testing.T, v pushVector) {
		v.Token, v.Timestamp, v.Nonce = v.Parts[0], v.Parts[1], v.Parts[2]
		k, err := NewPlainPushKey(testApp, v.Token)
		if err != nil {
			t.Fatal(err)
		}
		q := url.Values{"timestamp": {v.Timestamp}, "nonce": {v.Nonce}, "signature": {v.Expected}}
		if v.Body != "" {
			wantDemo(t, k, q, v.Body, v.near(t))
			return
		}
		q.Set("echostr", v.Echo)
		if got, err := k.Challenge(q, v.near(t)); err != nil || got != v.Echo {
			t.Errorf("Challenge = %q, %v, want %q", got, err, v.Echo)
		}
	})
}

func TestVectorsPushRequest(t *testing.T) {
	eachPushVector(t, "push-secure-official-request.json", func(t *testing.T, v pushVector) {
		body := `{"ToUserName":"gh_97417a04a28d","Encrypt":"` + v.Encrypt + `"}`
		wantDemo(t, v.secureKey(t), v.secureQuery(), body, v.near(t))
	})
}

// wantDemo opens the event of WeChat's page on message push, and not for long.
func wantDemo(t *testing.T, k PushKey, q url.Values, body string, now time.Time) {
	t.Helper()
	p, err := k.Open(q, []byte(body), now.Add(pushWindow))
	want := Push{ID: p.ID, AppID: k.appID, Event: "debug_demo", CreatedAt: now.UTC()}
	if diff := cmp.Diff(want, p); diff != "" || err != nil {
		t.Errorf("Open = %v (-want +got):\n%s", err, diff)
	}
	if _, err := k.Open(q, []byte(body), now.Add(pushWindow+time.Second)); err != ErrPushRefused {
		t.Errorf("Open of a stale one = %v, want ErrPushRefused", err)
	}
}

func TestVectorsPushXML(t *testing.T) {
	eachPushVector(t, "push-secure-tencent-demo-xml.json", func(t *testing.T, v pushVector) {
		body := "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[" + v.Encrypt + "]]></Encrypt></xml>"
		p, err := v.secureKey(t).Open(v.secureQuery(), []byte(body), v.near(t))
		want := Push{ID: p.ID, AppID: v.AppID, CreatedAt: v.near(t).UTC()}
		if diff := cmp.Diff(want, p); diff != "" || err != nil {
			t.Errorf("Open = %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestVectorsPushDecrypt(t *testing.T) {
	eachPushVector(t, "push-secure-*.json", wantDecrypted)
}

// The simulator's own test data was made with Node.
func TestPushDecryptsWhatNodeEncrypted(t *testing.T) {
	var v pushVector
	readJSON(t, "wechattest/testdata/push.json", &v)
	wantDecrypted(t, v)
}

func wantDecrypted(t *testing.T, v pushVector) {
	t.Helper()
	k := v.secureKey(t)
	if !k.signed(v.secureQuery(), "msg_signature", v.Encrypt) {
		t.Error("the signature is refused")
	}
	if got, ok := k.decrypt(v.Encrypt); !ok || string(got) != v.Expected {
		t.Errorf("decrypt = %q, %t, want %q", got, ok, v.Expected)
	}
	v.AppID += "x"
	if got, ok := v.secureKey(t).decrypt(v.Encrypt); ok {
		t.Errorf("another app's decrypt = %q", got)
	}
}

// Ensure that what the simulator pushes opens: it was written from WeChat's
// documents and shares no code with this package.
func TestOpenWhatTheSimulatorPushes(t *testing.T) {
	now := time.Now()
	sim := wechattest.New(t, wechattest.Options{Now: func() time.Time { return now }})
	user, err := sim.Login(wechattest.DevAppID, "mei")
	if err != nil {
		t.Fatal(err)
	}
	secure, err := NewPushKey(wechattest.DevAppID, wechattest.DevPushToken, wechattest.DevPushAESKey)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := NewPlainPushKey(wechattest.DevAppID, wechattest.DevPushToken)
	if err != nil {
		t.Fatal(err)
	}
	want := Push{
		AppID: wechattest.DevAppID, Event: "user_authorization_revoke", OpenID: user.OpenID,
		CreatedAt: time.Unix(now.Unix(), 0).UTC(), Revoked: []int{8},
	}
	for mode, k := range map[string]PushKey{"secure": secure, "plain": plain} {
		t.Run(mode, func(t *testing.T) {
			got := receive(t, sim, mode, k, now)
			want.ID = got.ID
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Open (-want +got):\n%s", diff)
			}
		})
	}
}

// receive lets the simulator push, and opens what came.
func receive(t *testing.T, sim *wechattest.Simulator, mode string, k PushKey, now time.Time) Push {
	t.Helper()
	var (
		got Push
		err error
	)
	to := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, err = k.Open(r.URL.Query(), body, now)
	})
	_, failure := sim.Push(t.Context(), wechattest.Push{
		AppID: wechattest.DevAppID, User: "mei", Event: "user_authorization_revoke", To: to, Mode: mode,
		Payload: map[string]any{"RevokeInfo": "8"},
	})
	if err := errors.Join(failure, err); err != nil {
		t.Fatal(err)
	}
	return got
}
