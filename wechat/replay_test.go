package wechat

import (
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// resetSecond answers the first request on a connection that it keeps, and
// resets on all later ones after reading them.
func resetSecond(conn net.Conn, nth int64) bool {
	if nth == 1 {
		writeAnswer(conn, goodAnswer)
	}
	return nth == 1
}

func TestCodeLeavesOnce(t *testing.T) {
	server := serveWire(t, resetSecond)
	c, _ := newTestClient(t, server.url)
	if _, err := c.Code2Session(t.Context(), testApp, "code-1"); err != nil {
		t.Fatalf("warming the connection: %v", err)
	}
	_, err := c.Code2Session(t.Context(), testApp, "code-2")
	if !errors.Is(err, ErrUnavailable) {
		t.Errorf("err = %v, want ErrUnavailable", err)
	}
	if got := server.requests.Load(); got != 2 {
		t.Errorf("%d requests arrived, want 2: one to warm, one that was reset", got)
	}
}

// The code of a phone leaves once too. net/http repeats a POST only when it can
// get the body afresh.
func TestPhoneCodeLeavesOnce(t *testing.T) {
	server := serveWire(t, func(conn net.Conn, nth int64) bool {
		if nth == 1 {
			writeAnswer(conn, `{"errcode":0}`)
		}
		return nth == 1
	})
	c, _ := newTestClient(t, server.url)
	c.loadToken = savedToken(t, time.Now().Add(time.Hour))
	if _, err := c.CheckSession(t.Context(), testApp, "oTest-1", testKey); err != nil {
		t.Fatalf("warming the connection: %v", err)
	}
	_, err := c.PhoneNumber(t.Context(), testApp, "oTest-1", testCode)
	if !errors.Is(err, ErrUnavailable) {
		t.Errorf("err = %v, want ErrUnavailable", err)
	}
	wantNoSecret(t, err)
	if got := server.requests.Load(); got != 2 {
		t.Errorf("%d requests arrived, want 2: one to warm, one that was reset", got)
	}
}

// The trap is real: the same transport sends a GET without our body a second
// time. When this fails, net/http has changed, and TestCodeLeavesOnce proves
// nothing any more.
func TestPlainGETLeavesTwice(t *testing.T) {
	server := serveWire(t, resetSecond)
	client := &http.Client{Transport: newTransport()}
	defer client.CloseIdleConnections()
	resp, err := client.Get(server.url)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp, err := client.Get(server.url); err == nil {
		resp.Body.Close()
		t.Error("the second request was answered, want a reset")
	}
	if got := server.requests.Load(); got != 3 {
		t.Errorf("%d requests arrived, want 3", got)
	}
}

// A server may close a connection between two calls. Depending on who is faster
// the next call goes out on a new connection or fails, but no code arrives
// twice, and the call after it is well again.
func TestIdleConnectionClosed(t *testing.T) {
	server := serveWire(t, func(conn net.Conn, _ int64) bool {
		writeAnswer(conn, goodAnswer)
		conn.Close()
		return false
	})
	c, _ := newTestClient(t, server.url)
	answered := int64(0)
	for range 50 {
		if _, err := c.Code2Session(t.Context(), testApp, testCode); err == nil {
			answered++
		} else if !errors.Is(err, ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if got := server.requests.Load(); answered == 0 || got != answered {
		t.Errorf("%d requests arrived and %d were answered, want as many", got, answered)
	}
}

func TestConnectionIsKept(t *testing.T) {
	var connections []string
	c, _ := newTestClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		connections = append(connections, r.RemoteAddr)
		io.WriteString(w, goodAnswer)
	}))
	for range 3 {
		if _, err := c.Code2Session(t.Context(), testApp, testCode); err != nil {
			t.Fatal(err)
		}
	}
	if len(connections) != 3 || connections[0] != connections[1] || connections[1] != connections[2] {
		t.Errorf("connections = %v, want one for all three calls", connections)
	}
}
