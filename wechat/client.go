// Package wechat asks api.weixin.qq.com who a mini program's user is, and opens
// the data that WeChat encrypts for a mini program's server ("open data").
//
// It never retries, never logs, and never lets an AppSecret, a session_key, a
// login code or WeChat's own error text into an error: what it returns may be
// logged as it is.
package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	defaultBaseURL = "https://api.weixin.qq.com"

	// callTimeout bounds a call from the first dial to the last byte of the
	// answer. WeChat names no figure of its own.
	callTimeout = 5 * time.Second

	// maxAnswer is the largest answer that is read, in bytes. Real ones have
	// about a hundred.
	maxAnswer = 1 << 20

	// maxParameter is the longest AppID, AppSecret or code that is sent, in
	// bytes.
	maxParameter = 1024
)

// Options says whom a Client asks, and in whose name. It formats without its
// secrets.
type Options struct {
	// BaseURL is where WeChat's API, or a simulator of it, listens: http or
	// https, with an optional path, without user, query or fragment. Empty
	// means https://api.weixin.qq.com.
	BaseURL string

	// Apps holds the AppSecret of every AppID that may be asked for.
	Apps map[string]string

	// Observe, when set, is called once for every call that set out, after its
	// end and on the caller's goroutine. It must be safe for concurrent use.
	Observe func(Call)
}

// Format writes the type's name only, whatever the verb: Apps holds secrets.
func (o Options) Format(s fmt.State, _ rune) { io.WriteString(s, "[wechat.Options]") }

// Call is the outcome of one call, for metrics. It holds no secret.
type Call struct {
	Endpoint string        // the last element of the path, such as "jscode2session"
	Errcode  int           // WeChat's errcode, 0 if there was none
	Err      error         // nil, or the *Error that the caller got
	Elapsed  time.Duration // from before the dial to the end of the answer
}

// Client calls WeChat's server API. It is safe for concurrent use, keeps
// connections alive between calls, and formats without its secrets.
type Client struct {
	base      *url.URL
	secrets   map[string]string
	observe   func(Call)
	transport *http.Transport
}

// NewClient returns a client for the apps of o. It opens no connection. Its
// error names what is wrong with o and repeats neither a secret nor the URL.
//
// Over https the client takes the proxy of HTTPS_PROXY and NO_PROXY, behind
// which a server may have the fixed address that WeChat's IP whitelist asks
// for. Over http it takes none: that proxy would read the AppSecret.
func NewClient(o Options) (*Client, error) {
	base, err := parseBaseURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	for appID, secret := range o.Apps {
		if !sendable(appID) || !sendable(secret) {
			// Not named: who mixes the two up has the secret where the AppID
			// belongs.
			return nil, fmt.Errorf("wechat: apps: AppID and AppSecret must have 1 to %d bytes", maxParameter)
		}
	}
	return &Client{
		base:      base,
		secrets:   maps.Clone(o.Apps),
		observe:   o.Observe,
		transport: newTransport(),
	}, nil
}

func parseBaseURL(text string) (*url.URL, error) {
	if text == "" {
		text = defaultBaseURL
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		// The parser's error repeats the URL, and with it a password that may
		// stand in it.
		return nil, errors.New("wechat: base URL: not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("wechat: base URL: the scheme must be http or https")
	case u.Hostname() == "":
		return nil, errors.New("wechat: base URL: the host is missing")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("wechat: base URL: user, query and fragment are not allowed")
	}
	if u.Path == "" {
		u.Path = "/" // JoinPath would make a relative path of it
	}
	return u, nil
}

func sendable(parameter string) bool {
	return parameter != "" && len(parameter) <= maxParameter
}

// Apps returns the AppIDs that the client has a secret for, sorted.
func (c *Client) Apps() []string {
	return slices.Sorted(maps.Keys(c.secrets))
}

// Close closes the idle connections. Calls in flight go on.
func (c *Client) Close() {
	c.transport.CloseIdleConnections()
}

// Format writes the type's name only, whatever the verb: the client holds the
// AppSecrets.
func (c *Client) Format(s fmt.State, _ rune) { io.WriteString(s, "[wechat.Client]") }

// get makes one call of path, the last element of which is endpoint, and has
// read take what it needs from the answer; read reports whether all of it was
// there. The error is nil or an *Error.
func (c *Client) get(ctx context.Context, path, endpoint string, query url.Values, read func(*object) bool) error {
	start := time.Now()
	failure := c.exchange(ctx, c.base.JoinPath(path, endpoint), query, read)
	call := Call{Endpoint: endpoint, Elapsed: time.Since(start)}
	if failure != nil {
		failure.Endpoint = endpoint
		call.Errcode, call.Err = failure.Errcode, failure
	}
	if c.observe != nil {
		c.observe(call)
	}
	return call.Err
}

func (c *Client) exchange(ctx context.Context, u *url.URL, query url.Values, read func(*object) bool) *Error {
	u.RawQuery = query.Encode()
	body, failure := c.fetch(ctx, u)
	if failure != nil {
		return failure
	}
	answer, ok := parseObject(body)
	if !ok {
		return unavailable("answer is not a JSON object")
	}
	errcode := answer.integer("errcode")
	if errcode != 0 {
		return &Error{Errcode: errcode, Class: classOf(errcode)}
	}
	if !read(answer) || answer.odd {
		return unavailable("answer lacks what it must have")
	}
	return nil
}

// fetch goes to the Transport itself: http.Client would follow redirects, and
// wrap its errors in a *url.Error, which repeats the URL with the AppSecret in
// it.
func (c *Client) fetch(ctx context.Context, u *url.URL) ([]byte, *Error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}, Body: unreplayable{}}
	resp, err := c.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, transportFailure(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, unavailable(fmt.Sprintf("status %d", resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, transportFailure(ctx, err)
	}
	if len(body) > maxAnswer {
		return nil, unavailable("answer is too large")
	}
	return body, nil
}
