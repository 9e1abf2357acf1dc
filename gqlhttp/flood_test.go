package gqlhttp_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
)

// A handshake, and the parts of frames that a client may mask with zero (RFC 6455,
// section 5.2).
const (
	shake = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
	firstOfMany  = "\x01\x80\x00\x00\x00\x00" // of text, empty, more to come
	continuation = "\x00\x80\x00\x00\x00\x00"
	halfOfText   = "\x81\xfe\x10\x00\x00\x00\x00\x00" + `{"type":` // 4096 bytes are announced
)

// bare opens a socket without a client of WebSockets.
func (k *watched) bare(t *testing.T) net.Conn {
	t.Helper()
	conn := open(t, strings.TrimPrefix(k.open.URL, "http://"), shake, "\r\n\r\n")
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestSocketOfManyFrames sends parts of a message without end, which no limit on
// messages counts.
func TestSocketOfManyFrames(t *testing.T) {
	k := serveWatched(t, func(k *watched) { k.socket.BytesPerSecond = 1 << 10 })
	conn := k.bare(t)
	conn.Write([]byte(firstOfMany))
	frames := []byte(strings.Repeat(continuation, 1000))
	for sent := 0; ; sent += len(frames) {
		if _, err := conn.Write(frames); err != nil {
			return
		}
		if sent > 64<<20 {
			t.Fatalf("%d bytes are taken", sent)
		}
	}
}

// TestSocketOfHalfAMessage waits for the server to give up.
func TestSocketOfHalfAMessage(t *testing.T) {
	k := serveWatched(t, func(k *watched) { k.socket.MessageTimeout = 10 * time.Millisecond })
	conn := k.bare(t)
	conn.Write([]byte(halfOfText))
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes are answered", n)
	}
}

// TestRefusedOperationsAreNotDecoded sends a payload that would close the socket.
func TestRefusedOperationsAreNotDecoded(t *testing.T) {
	k := serveWatched(t, func(k *watched) {
		k.socket.Begin = func(context.Context) (context.Context, error) { return nil, coded("RATE_LIMITED") }
	})
	p := k.join(t)
	for range 2 {
		p.say(`{"id":"1","type":"subscribe","payload":"no operation"}`)
		p.hear(`{"id":"1","type":"error","payload":[{"message":"Gone.","extensions":{"code":"RATE_LIMITED"}}]}`)
	}
}

// TestOperationsThatTheClientEnds are canceled, whatever their errors.
func TestOperationsThatTheClientEnds(t *testing.T) {
	k := serveWatched(t, func(*watched) {})
	p := k.join(t)
	p.ask("1", "subscription { asleep }")
	waitFor(t, "the subscription", func() bool { return k.heard.Load() == 1 })
	p.say(`{"id":"1","type":"complete"}`)
	waitFor(t, "the report", func() bool { return k.reports() == 1 })
	if !k.answered[0].Canceled {
		t.Errorf("%+v, want it canceled", k.answered[0])
	}
}
