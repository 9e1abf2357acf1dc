package gqlhttp_test

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
)

// idle is how many streams the tests hold open to weigh them.
const idle = 500

// Bounds of what an idle stream costs, in bytes of heap and stacks. That of
// events has net/http's buffers and stack, which a socket lets go of.
const (
	maxIdleSocket = 20 << 10
	maxIdleEvents = 32 << 10
)

// TestIdleSockets weighs sockets whose clients have joined and say nothing.
func TestIdleSockets(t *testing.T) {
	const handshake = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
	init := `{"type":"connection_init"}`
	frame := append([]byte{0x81, 0x80 | byte(len(init)), 0, 0, 0, 0}, init...) // RFC 6455, section 5.2; the mask is zero
	weigh(t, maxIdleSocket, handshake+string(frame), "connection_ack")
}

// TestIdleEvents weighs subscriptions on which nothing happens.
func TestIdleEvents(t *testing.T) {
	const body = `{"query":"subscription { asleep }"}`
	weigh(t, maxIdleEvents, fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body), ":\n")
}

// weigh opens streams over bare connections, so that the clients weigh little.
func weigh(t *testing.T, most uint64, request, answer string) {
	k := serveWatched(t, func(k *watched) { k.streams.Total, k.streams.PerCaller = 2*idle, 0 })
	conns := make([]net.Conn, idle)
	before := inUse()
	for i := range conns {
		conns[i] = open(t, strings.TrimPrefix(k.open.URL, "http://"), request, answer)
	}
	each := (inUse() - before) / idle
	if raceDetector { // which makes stacks half as large again
		most += most / 2
	}
	t.Logf("%d bytes each", each)
	if each > most {
		t.Errorf("%d bytes each, want at most %d", each, most)
	}
	for _, conn := range conns {
		conn.Close()
	}
}

// open sends a request and reads until the answer holds a text.
func open(t *testing.T, address, request, answer string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReaderSize(conn, 16)
	for said := ""; !strings.Contains(said, answer); {
		b, err := in.ReadByte()
		if err != nil {
			t.Fatalf("%v after %q", err, said)
		}
		said += string(b)
	}
	return conn
}

// inUse is what heap and stacks hold.
func inUse() uint64 {
	var m runtime.MemStats
	for range 3 { // stacks shrink with each collection
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
