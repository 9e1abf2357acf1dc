package gate_test

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"menshen/gate"
)

// FuzzHead reads a connection in pieces, and compares with what a reader of the
// whole would say.
func FuzzHead(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nA: b\r\n\r\nbody\n\n\n"), uint8(2), uint8(1))
	f.Add([]byte("GET / HTTP/1.1\nA: b\n\r\n"), uint8(1), uint8(3))
	f.Add([]byte("\r\r\n\r\r\n\r"), uint8(1), uint8(2))
	f.Add([]byte("\nA\nB\nC"), uint8(0), uint8(9))
	f.Fuzz(func(t *testing.T, sent []byte, most, size uint8) {
		conn := letIn(t, sent, int(most))
		var got []byte
		piece := make([]byte, 1+int(size))
		var err error
		for err == nil {
			var n int
			n, err = conn.Read(piece)
			got = append(got, piece[:n]...)
		}
		if tooLong := most > 0 && linesOfHead(sent) > int(most); tooLong != errors.Is(err, gate.ErrLongHead) {
			t.Errorf("%q ends with %v, of at most %d lines", sent, err, most)
		} else if tooLong && linesOfHead(got) > int(most) {
			t.Errorf("%q was read of %q", got, sent)
		} else if !tooLong && !bytes.Equal(got, sent) {
			t.Errorf("%q was read as %q", sent, got)
		}
	})
}

// linesOfHead counts the lines that have ended before the blank one.
func linesOfHead(sent []byte) (count int) {
	lines := strings.Split(string(sent), "\n")
	for _, line := range lines[:len(lines)-1] {
		if line == "" || line == "\r" {
			break
		}
		count++
	}
	return count
}

// letIn returns the connection of the gate's over which this comes.
func letIn(t *testing.T, sent []byte, most int) net.Conn {
	t.Helper()
	client, inner := net.Pipe()
	conn, err := gate.Listen(one{conn: inner}, gate.Caps{HeadLines: most}).Accept()
	if err != nil {
		t.Fatal(err)
	}
	var sending sync.WaitGroup
	sending.Go(func() {
		defer client.Close()
		client.Write(sent) // fails where the gate has refused the rest
	})
	t.Cleanup(func() { conn.Close(); sending.Wait() })
	return conn
}

// one is a listener that accepts one connection.
type one struct {
	net.Listener
	conn net.Conn
}

func (o one) Accept() (net.Conn, error) { return o.conn, nil }
