package gqlhttp

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
)

// handshake takes a connection over from net/http. It holds back what Accept says
// of a request that it refuses, since that repeats the request's headers.
type handshake struct {
	http.ResponseWriter
	status int
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

// Hijack gives small buffers in the place of net/http's, with what came in behind
// the request.
func (h *handshake) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, large, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := large.Peek(large.Reader.Buffered())
	in := bufio.NewReaderSize(bytes.NewReader(early), max(socketBuffer, len(early)))
	in.Peek(len(early)) // Accept takes over what is buffered
	return conn, bufio.NewReadWriter(in, bufio.NewWriterSize(conn, socketBuffer)), nil
}
