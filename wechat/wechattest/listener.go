package wechattest

import (
	"net"
	"net/http"
	"testing"
	"time"
)

// New starts a simulator on a free port of loopback, which ends with the
// test. Of opts at most one is given; without it the zero Options hold.
func New(t testing.TB, opts ...Options) *Simulator {
	t.Helper()
	var o Options
	if len(opts) > 0 {
		o = opts[0]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("wechattest: %v", err)
	}
	s := NewSimulator(o)
	s.url = "http://" + listener.Addr().String()
	serve(t, listener, s)
	return s
}

// serve runs until the test ends. Close also ends the calls that a fault
// holds, since their connections go.
func serve(t testing.TB, listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener) // ends with ErrServerClosed
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
}

// URL is where New's simulator listens, http://127.0.0.1:port without a
// slash at the end; empty for one made by NewSimulator.
func (s *Simulator) URL() string { return s.url }
