package gate_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"

	"menshen/gate"
)

// door is a capped listener on loopback and what it has let in.
type door struct {
	*gate.Listener
	accepted chan net.Conn
	refused  chan string
}

func openDoor(t *testing.T, caps gate.Caps) *door {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{accepted: make(chan net.Conn, 64), refused: make(chan string, 64)}
	caps.Refused = func(cause gate.Cause, peer netip.Addr) { d.refused <- fmt.Sprint(cause, " ", peer) }
	d.Listener = gate.Listen(inner, caps)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := d.Accept()
			if err != nil {
				return
			}
			d.accepted <- conn
		}
	})
	t.Cleanup(func() { d.Close(); serving.Wait() })
	return d
}

// dial connects from an address of loopback. A connection that is refused may fail
// here already.
func (d *door) dial(t *testing.T, from string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 0))}
	conn, err := dialer.DialContext(t.Context(), "tcp", d.Addr().String())
	if err == nil {
		t.Cleanup(func() { conn.Close() })
	}
	return conn, err
}

// enter connects and is let in.
func (d *door) enter(t *testing.T, from string) net.Conn {
	t.Helper()
	if _, err := d.dial(t, from); err != nil {
		t.Fatal(err)
	}
	conn := <-d.accepted
	t.Cleanup(func() { conn.Close() })
	return conn
}

// turnedAway fails the test unless a connection is refused for that cause.
func (d *door) turnedAway(t *testing.T, from string, cause gate.Cause) {
	t.Helper()
	conn, err := d.dial(t, from)
	if got, want := <-d.refused, fmt.Sprint(cause, " ", from); got != want {
		t.Errorf("refused %q, want %q", got, want)
	}
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	if err == nil {
		t.Errorf("a connection that was refused (%s) can be read from", cause)
	}
}

func TestConnectionsOfOneAddressAreCapped(t *testing.T) {
	d := openDoor(t, gate.Caps{Total: 10, PerAddress: 2})
	first := d.enter(t, "127.0.0.1")
	d.enter(t, "127.0.0.1")
	d.turnedAway(t, "127.0.0.1", gate.AddressFull)
	d.enter(t, "127.0.0.2") // another address has its own

	first.Close()
	first.Close() // as net/http does; counted once
	if got := d.Open(); got != 2 {
		t.Errorf("%d are open, want 2", got)
	}
	d.enter(t, "127.0.0.1")
	d.turnedAway(t, "127.0.0.1", gate.AddressFull)
}

func TestConnectionsAreCappedInTotal(t *testing.T) {
	d := openDoor(t, gate.Caps{Total: 3, PerAddress: 1, Trusted: proxies(t, "127.0.0.9")})
	d.enter(t, "127.0.0.9")
	d.enter(t, "127.0.0.9") // a proxy may hold several
	d.enter(t, "127.0.0.1")
	d.turnedAway(t, "127.0.0.2", gate.Full)
	d.turnedAway(t, "127.0.0.9", gate.Full)
}

func TestAClosedListenerSaysSo(t *testing.T) {
	d := openDoor(t, gate.Caps{Total: 1, PerAddress: 1})
	d.Close()
	if _, err := d.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v, want net.ErrClosed, by which net/http knows the end", err)
	}
}
