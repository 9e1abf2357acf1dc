package wechat

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	connectTimeout = 3 * time.Second

	// idleTimeout is short: the longer a connection has been idle, the likelier
	// it is that the other side closes it just as a code goes out on it, and
	// that code is then lost.
	idleTimeout = 30 * time.Second

	// maxIdle connections are kept, so that a wave of logins does not pay a TLS
	// handshake each.
	maxIdle = 256
)

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  secureProxy,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		// Answers are too short to gain from gzip, and a bomb stays a bomb that
		// nobody lights.
		DisableCompression: true,
		Protocols:          onlyHTTP1(),
	}
}

// onlyHTTP1 does without HTTP/2: it has replay rules of its own (a refused
// stream, a GOAWAY), and it puts all calls on one connection, so that one reset
// costs every login in flight instead of one.
func onlyHTTP1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// secureProxy takes the environment's proxy for https only: that one is handed
// a host name and carries ciphertext, where a proxy of plain http reads the
// query with the AppSecret.
func secureProxy(req *http.Request) (*url.URL, error) {
	if req.URL.Scheme != "https" {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}

// unreplayable is a request body that cannot be rewound. A code works once, and
// http.Transport sends a GET again by itself when a kept connection dies under
// it, unless the request has a body that it cannot get afresh
// (Request.isReplayable). The body of a GET is empty: before the Transport
// writes the request it probes the body, finds nothing, and sends neither
// Content-Length nor Transfer-Encoding (transferWriter.probeRequestBody).
type unreplayable struct{ io.Reader }

func (unreplayable) Close() error { return nil }
