package gqlhttp

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// handshake takes a connection over from net/http. It holds back what Accept says
// of a request that it refuses, since that repeats the request's headers.
type handshake struct {
	http.ResponseWriter
	allowance *rate.Limiter // of the bytes of the connection
	status    int
}

// WriteHeader lets the upgrade through.
func (h *handshake) WriteHeader(status int) {
	h.status = status
	if status == http.StatusSwitchingProtocols {
		h.ResponseWriter.WriteHeader(status)
	}
}

// Write drops the text.
func (h *handshake) Write(text []byte) (int, error) { return len(text), nil }

// socketBuffer holds what is small; what is large passes by it. net/http's are
// 4 KB, most of what an idle socket would cost.
const socketBuffer = 512

// Hijack gives small buffers in the place of net/http's, with what came in after
// the request.
func (h *handshake) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, large, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := large.Peek(large.Reader.Buffered())
	in := bufio.NewReaderSize(bytes.NewReader(early), max(socketBuffer, len(early)))
	in.Peek(len(early)) // Accept takes over what is buffered
	return metered{conn, h.allowance}, bufio.NewReadWriter(in, bufio.NewWriterSize(conn, socketBuffer)), nil
}

// metered is a connection that fails once more comes in than it is allowed.
type metered struct {
	net.Conn
	allowance *rate.Limiter
}

var errTooMuch = errors.New("gqlhttp: a socket sends too much")

// Read counts the bytes.
func (m metered) Read(into []byte) (int, error) {
	n, err := m.Conn.Read(into)
	if !m.allowance.AllowN(time.Now(), n) {
		return 0, errTooMuch
	}
	return n, err
}
