//go:build linux

package main_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// crowd is many connections from several addresses of the loopback.
type crowd struct {
	t     testing.TB
	addr  string
	mu    sync.Mutex
	conns []net.Conn
}

func (r *running) crowd(t testing.TB) *crowd {
	c := &crowd{t: t, addr: strings.TrimPrefix(r.url, "http://")}
	t.Cleanup(c.leave)
	return c
}

// dial opens one connection from an address, unless the server turns it away.
func (c *crowd) dial(from string) {
	c.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	conn, err := dialer.DialContext(c.t.Context(), "tcp", c.addr)
	if errors.Is(err, syscall.ECONNRESET) {
		return // turned away at the door
	}
	if err != nil {
		c.t.Error(err)
		return
	}
	conn.SetDeadline(time.Now().Add(patience)) // fails for no open socket
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns = append(c.conns, conn)
}

// leave hangs up on the server, without a word.
func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close() // some the server has closed already
	}
	c.conns = nil
}

// each does something with every connection, some at a time, and returns for how
// many it is true.
func (c *crowd) each(do func(i int, conn net.Conn) bool) int {
	var all errgroup.Group
	all.SetLimit(crashClients)
	var count atomic.Int64
	for i, conn := range c.conns {
		all.Go(func() error {
			if do(i, conn) {
				count.Add(1)
			}
			return nil
		})
	}
	all.Wait() // no error comes back
	return int(count.Load())
}

// say sends something; the server may have hung up.
func say(text string) func(int, net.Conn) bool {
	return func(_ int, conn net.Conn) bool {
		_, err := io.WriteString(conn, text)
		return err == nil
	}
}

// answered sends a request and tells whether the answer begins as it should.
func answered(request, begin string) func(int, net.Conn) bool {
	return func(i int, conn net.Conn) bool {
		if !say(request)(i, conn) {
			return false
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		return err == nil && strings.HasPrefix(line, begin)
	}
}

// hungUp tells whether the server ends the connection, whatever it says before.
func hungUp(_ int, conn net.Conn) bool {
	_, err := io.Copy(io.Discard, conn)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

const healthRequest = "GET /healthz HTTP/1.1\r\nHost: menshen\r\n\r\n"

// graphQLRequest is a request in the words of HTTP.
func graphQLRequest(bearer, headers, body string) string {
	if bearer != "" {
		headers += "Authorization: Bearer " + bearer + "\r\n"
	}
	return fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: menshen\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", headers, len(body), body)
}

// goroutines is how many the server has.
func (a *arena) goroutines() int64 {
	a.t.Helper()
	answer := a.server.get("/metrics", a.house.adminKey)
	if answer.status != http.StatusOK {
		a.t.Fatalf("/metrics: %d", answer.status)
	}
	return number(a.t, answer.body, `(?m)^go_goroutines (\S+)$`)
}
