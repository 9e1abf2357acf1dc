package wechat

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	testApp    = "wx0123456789abcdef"
	testSecret = "canary-secret"
	testCode   = "canary-code"
	testErrmsg = "canary-errmsg"
	testKey    = "bWVuc2hlbi10ZXN0LWstMQ=="
	testPhone  = "13800138000"
)

// The paths of calls that take an access_token, and of the one that gives it.
const (
	stableTokenPath  = "/cgi-bin/stable_token"
	checkSessionPath = "/wxa/checksession"
	phoneNumberPath  = "/wxa/business/getuserphonenumber"
	textCheckPath    = "/wxa/msg_sec_check"
)

const goodAnswer = `{"session_key":"` + testKey + `","openid":"oTest-1"}`

// newTestClient returns a client of a WeChat at baseURL and the calls that it
// reports.
func newTestClient(t *testing.T, baseURL string) (*Client, *[]Call) {
	t.Helper()
	var calls []Call
	c, err := NewClient(Options{
		BaseURL: baseURL,
		Apps:    map[string]string{testApp: testSecret},
		Observe: func(call Call) { calls = append(calls, call) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, &calls
}

// savedToken is a LoadToken that finds a token which lives until the given time.
func savedToken(t *testing.T, expires time.Time) func(context.Context, string) ([]byte, error) {
	t.Helper()
	saved, err := json.Marshal(tokenState{
		Version: tokenStateVersion, Token: "76_saved", Expires: expires, Renew: expires,
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(context.Context, string) ([]byte, error) { return saved, nil }
}

// serve starts a WeChat on loopback.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// answer is a WeChat that gives everybody the same answer.
func answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, body)
	}
}

// wire is a server that speaks to the bare connection, to fail in ways that
// net/http would not.
type wire struct {
	url      string
	requests atomic.Int64 // whole requests that were read
}

// serveWire calls handle for each request it has read, with the number of
// requests so far, and closes the connection with a reset when handle returns
// false.
func serveWire(t *testing.T, handle func(conn net.Conn, nth int64) (open bool)) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	w := &wire{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go w.serve(conn.(*net.TCPConn), handle)
		}
	}()
	return w
}

func (w *wire) serve(conn *net.TCPConn, handle func(net.Conn, int64) bool) {
	defer conn.Close()
	buffered := bufio.NewReader(conn)
	for {
		if _, err := http.ReadRequest(buffered); err != nil {
			return
		}
		if !handle(conn, w.requests.Add(1)) {
			conn.SetLinger(0)
			return
		}
	}
}

func writeAnswer(conn net.Conn, body string) {
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// wantFailure checks err's class and errcode, that the one call was observed,
// and that no secret is in it.
func wantFailure(t *testing.T, err error, class error, errcode int, calls []Call) {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("err = %v, want an *Error", err)
	}
	if !errors.Is(err, class) || failure.Class != class || failure.Errcode != errcode {
		t.Errorf("err = %v, want class %v and errcode %d", err, class, errcode)
	}
	if len(calls) != 1 || calls[0].Err != err || calls[0].Errcode != errcode || calls[0].Endpoint != "jscode2session" {
		t.Errorf("observed %+v, want one call with this error", calls)
	}
	wantNoSecret(t, err)
}

// wantNoSecret formats every error of the chain in every way, and walks its
// memory.
func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	for _, e := range chain(err) {
		text := fmt.Sprintf("%v %+v %#v %q %s", e, e, e, e, deepStrings(reflect.ValueOf(e), 8))
		for _, secret := range []string{testSecret, testCode, testErrmsg, testKey, testPhone, "appid=", "js_code", "access_token=", "76_"} {
			if strings.Contains(text, secret) {
				t.Errorf("%T holds %q: %s", e, secret, text)
			}
		}
	}
}

func chain(err error) []error {
	all := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if next := e.Unwrap(); next != nil {
			all = append(all, chain(next)...)
		}
	case interface{ Unwrap() []error }:
		for _, next := range e.Unwrap() {
			all = append(all, chain(next)...)
		}
	}
	return all
}

// deepStrings collects the strings that v reaches within depth steps, through
// unexported fields too.
func deepStrings(v reflect.Value, depth int) []string {
	if depth == 0 {
		return nil
	}
	var found []string
	switch v.Kind() {
	case reflect.String:
		found = append(found, v.String())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			found = deepStrings(v.Elem(), depth-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			found = append(found, deepStrings(v.Field(i), depth-1)...)
		}
	}
	return found
}
