package gate

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// ErrLongHead ends a connection whose request has a head of too many lines.
var ErrLongHead = errors.New("gate: the head of a request has too many lines")

// Conn is a connection that was let in. It counts until it is closed, and it counts
// the lines in the heads of requests: a server makes room for a header field for
// each line that it has read, which is many times what the line is, and keeps it
// for as long as it waits for the rest.
//
// The first head begins with the connection. Only who serves knows where another
// does: after a body, or after a head where there is none. Of a request that was
// sent before the last was answered, what has been read by then is not counted.
type Conn struct {
	net.Conn
	leave     func()
	headLines int
	head      head        // of whoever reads while inHead
	inHead    atomic.Bool // a server may read ahead in the background
}

func newConn(inner net.Conn, headLines int, leave func()) *Conn {
	c := &Conn{Conn: inner, leave: sync.OnceFunc(leave), headLines: headLines}
	c.BeginHead()
	return c
}

// BeginHead says that what is read next is the head of a request. It may not be
// called during a Read.
func (c *Conn) BeginHead() {
	c.head = head{}
	c.inHead.Store(c.headLines > 0)
}

// EndHead says that the head was read. Its blank line says so too, but the server
// may have had that already when it said BeginHead.
func (c *Conn) EndHead() { c.inHead.Store(false) }

// Read returns ErrLongHead instead of the bytes with which a head has too many
// lines, and ever after.
func (c *Conn) Read(p []byte) (int, error) {
	if !c.inHead.Load() {
		return c.Conn.Read(p)
	}
	if c.head.lines > c.headLines {
		return 0, ErrLongHead
	}
	n, err := c.Conn.Read(p)
	ended := c.head.add(p[:n])
	if c.head.lines > c.headLines {
		return 0, ErrLongHead
	}
	if ended {
		c.EndHead()
	}
	return n, err
}

// Close may be called more than once, as net/http does, and counts once.
func (c *Conn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
