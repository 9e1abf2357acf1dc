package wechat

import (
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	testToken  = "canaryToken"
	testAESKey = "canaryAESKeyOf43CharactersForTheTestsOfPush"
	testEvent  = `{"CreateTime":1700000000,"MsgType":"event","Event":"user_info_modified","OpenID":"oTest-1"}`
)

var testTime = time.Unix(1700000000, 0)

// request is a push on its way.
type request struct {
	query url.Values
	body  string
}

func (r request) open(k PushKey) (Push, error) { return k.Open(r.query, []byte(r.body), testTime) }

func secureKey(t testing.TB) PushKey {
	t.Helper()
	k, err := NewPushKey(testApp, testToken, testAESKey)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func plainKey(t testing.TB) PushKey {
	t.Helper()
	k, err := NewPlainPushKey(testApp, testToken)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sign returns a query signed as WeChat signs it.
func sign(token, timestamp, name string, parts ...string) url.Values {
	return signNonce(token, timestamp, "415670741", name, parts...)
}

func signNonce(token, timestamp, nonce, name string, parts ...string) url.Values {
	parts = append(parts, token, timestamp, nonce)
	slices.Sort(parts)
	signature := fmt.Sprintf("%x", sha1.Sum([]byte(strings.Join(parts, ""))))
	return url.Values{"timestamp": {timestamp}, "nonce": {nonce}, name: {signature}}
}

func plainRequest(message string) request {
	return request{sign(testToken, "1700000000", "signature"), message}
}

func TestChallenge(t *testing.T) {
	good := func() url.Values {
		q := sign(testToken, "1700000000", "signature")
		q.Set("echostr", "4375120948345356249")
		return q
	}
	for name, test := range map[string]struct {
		spoil func(url.Values)
		want  string // "" when it is refused
	}{
		"as WeChat asks":        {func(url.Values) {}, "4375120948345356249"},
		"a text kept as it is":  {func(q url.Values) { q.Set("echostr", " <a>门 ") }, " <a>门 "},
		"no text":               {func(q url.Values) { q.Del("echostr") }, ""},
		"a long text":           {func(q url.Values) { q.Set("echostr", strings.Repeat("1", maxParameter+1)) }, ""},
		"two texts":             {func(q url.Values) { q.Add("echostr", "2") }, ""},
		"no signature":          {func(q url.Values) { q.Del("signature") }, ""},
		"the other signature":   {func(q url.Values) { q["msg_signature"] = q["signature"]; q.Del("signature") }, ""},
		"another nonce":         {func(q url.Values) { q.Set("nonce", "1") }, ""},
		"another timestamp":     {func(q url.Values) { q.Set("timestamp", "1700000001") }, ""},
		"no query":              {func(q url.Values) { clear(q) }, ""},
		"a parameter of no use": {func(q url.Values) { q["openid"] = []string{"a", "b"} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := good()
			test.spoil(q)
			for _, k := range []PushKey{secureKey(t), plainKey(t)} {
				got, err := k.Challenge(q, testTime)
				if got != test.want || (err != ErrPushRefused) != (test.want != "") {
					t.Errorf("Challenge = %q, %v, want %q", got, err, test.want)
				}
			}
		})
	}
}

func TestPushWindow(t *testing.T) {
	for _, test := range []struct {
		timestamp string
		now       time.Time
		want      error
	}{
		{"1700000000", testTime.Add(5 * time.Minute), nil},
		{"1700000000", testTime.Add(-5 * time.Minute), nil},
		{"1700000000", testTime.Add(5*time.Minute + 1), ErrPushRefused},
		{"1700000000", testTime.Add(-5*time.Minute - 1), ErrPushRefused},
		{"0", testTime, ErrPushRefused},
		{"", testTime, ErrPushRefused},
		{"1700000000.0", testTime, ErrPushRefused},
		{"9223372036854775807", testTime, ErrPushRefused},
		{"-9223372036854775808", testTime, ErrPushRefused},
		{"9223372036854775808", testTime, ErrPushRefused},
	} {
		t.Run(test.timestamp+" at "+test.now.UTC().Format(time.TimeOnly), func(t *testing.T) {
			if _, err := plainKey(t).Open(sign(testToken, test.timestamp, "signature"), []byte(testEvent), test.now); err != test.want {
				t.Errorf("Open = %v, want %v", err, test.want)
			}
		})
	}
}

// The signature does not say which of its parts is the timestamp: a nonce of
// ten digits is one too, some day.
func TestKeptPushIsNotFreshWhenItsNonceIs(t *testing.T) {
	later := testTime.AddDate(1, 0, 0)
	kept := secureRequest(t, frame(testEvent, testApp))
	k, encrypt := secureKey(t), encryptOf(t, kept)
	kept.query = signNonce(testToken, "1700000000", fmt.Sprint(later.Unix()), "msg_signature", encrypt)
	wantOpened(t, k, kept, nil)

	kept.query["timestamp"], kept.query["nonce"] = kept.query["nonce"], kept.query["timestamp"]
	if !k.signed(kept.query, "msg_signature", encrypt) || !current(kept.query, later) {
		t.Fatal("the query is refused, whatever the message is")
	}
	if p, err := k.Open(kept.query, []byte(kept.body), later); err != ErrPushRefused {
		t.Errorf("Open = %+v, %v, want ErrPushRefused", p, err)
	}
}

func encryptOf(t *testing.T, r request) string {
	t.Helper()
	envelope, ok := parsePush([]byte(r.body))
	if !ok {
		t.Fatal("the envelope does not parse")
	}
	return envelope.text("Encrypt")
}

// Parsing allocates for each member; strangers must not have it done.
func TestPushWithoutASignatureIsNotParsed(t *testing.T) {
	body := []byte(`{"0":[]` + strings.Repeat(`,"0":[]`, 100) + "}")
	for _, signature := range []string{"", "f464b24f"} {
		query := url.Values{"timestamp": {"1700000000"}, "nonce": {"1"}, "msg_signature": {signature}}
		k := secureKey(t)
		allocs := testing.AllocsPerRun(10, func() { k.Open(query, body, testTime) })
		if allocs != 0 {
			t.Errorf("%v allocations for the signature %q", allocs, signature)
		}
	}
}

// SHA-1 without a key: who has seen a signature under a token that sorts first
// can compute one of a longer text, and with it sign a timestamp of today.
func TestPushNonceCarriesNoPadding(t *testing.T) {
	k, err := NewPlainPushKey(testApp, "0Token")
	if err != nil {
		t.Fatal(err)
	}
	for nonce, want := range map[string]error{
		"~!1700000000":                nil,
		"1600000000415670741\x80\x00": ErrPushRefused,
		"1600000000415670741 ":        ErrPushRefused,
		"门":                           ErrPushRefused,
	} {
		q := signNonce("0Token", "1700000000", nonce, "signature")
		if _, err := k.Open(q, []byte(testEvent), testTime); err != want {
			t.Errorf("nonce %q: Open = %v, want %v", nonce, err, want)
		}
	}
}

func wantOpened(t *testing.T, k PushKey, r request, want error) {
	t.Helper()
	p, err := r.open(k)
	if err != want {
		t.Fatalf("Open = %+v, %v, want %v", p, err, want)
	}
	if want != nil && !cmp.Equal(p, Push{}) {
		t.Errorf("Open = %+v with an error", p)
	}
	if want == nil && (p.Event != "user_info_modified" || p.OpenID != testUser) {
		t.Errorf("Open = %+v, want the event", p)
	}
}

func TestOpenForgedPush(t *testing.T) {
	secure, plain := secureKey(t), plainKey(t)
	for name, forge := range map[string]func(*request){
		"no query":           func(r *request) { r.query = nil },
		"no nonce":           func(r *request) { r.query.Del("nonce") },
		"another timestamp":  func(r *request) { r.query.Set("timestamp", "1700000001") },
		"a timestamp twice":  func(r *request) { r.query.Add("timestamp", "1700000000") },
		"a long parameter":   func(r *request) { r.query.Set("openid", strings.Repeat("o", maxParameter+1)) },
		"a signature, empty": func(r *request) { r.query["signature"] = []string{""}; r.query["msg_signature"] = []string{""} },
		"another's token": func(r *request) {
			r.query = sign("menshen", "1700000000", "signature")
			r.query["msg_signature"] = r.query["signature"]
		},
		"half a body":  func(r *request) { r.body = r.body[:len(r.body)/2] },
		"no body":      func(r *request) { r.body = "" },
		"two bodies":   func(r *request) { r.body += r.body },
		"a large body": func(r *request) { r.body += strings.Repeat(" ", maxPush) },
	} {
		t.Run(name, func(t *testing.T) {
			for k, r := range map[*PushKey]request{
				&secure: secureRequest(t, frame(testEvent, testApp)),
				&plain:  plainRequest(testEvent),
			} {
				forge(&r)
				wantOpened(t, *k, r, ErrPushRefused)
			}
		})
	}
}

func TestOpenWithTheZeroPushKey(t *testing.T) {
	r := request{sign("", "1700000000", "signature"), testEvent}
	wantOpened(t, PushKey{}, r, ErrPushRefused)
}

func TestNewPushKeyRefusals(t *testing.T) {
	for name, test := range map[string]struct{ appID, token, aesKey string }{
		"no app":                  {"", testToken, testAESKey},
		"no token":                {testApp, "", testAESKey},
		"no key":                  {testApp, testToken, ""},
		"a key with its padding":  {testApp, testToken, testAESKey + "="},
		"a key of 42 characters":  {testApp, testToken, testAESKey[1:]},
		"a key of 44 characters":  {testApp, testToken, testAESKey + "a"},
		"a key of other letters":  {testApp, testToken, "-" + testAESKey[1:]},
		"a key with a line break": {testApp, testToken, testAESKey[:42] + "\n" + testAESKey[42:]},
		"a key of 16 bytes":       {testApp, testToken, "canaryAESKeyOf16Bytes="},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := NewPushKey(test.appID, test.token, test.aesKey)
			if err == nil || !cmp.Equal(k, PushKey{}, cmp.AllowUnexported(PushKey{})) {
				t.Fatalf("err = %v, want one", err)
			}
			if strings.Contains(fmt.Sprintf("%v %#v", err, err), "canary") {
				t.Errorf("err = %#v", err)
			}
		})
	}
}

func TestPushKeyIsHidden(t *testing.T) {
	k := secureKey(t)
	for _, v := range []any{k, &k, struct{ Key PushKey }{k}, []PushKey{k}, map[string]PushKey{"": k}} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			fmt.Fprintf(&out, verb, v)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("opened", "with", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("opened", "with", v)
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{testToken, testApp, fmt.Sprintf("%x", testToken), fmt.Sprintf("%x", k.key), fmt.Sprint(k.key)} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%T prints %s: %s", v, secret, out.String())
			}
		}
	}
}
