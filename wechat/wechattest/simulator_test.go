package wechattest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const otherApp = "wxother0000000000"

// clock starts where every test can know it: 2026-01-02, 12:00:30 in China.
func clock() time.Time { return time.Date(2026, 1, 2, 4, 0, 30, 0, time.UTC) }

// fixed starts a simulator of two apps whose clock moves by Advance alone.
func fixed(t *testing.T) *Simulator {
	t.Helper()
	return New(t, Options{
		Apps: map[string]string{DevAppID: DevAppSecret, otherApp: "other-secret"},
		Seed: 7,
		Now:  clock,
	})
}

// got is an answer as a client sees it.
type got struct {
	status int
	header http.Header
	body   []byte
}

func do(t *testing.T, method, address, body string) got {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return send(t, req)
}

func send(t *testing.T, req *http.Request) got {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got{status: resp.StatusCode, header: resp.Header, body: body}
}

func get(t *testing.T, s *Simulator, path string, query ...string) got {
	t.Helper()
	return do(t, http.MethodGet, address(s, path, query...), "")
}

func post(t *testing.T, s *Simulator, path, body string, query ...string) got {
	t.Helper()
	return do(t, http.MethodPost, address(s, path, query...), body)
}

// address takes the query as name, value, name, value.
func address(s *Simulator, path string, query ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	return s.URL() + path + "?" + values.Encode()
}

// object decodes a JSON object.
func (g got) object(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(g.body, &v); err != nil {
		t.Fatalf("%q is not a JSON object: %v", g.body, err)
	}
	return v
}

// text returns a field that must be a non-empty string.
func (g got) text(t *testing.T, field string) string {
	t.Helper()
	v, is := g.object(t)[field].(string)
	if !is || v == "" {
		t.Fatalf("%s is missing in %s", field, g.body)
	}
	return v
}

var rid = regexp.MustCompile(`, rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$`)

// wantFailure checks a failure in WeChat's manner.
func (g got) wantFailure(t *testing.T, want int) {
	t.Helper()
	v := g.object(t)
	if code, is := v["errcode"].(float64); !is || int(code) != want {
		t.Errorf("got %s, want errcode %d", g.body, want)
	}
	if msg, is := v["errmsg"].(string); !is || !rid.MatchString(msg) {
		t.Errorf("errmsg of %s does not end in a rid", g.body)
	}
	if g.header.Get("Content-Type") != "text/plain" {
		t.Errorf("Content-Type is %q, want text/plain", g.header.Get("Content-Type"))
	}
	if g.status != http.StatusOK && want != 40066 {
		t.Errorf("status is %d, want 200", g.status)
	}
}

func login(t *testing.T, s *Simulator, user string) Login {
	t.Helper()
	l, err := s.Login(DevAppID, user)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func exchange(t *testing.T, s *Simulator, code string) got {
	t.Helper()
	return get(t, s, "/sns/jscode2session", "appid", DevAppID, "secret", DevAppSecret,
		"js_code", code, "grant_type", "authorization_code")
}

func token(t *testing.T, s *Simulator) string {
	t.Helper()
	return stable(t, s, false).text(t, "access_token")
}

func advance(t *testing.T, s *Simulator, d time.Duration) {
	t.Helper()
	if err := s.Advance(d); err != nil {
		t.Fatal(err)
	}
}

func TestEveryAnswerSaysItIsNotWeChat(t *testing.T) {
	s := fixed(t)
	for _, path := range []string{"/", "/sns/jscode2session", "/sim/calls", "/no/such/path"} {
		if h := get(t, s, path).header.Get("X-Menshen-Simulator"); h != "not WeChat" {
			t.Errorf("%s: header is %q", path, h)
		}
	}
}

func TestUnknownPath(t *testing.T) {
	g := get(t, fixed(t), "/no/such/path")
	g.wantFailure(t, 40066)
	if g.status != http.StatusNotFound {
		t.Errorf("status is %d, want 404", g.status)
	}
}

func TestMethods(t *testing.T) {
	s := fixed(t)
	tok := token(t, s)
	t.Run("a post wanted", func(t *testing.T) {
		get(t, s, "/cgi-bin/stable_token").wantFailure(t, 43002)
		get(t, s, "/wxa/msg_sec_check", "access_token", tok).wantFailure(t, 43002)
	})
	t.Run("a get wanted", func(t *testing.T) {
		post(t, s, "/wxa/checksession", "", "access_token", tok).wantFailure(t, 43001)
		do(t, http.MethodPut, address(s, "/sns/jscode2session"), "").wantFailure(t, 43001)
	})
}

func TestBodyCap(t *testing.T) {
	s := fixed(t)
	large := strings.Repeat(" ", maxBody+1)
	post(t, s, "/cgi-bin/stable_token", large).wantFailure(t, 45002)
	if g := control(t, s, "/sim/login", large); g.status != http.StatusBadRequest {
		t.Errorf("control API: status is %d, want 400", g.status)
	}
}

// Ensure that one seed, one clock and one order of requests give the same
// bytes, and another seed others.
func TestDeterminism(t *testing.T) {
	transcript := func(seed uint64) []byte {
		s := New(t, Options{Seed: seed, Now: clock})
		var b bytes.Buffer
		l := login(t, s, "mei")
		data, err := s.Data(DevAppID, "mei", KindProfile, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(data.EncryptedData)
		b.Write(exchange(t, s, l.Code).body)
		b.Write(exchange(t, s, l.Code).body)
		b.Write(stable(t, s, false).body)
		return b.Bytes()
	}
	first := transcript(1)
	if diff := cmp.Diff(first, transcript(1)); diff != "" {
		t.Errorf("the same seed differs:\n%s", diff)
	}
	if bytes.Equal(first, transcript(2)) {
		t.Error("another seed gives the same")
	}
}

// Ensure that a restart finds the same users, whatever happened before.
func TestOpenIDOutlivesARestart(t *testing.T) {
	before, after := fixed(t), fixed(t)
	login(t, after, "someone else first")
	a, b := login(t, before, "mei"), login(t, after, "mei")
	if a.OpenID != b.OpenID {
		t.Errorf("openid was %s and is %s", a.OpenID, b.OpenID)
	}
	if !regexp.MustCompile(`^o[A-Za-z0-9_-]{27}$`).MatchString(a.OpenID) {
		t.Errorf("%s does not look like an openid", a.OpenID)
	}
}

func TestAdvance(t *testing.T) {
	s := fixed(t)
	advance(t, s, maxOffset)
	for _, d := range []time.Duration{0, -time.Second, 1} {
		if err := s.Advance(d); err == nil {
			t.Errorf("%v was allowed", d)
		}
	}
}
