package gate

import (
	"net"
	"net/netip"
	"sync"
)

// Cause is why a connection was refused.
type Cause string

// The causes.
const (
	Full        Cause = "total"   // all connections
	AddressFull Cause = "address" // those of one Network
)

// Caps bound the connections of a Listener; 0 is any number.
type Caps struct {
	Total      int
	PerAddress int     // of one Network
	Trusted    Proxies // who may hold any number of the total
	// HeadLines are how many lines the head of a request may have, its first one
	// among them; 0 for any number. See Conn. It is for HTTP/1 without TLS.
	HeadLines int
	// Refused is told of each connection that was closed at once, nil for nobody. It
	// delays the next.
	Refused func(Cause, netip.Addr)
}

// Listener is a net.Listener that caps the connections it has accepted. A
// connection beyond a cap is closed before a byte of it is read.
type Listener struct {
	net.Listener
	caps Caps

	mu   sync.Mutex
	open int
	by   map[netip.Prefix]int // every entry is above zero
}

// Listen puts the caps on a listener.
func Listen(inner net.Listener, caps Caps) *Listener {
	if caps.Refused == nil {
		caps.Refused = func(Cause, netip.Addr) {}
	}
	return &Listener{Listener: inner, caps: caps, by: map[netip.Prefix]int{}}
}

// Open returns how many connections are open now.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// Accept returns the next connection within the caps, a *Conn.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer := peerOf(inner)
		cause := l.enter(peer)
		if cause == "" {
			return newConn(inner, l.caps.HeadLines, func() { l.leave(peer) }), nil
		}
		turnAway(inner)
		l.caps.Refused(cause, peer)
	}
}

// enter counts a connection, or says why it may not be.
func (l *Listener) enter(peer netip.Addr) Cause {
	network, trusted := Network(peer), l.caps.Trusted.Trusts(peer)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.caps.Total > 0 && l.open >= l.caps.Total:
		return Full
	case l.caps.PerAddress > 0 && l.by[network] >= l.caps.PerAddress && !trusted:
		return AddressFull
	}
	l.open++
	l.by[network]++
	return ""
}

func (l *Listener) leave(peer netip.Addr) {
	network := Network(peer)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.by[network]--; l.by[network] == 0 {
		delete(l.by, network)
	}
}

// turnAway closes a connection with a reset: one that is closed in order costs the
// kernel a minute of memory, which is what a flood is after.
func turnAway(inner net.Conn) {
	if tcp, ok := inner.(*net.TCPConn); ok {
		tcp.SetLinger(0) // an error means that it is gone already
	}
	inner.Close()
}
