package wechat

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCheckSession(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		first := w.login(t, c, "mei")
		wantLive(t, c, first, true)
		second := w.login(t, c, "mei")
		wantLive(t, c, first, false)
		wantLive(t, c, second, true)
		w.fault(t, checkSessionPath, noSessionKey, 1)
		wantLive(t, c, second, false)
		w.fault(t, checkSessionPath, -1, 1)
		if live, err := c.CheckSession(t.Context(), testApp, second.OpenID, second.SessionKey); live || !errors.Is(err, ErrUnavailable) {
			t.Errorf("live = %t, err = %v, want ErrUnavailable", live, err)
		}
		w.wantTokenCalls(t, 1)
	})
}

func wantLive(t *testing.T, c *Client, s Session, want bool) {
	t.Helper()
	live, err := c.CheckSession(t.Context(), testApp, s.OpenID, s.SessionKey)
	if err != nil {
		t.Fatal(err)
	}
	if live != want {
		t.Errorf("live = %t, want %t", live, want)
	}
}

// An answer without an errcode does not say that the key is live.
func TestCheckSessionWantsAnErrcode(t *testing.T) {
	c, calls := newTestClient(t, serve(t, answer(`{"errmsg":"ok"}`)))
	c.loadToken = savedToken(t, time.Now().Add(time.Hour))
	if live, err := c.CheckSession(t.Context(), testApp, "oTest-1", testKey); live || !errors.Is(err, ErrUnavailable) {
		t.Errorf("live = %t, err = %v, want ErrUnavailable", live, err)
	}
	if len(*calls) != 1 || (*calls)[0].Endpoint != "checksession" {
		t.Errorf("observed %+v, want one call", *calls)
	}
}

func TestCheckSessionRequest(t *testing.T) {
	var got http.Request
	c, _ := newTestClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = *r
		fmt.Fprint(w, `{"errcode":0}`)
	}))
	c.loadToken = savedToken(t, time.Now().Add(time.Hour))
	if _, err := c.CheckSession(t.Context(), testApp, "oTest-1", testKey); err != nil {
		t.Fatal(err)
	}
	if got.Method != "GET" || got.URL.Path != checkSessionPath || got.ContentLength != 0 {
		t.Errorf("request = %s %s with %d bytes", got.Method, got.URL.Path, got.ContentLength)
	}
	want := url.Values{
		"access_token": {"76_saved"}, "openid": {"oTest-1"},
		"signature": {SessionKey(testKey).HMAC(nil)}, "sig_method": {"hmac_sha256"},
	}
	if diff := cmp.Diff(want, got.URL.Query()); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
}
