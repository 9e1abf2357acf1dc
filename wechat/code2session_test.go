package wechat

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCode2SessionRequest(t *testing.T) {
	const code = "a&secret=b c+d%/?#中"
	var got http.Request
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = *r
		fmt.Fprint(w, goodAnswer)
	})
	c, calls := newTestClient(t, base+"/prefix/")
	if _, err := c.Code2Session(t.Context(), testApp, code); err != nil {
		t.Fatal(err)
	}
	if got.Method != "GET" || got.URL.Path != "/prefix/sns/jscode2session" {
		t.Errorf("request = %s %s", got.Method, got.URL.Path)
	}
	want := url.Values{
		"appid": {testApp}, "secret": {testSecret},
		"js_code": {code}, "grant_type": {"authorization_code"},
	}
	if diff := cmp.Diff(want, got.URL.Query()); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	if got.ContentLength != 0 || got.TransferEncoding != nil || got.Header.Get("Content-Length") != "" {
		t.Errorf("a body was announced: length %d, encoding %v", got.ContentLength, got.TransferEncoding)
	}
	if len(*calls) != 1 || (*calls)[0].Err != nil || (*calls)[0].Elapsed <= 0 {
		t.Errorf("observed %+v, want one good call that took some time", *calls)
	}
}

func TestCode2SessionSuccess(t *testing.T) {
	const key = `"session_key":"` + testKey + `"`
	whole := Session{OpenID: "oTest-1", UnionID: "uTest-1", SessionKey: testKey}
	unbound := Session{OpenID: "oTest-1", SessionKey: testKey}
	for name, test := range map[string]struct {
		body string
		want Session
	}{
		"without errcode":   {goodAnswer, unbound},
		"with errcode 0":    {`{"errcode":0,"errmsg":"ok","openid":"oTest-1","unionid":"uTest-1",` + key + `}`, whole},
		"errcode as string": {`{"errcode":"0","openid":"oTest-1","unionid":"uTest-1",` + key + `}`, whole},
		"null members":      {`{"errcode":null,"openid":"oTest-1","unionid":null,` + key + `}`, unbound},
		"openid as number": {`{"openid":12345678901234567890123,` + key + `}`,
			Session{OpenID: "12345678901234567890123", SessionKey: testKey}},
		"unknown members":    {`{"openid":"oTest-1","unionid":"uTest-1",` + key + `,"expires_in":[{}]}`, whole},
		"spaces around":      {"\r\n " + goodAnswer + "\n\n", unbound},
		"names in other use": {`{"OPENID":"x","openid":"oTest-1","Session_Key":"x",` + key + `}`, unbound},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newTestClient(t, serve(t, answer(test.body)))
			got, err := c.Code2Session(t.Context(), testApp, testCode)
			if err != nil {
				t.Fatal(err)
			}
			// Compared as text of its own: cmp would format a difference as
			// "[session_key]".
			if got != test.want {
				t.Errorf("session = %+v, want %+v (keys equal: %t)", got, test.want, got.SessionKey == test.want.SessionKey)
			}
		})
	}
}

func TestCode2SessionErrcodes(t *testing.T) {
	for errcode, class := range map[int]error{
		-1: ErrUnavailable, 40029: ErrCodeInvalid, 40163: ErrCodeInvalid, 40226: ErrLoginBlocked,
		45009: ErrRateLimited, 45011: ErrRateLimited, 40001: ErrConfiguration, 40002: ErrConfiguration,
		40013: ErrConfiguration, 40125: ErrConfiguration, 40164: ErrConfiguration, 40243: ErrConfiguration,
		41002: ErrConfiguration, 41004: ErrConfiguration, 41008: ErrConfiguration, 50007: ErrConfiguration,
		99999: ErrConfiguration,
	} {
		for _, format := range []string{`{"errcode":%d,"errmsg":"%s"}`, `{"errcode":"%d","errmsg":"%s"}`} {
			t.Run(fmt.Sprintf(format, errcode, "…"), func(t *testing.T) {
				c, calls := newTestClient(t, serve(t, answer(fmt.Sprintf(format, errcode, testErrmsg))))
				_, err := c.Code2Session(t.Context(), testApp, testCode)
				wantFailure(t, err, class, errcode, *calls)
				if text := err.Error(); !strings.Contains(text, fmt.Sprintf("jscode2session: %s (errcode %d)",
					strings.TrimPrefix(class.Error(), "wechat: "), errcode)) {
					t.Errorf("text = %q", text)
				}
			})
		}
	}
}

func TestErrorRetryAfter(t *testing.T) {
	for errcode, want := range map[int]time.Duration{45011: time.Minute, 45009: time.Hour, 40029: 0, -1: 0, 0: 0} {
		if got := (&Error{Errcode: errcode}).RetryAfter(); got != want {
			t.Errorf("RetryAfter of %d = %v, want %v", errcode, got, want)
		}
	}
}

func TestCode2SessionUnusableAnswers(t *testing.T) {
	secrets := testSecret + testCode + testErrmsg
	for name, body := range map[string]string{
		"empty":                  "",
		"html":                   "<html>" + secrets + "</html>",
		"truncated":              goodAnswer[:len(goodAnswer)-1],
		"two objects":            goodAnswer + goodAnswer,
		"array":                  "[" + goodAnswer + "]",
		"null":                   "null",
		"a name twice":           `{"openid":"a","openid":"b","session_key":"` + testKey + `"}`,
		"no members":             "{}",
		"no openid":              `{"session_key":"` + testKey + `"}`,
		"empty openid":           `{"openid":"","session_key":"` + testKey + `"}`,
		"long openid":            `{"openid":"` + strings.Repeat("o", 129) + `","session_key":"` + testKey + `"}`,
		"long unionid":           `{"openid":"oTest-1","unionid":"` + strings.Repeat("u", 129) + `","session_key":"` + testKey + `"}`,
		"openid of another type": `{"openid":["` + testCode + `"],"session_key":"` + testKey + `"}`,
		"other capitals":         `{"OpenId":"oTest-1","session_key":"` + testKey + `"}`,
		"no session_key":         `{"openid":"oTest-1"}`,
		"short session_key":      `{"openid":"oTest-1","session_key":"c2hvcnQ="}`,
		"long session_key":       `{"openid":"oTest-1","session_key":"` + encode(make([]byte, 24)) + `"}`,
		"session_key not base64": `{"openid":"oTest-1","session_key":"` + testSecret + `"}`,
		"session_key wrapped":    `{"openid":"oTest-1","session_key":"` + testKey[:8] + `\n` + testKey[8:] + `"}`,
		"odd unionid":            `{"openid":"oTest-1","unionid":{},"session_key":"` + testKey + `"}`,
		"odd errcode":            `{"errcode":true,"openid":"oTest-1","session_key":"` + testKey + `"}`,
		"huge errcode":           `{"errcode":99999999999999999999,"openid":"oTest-1","session_key":"` + testKey + `"}`,
		"deep":                   strings.Repeat(`{"a":`, 100_000),
		"10 MB":                  `{"openid":"` + strings.Repeat(testCode, 1<<20) + `"}`,
		"just over the cap":      goodAnswer + strings.Repeat(" ", maxAnswer+1-len(goodAnswer)),
	} {
		t.Run(name, func(t *testing.T) {
			c, calls := newTestClient(t, serve(t, answer(body)))
			_, err := c.Code2Session(t.Context(), testApp, testCode)
			wantFailure(t, err, ErrUnavailable, 0, *calls)
		})
	}
}

func TestCode2SessionCapIsExact(t *testing.T) {
	body := goodAnswer + strings.Repeat(" ", maxAnswer-len(goodAnswer))
	c, _ := newTestClient(t, serve(t, answer(body)))
	if _, err := c.Code2Session(t.Context(), testApp, testCode); err != nil {
		t.Error(err)
	}
}

func TestCode2SessionGzip(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	io.WriteString(z, strings.Repeat(" ", 4*maxAnswer))
	z.Close()
	var accepted string
	c, calls := newTestClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		accepted = r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb.Bytes())
	}))
	_, err := c.Code2Session(t.Context(), testApp, testCode)
	wantFailure(t, err, ErrUnavailable, 0, *calls)
	if accepted != "" {
		t.Errorf("Accept-Encoding = %q, want none", accepted)
	}
}

func TestCode2SessionStatus(t *testing.T) {
	for _, status := range []int{201, 204, 301, 302, 307, 308, 400, 404, 429, 500, 502, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			hits := 0
			c, calls := newTestClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				hits++
				w.Header().Set("Location", "/elsewhere?"+r.URL.RawQuery)
				w.WriteHeader(status)
				if status != 204 {
					fmt.Fprint(w, goodAnswer)
				}
			}))
			_, err := c.Code2Session(t.Context(), testApp, testCode)
			wantFailure(t, err, ErrUnavailable, 0, *calls)
			if hits != 1 {
				t.Errorf("%d requests, want 1", hits)
			}
		})
	}
}

func TestCode2SessionBrokenTransport(t *testing.T) {
	reflected := func(conn net.Conn, _ int64) bool {
		fmt.Fprintf(conn, "HTTP/%s%s %s\r\n\r\n", testSecret, testCode, testErrmsg)
		return true
	}
	for name, test := range map[string]struct {
		base   func(t *testing.T) string
		reason string
	}{
		"connection refused": {closedPort, "connection refused"},
		"host not found":     {func(*testing.T) string { return "http://no..host" }, "host not found"},
		"certificate of a stranger": {func(t *testing.T) string {
			s := httptest.NewUnstartedServer(answer(goodAnswer))
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.StartTLS()
			t.Cleanup(s.Close)
			return s.URL
		}, "certificate refused"},
		"http spoken to https": {func(t *testing.T) string {
			return "https" + strings.TrimPrefix(serve(t, answer(goodAnswer)), "http")
		}, "connection failed"},
		"reset":               {wireURL(func(net.Conn, int64) bool { return false }), "connection failed"},
		"a reply not of HTTP": {wireURL(reflected), "connection failed"},
		"a body cut short": {wireURL(func(conn net.Conn, _ int64) bool {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n%s", goodAnswer)
			return false
		}), "connection failed"},
		"headers without end": {wireURL(func(conn net.Conn, _ int64) bool {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: %d\r\n\r\n%s",
				strings.Repeat(testCode, 1<<14), len(goodAnswer), goodAnswer)
			return false
		}), "connection failed"},
	} {
		t.Run(name, func(t *testing.T) {
			c, calls := newTestClient(t, test.base(t))
			_, err := c.Code2Session(t.Context(), testApp, testCode)
			wantFailure(t, err, ErrUnavailable, 0, *calls)
			if !strings.HasSuffix(err.Error(), ": unavailable: "+test.reason) {
				t.Errorf("err = %v, want the reason %q", err, test.reason)
			}
		})
	}
}

func closedPort(t *testing.T) string {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	return s.URL
}

func wireURL(handle func(net.Conn, int64) bool) func(*testing.T) string {
	return func(t *testing.T) string { return serveWire(t, handle).url }
}

func TestCode2SessionContext(t *testing.T) {
	private := errors.New("the caller's own cause: " + testSecret)
	for name, test := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		}, context.DeadlineExceeded},
		"deadline with a cause": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(ctx, 50*time.Millisecond, private)
		}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			base := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
			t.Cleanup(func() { close(release) })
			c, calls := newTestClient(t, base)
			ctx, cancel := test.end(t.Context())
			defer cancel()
			_, err := c.Code2Session(ctx, testApp, testCode)
			wantFailure(t, err, ErrUnavailable, 0, *calls)
			if !errors.Is(err, test.want) || errors.Is(err, private) {
				t.Errorf("err = %v, want %v and no other cause", err, test.want)
			}
		})
	}
	t.Run("canceled while WeChat thinks", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		release := make(chan struct{})
		base := serve(t, func(http.ResponseWriter, *http.Request) { cancel(private); <-release })
		t.Cleanup(func() { close(release) })
		c, calls := newTestClient(t, base)
		_, err := c.Code2Session(ctx, testApp, testCode)
		wantFailure(t, err, ErrUnavailable, 0, *calls)
		if !errors.Is(err, context.Canceled) || errors.Is(err, private) {
			t.Errorf("err = %v, want context.Canceled and no other cause", err)
		}
	})
}

// A WeChat that never answers, or answers a byte and no more, holds a login for
// five seconds and no longer; one that does not shake hands holds it for three.
func TestCode2SessionTimeout(t *testing.T) {
	for name, test := range map[string]struct {
		base, says string
		want       time.Duration
	}{
		"silence":      {"http://127.0.0.1", "", 5 * time.Second},
		"a slow body":  {"http://127.0.0.1", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", 5 * time.Second},
		"no handshake": {"https://127.0.0.1", "", 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, calls := newTestClient(t, test.base)
				c.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					go func() {
						http.ReadRequest(bufio.NewReader(far))
						io.WriteString(far, test.says)
						io.Copy(io.Discard, far)
					}()
					return near, nil
				}
				_, err := c.Code2Session(t.Context(), testApp, testCode)
				wantFailure(t, err, ErrUnavailable, 0, *calls)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("err = %v, want context.DeadlineExceeded", err)
				}
				if got := (*calls)[0].Elapsed; got != test.want {
					t.Errorf("the call took %v, want %v", got, test.want)
				}
			})
		})
	}
}

func TestCode2SessionSendsNothing(t *testing.T) {
	for name, test := range map[string]struct {
		appID, code string
		class       error
	}{
		"unknown app":     {"wxffffffffffffffff", testCode, ErrUnknownApp},
		"empty app":       {"", testCode, ErrUnknownApp},
		"long app":        {strings.Repeat("w", 1<<20), testCode, ErrUnknownApp},
		"empty code":      {testApp, "", ErrCodeInvalid},
		"code of 1025":    {testApp, strings.Repeat("c", 1025), ErrCodeInvalid},
		"code of 1048576": {testApp, strings.Repeat("c", 1<<20), ErrCodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			hits := 0
			c, calls := newTestClient(t, serve(t, func(http.ResponseWriter, *http.Request) { hits++ }))
			_, err := c.Code2Session(t.Context(), test.appID, test.code)
			if !errors.Is(err, test.class) {
				t.Errorf("err = %v, want %v", err, test.class)
			}
			wantNoSecret(t, err)
			if hits != 0 || len(*calls) != 0 {
				t.Errorf("%d requests arrived and %d were observed, want none", hits, len(*calls))
			}
		})
	}
}
