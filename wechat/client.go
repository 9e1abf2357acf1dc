// Package wechat speaks with WeChat: it calls api.weixin.qq.com (login codes,
// phone numbers, session_keys, texts, mini program codes), keeps one access_token
// for all instances, opens the data that WeChat encrypts for a mini program's
// server ("open data"), and reads what WeChat pushes.
//
// It never logs, and never lets an AppSecret, a session_key, an access_token, a
// code or WeChat's own error text into an error: what it returns may be logged
// as it is. It retries nothing, but repeats a call once whose access_token
// WeChat refuses, since WeChat has then not looked at the rest.
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

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

const (
	defaultBaseURL = "https://api.weixin.qq.com"

	// maxParameter is the longest AppID, AppSecret, OpenID or code that is
	// sent, and the longest parameter of a push that is read, in bytes.
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
	// end and on the goroutine that made it: the caller's, or for stable_token
	// one of the client's own. It must be safe for concurrent use.
	Observe func(Call)

	// LoadToken reads the state of an app's access_token as last saved; nil
	// bytes when there is none. All instances that serve the app must share the
	// state. Its plain text holds the token: the caller seals it before it
	// touches a disk. Without LoadToken and UpdateToken, which go together, no
	// call that needs an access_token is made.
	LoadToken func(ctx context.Context, appID string) ([]byte, error)

	// UpdateToken replaces the state in one atomic step, durable when it
	// returns. It hands change the bytes that the result replaces, nil when
	// there are none, and may run change more than once. When change fails
	// nothing is written, and errors.Is finds its error in what UpdateToken
	// returns.
	UpdateToken func(ctx context.Context, appID string, change func(old []byte) ([]byte, error)) error

	// Now is the clock by which an access_token ends; default time.Now. The
	// clocks of instances may differ by a few seconds.
	Now func() time.Time
}

// Format writes the type's name only, whatever the verb: Apps holds secrets.
func (o Options) Format(s fmt.State, _ rune) { io.WriteString(s, "[wechat.Options]") }

// Call is the outcome of one call, for metrics. It holds no secret.
type Call struct {
	Endpoint string        // the last element of the path, such as "jscode2session"
	Errcode  int           // WeChat's errcode when it failed the call, else 0
	Err      error         // nil, or the *Error of this call
	Elapsed  time.Duration // from before the dial to the end of the answer
}

// Client calls WeChat's server API. It is safe for concurrent use, keeps
// connections alive between calls, and formats without its secrets.
type Client struct {
	base      *url.URL
	secrets   map[string]string
	observe   func(Call)
	transport *http.Transport

	loadToken   func(context.Context, string) ([]byte, error)
	updateToken func(context.Context, string, func([]byte) ([]byte, error)) error
	now         func() time.Time
	refreshes   singleflight.Group // of access_tokens, by AppID
	redraws     *semaphore.Weighted
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
	if (o.LoadToken == nil) != (o.UpdateToken == nil) {
		return nil, errors.New("wechat: LoadToken and UpdateToken go together")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Client{
		base:        base,
		secrets:     maps.Clone(o.Apps),
		observe:     o.Observe,
		transport:   newTransport(),
		loadToken:   o.LoadToken,
		updateToken: o.UpdateToken,
		now:         o.Now,
		redraws:     semaphore.NewWeighted(maxRedraws),
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

// Close closes the idle connections. Calls in flight go on, and so does the
// refresh of an access_token, for 15 seconds at most.
func (c *Client) Close() {
	c.transport.CloseIdleConnections()
}

// Format writes the type's name only, whatever the verb: the client holds the
// AppSecrets.
func (c *Client) Format(s fmt.State, _ rune) { io.WriteString(s, "[wechat.Client]") }
