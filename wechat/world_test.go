package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"menshen/wechat/wechattest"
)

const otherApp = "wxfedcba9876543210"

// world is a WeChat, and the state that all its clients share, in a bubble of
// time that passes only while everybody waits.
type world struct {
	*wechattest.Simulator
	listener pipes
	saved    savedTokens

	mu     sync.Mutex
	forced []bool // force_refresh of each call of stable_token
}

// inWorld runs a test in a world of its own.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			Simulator: wechattest.NewSimulator(wechattest.Options{
				Apps: map[string]string{testApp: testSecret, otherApp: testSecret},
			}),
			listener: make(pipes),
		}
		server := &http.Server{Handler: http.HandlerFunc(w.serve)}
		go server.Serve(w.listener) // ends with ErrServerClosed
		t.Cleanup(func() { server.Close() })
		test(t, w)
	})
}

// serve notes whether a token is forced, which the simulator does not tell.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path == stableTokenPath {
		var in struct {
			ForceRefresh bool `json:"force_refresh"`
		}
		body, _ := io.ReadAll(r.Body)
		json.Unmarshal(body, &in)
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.mu.Lock()
		w.forced = append(w.forced, in.ForceRefresh)
		w.mu.Unlock()
	}
	w.ServeHTTP(rw, r)
}

// forces counts the forced calls of stable_token.
func (w *world) forces() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, forced := range w.forced {
		if forced {
			n++
		}
	}
	return n
}

// client returns another instance's client.
func (w *world) client(t *testing.T) *Client {
	t.Helper()
	c, err := NewClient(Options{
		BaseURL:     "http://api.invalid",
		Apps:        map[string]string{testApp: testSecret, otherApp: testSecret},
		LoadToken:   w.saved.load,
		UpdateToken: w.saved.update,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.transport.DialContext = w.listener.dial
	t.Cleanup(c.Close)
	return c
}

// login plays wx.login, which gives a new session_key every time, and returns
// what the server gets of it.
func (w *world) login(t *testing.T, c *Client, user string) Session {
	t.Helper()
	login, err := w.LoginRotating(testApp, user, true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Code2Session(t.Context(), testApp, login.Code)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fault makes the next calls of a path fail with an errcode.
func (w *world) fault(t *testing.T, path string, errcode, times int) {
	t.Helper()
	if err := w.Fault(wechattest.Fault{Path: path, ErrCode: errcode, Times: times}); err != nil {
		t.Fatal(err)
	}
}

// forceElsewhere plays somebody who forces a token behind our back.
func (w *world) forceElsewhere(t *testing.T) {
	t.Helper()
	if _, err := w.client(t).askStableToken(t.Context(), testApp, true); err != nil {
		t.Fatal(err)
	}
}

// wantTokenCalls checks how often stable_token has been called.
func (w *world) wantTokenCalls(t *testing.T, want int) {
	t.Helper()
	if got := w.Calls()[stableTokenPath]; got != want {
		t.Errorf("%d calls of stable_token, want %d", got, want)
	}
}

// state returns the saved state, and change changes it as another instance
// would.
func (w *world) state(t *testing.T) tokenState {
	t.Helper()
	saved, err := w.saved.load(t.Context(), testApp)
	if err != nil {
		t.Fatal(err)
	}
	return parseTokenState(saved)
}

func (w *world) change(t *testing.T, change func(*tokenState)) {
	t.Helper()
	if err := w.client(t).update(t.Context(), testApp, change); err != nil {
		t.Fatal(err)
	}
}

// need makes a call that needs an access_token, of which WeChat says that it is
// well: the signature is wrong.
func need(t *testing.T, c *Client) error {
	t.Helper()
	_, err := c.CheckSession(t.Context(), testApp, "oTest-1", testKey)
	if err != nil {
		wantNoSecret(t, err)
	}
	return err
}

func mustNeed(t *testing.T, c *Client) {
	t.Helper()
	if err := need(t, c); err != nil {
		t.Fatal(err)
	}
}

// savedTokens is where instances share their state.
type savedTokens struct {
	mu    sync.Mutex
	byApp map[string][]byte
	err   error // of every access, when it is set
}

func (s *savedTokens) load(_ context.Context, appID string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byApp[appID], s.err
}

// update runs change twice, as a database does that finds itself overtaken.
func (s *savedTokens) update(_ context.Context, appID string, change func([]byte) ([]byte, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if _, err := change(nil); err != nil {
		return err
	}
	next, err := change(s.byApp[appID])
	if err != nil {
		return err
	}
	if s.byApp == nil {
		s.byApp = map[string][]byte{}
	}
	s.byApp[appID] = next
	return nil
}

func (s *savedTokens) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// pipes is a network inside the bubble.
type pipes chan net.Conn

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p pipes) Accept() (net.Conn, error) {
	conn, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "bubble", Net: "pipe"} }

// passes lets time pass, and everything happen that was due in it.
func passes(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
