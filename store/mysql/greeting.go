package mysql

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"
)

// greeted is a connection to a server whose greeting was read, and is read again by
// the driver, which would panic on one that is cut short.
type greeted struct {
	*net.TCPConn
	unread []byte
}

// Read returns the greeting first.
func (g *greeted) Read(b []byte) (int, error) {
	if len(g.unread) == 0 {
		return g.TCPConn.Read(b)
	}
	n := copy(b, g.unread)
	g.unread = g.unread[n:]
	return n, nil
}

// dial connects to what greets like a server of the wire, and soon.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	greeting, err := readGreeting(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	if dialled, ok := ctx.Value(dialledKey{}).(*net.Conn); ok {
		*dialled = conn
	}
	return &greeted{conn.(*net.TCPConn), greeting}, nil
}

// The greeting is the first packet: three bytes of its length, its number, which is
// 0, and the rest. MySQL documents it as Protocol::HandshakeV10, or ERR_Packet.
const (
	packetHead   = 4
	maxGreeting  = 1 << 10
	tenthVersion = 10
	errorPacket  = 0xff
)

func readGreeting(conn io.Reader) ([]byte, error) {
	packet := make([]byte, packetHead, packetHead+maxGreeting)
	if _, err := io.ReadFull(conn, packet); err != nil {
		return nil, err
	}
	size := int(binary.LittleEndian.Uint32(packet)) // with the number, if that is not 0
	if size > maxGreeting {
		return nil, mysql.ErrMalformPkt
	}
	packet = packet[:packetHead+size]
	if _, err := io.ReadFull(conn, packet[packetHead:]); err != nil {
		return nil, err
	}
	if !isGreeting(packet[packetHead:]) {
		return nil, mysql.ErrMalformPkt
	}
	return packet, nil
}

// isGreeting reports whether a greeting is as long as what it says it has: behind
// the server's version, or the number of an error, which a state may follow.
func isGreeting(body []byte) bool {
	const (
		behindVersion = 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10 + 13 // thread, salt, flags, character set, status, salt
		number, state = 3, 9
	)
	switch {
	case len(body) <= number:
		return false
	case body[0] == errorPacket:
		return body[number] != '#' || len(body) >= state
	case body[0] != tenthVersion:
		return false
	}
	end := bytes.IndexByte(body, 0)
	return end > 0 && len(body)-end-1 >= behindVersion
}
