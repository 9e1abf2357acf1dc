package mysql

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// wire stands between a store and its server. It notes what the store sends, and
// may be told to cut the connection at a COMMIT.
type wire struct {
	server string
	ears   net.Listener
	ends   sync.WaitGroup

	mu       sync.Mutex
	open     map[net.Conn]bool
	commands []string // a round trip each
	next     cut
}

// cut is where a connection breaks, once.
type cut int

const (
	nowhere      cut = iota
	beforeCommit     // the packet is lost
	duringCommit     // nobody knows
	afterCommit      // the answer is lost
)

// tap puts a wire before the server that a URL names, and returns the URL of the
// wire.
func tap(t *testing.T, target string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	ears, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{server: u.Host, ears: ears, open: map[net.Conn]bool{}}
	w.ends.Go(w.accept)
	t.Cleanup(w.close)
	u.Host = ears.Addr().String()
	return w, u.String()
}

func (w *wire) accept() {
	for {
		client, err := w.ears.Accept()
		if err != nil {
			return
		}
		w.ends.Go(func() { w.serve(client) })
	}
}

// close ends all connections.
func (w *wire) close() {
	w.ears.Close()
	w.mu.Lock()
	for conn := range w.open {
		conn.Close()
	}
	w.mu.Unlock()
	w.ends.Wait()
}

func (w *wire) keep(conn net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[conn] = true
}

func (w *wire) drop(conn net.Conn) {
	conn.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, conn)
}

// serve carries one connection until either side ends it, or it is cut.
func (w *wire) serve(client net.Conn) {
	defer w.drop(client)
	w.keep(client)
	server, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	defer w.drop(server)
	w.keep(server)
	broken := make(chan bool, 1) // the answer that the server gives next is not for the client
	w.ends.Go(func() {
		defer client.Close()
		defer server.Close()
		carryAnswers(client, server, broken)
	})
	w.carryCommands(client, server, broken)
}

// carryCommands carries packets from the client.
func (w *wire) carryCommands(client, server net.Conn, broken chan<- bool) {
	from := bufio.NewReader(client)
	for {
		packet, err := readPacket(from)
		if err != nil {
			return
		}
		switch where := w.note(packet); where {
		case beforeCommit:
			return
		case duringCommit:
			server.Write(packet)
			return
		case afterCommit:
			broken <- true
		}
		if _, err := server.Write(packet); err != nil {
			return
		}
	}
}

// carryAnswers carries packets to the client, but ends behind an answer that is lost.
func carryAnswers(client io.Writer, server io.Reader, broken <-chan bool) {
	from := bufio.NewReader(server)
	for lost := false; ; {
		packet, err := readPacket(from)
		if err != nil {
			return
		}
		select {
		case lost = <-broken:
		default:
		}
		if lost && !moreFollows(packet) {
			return
		}
		if lost {
			continue
		}
		if _, err := client.Write(packet); err != nil {
			return
		}
	}
}

// The MySQL wire: a packet is three bytes of length, a number that begins anew with
// each command, and the payload. A command is a byte and its text.
const (
	packetHeader = 4
	comQuery     = 3
	comQuit      = 1
)

func readPacket(r io.Reader) ([]byte, error) {
	header := make([]byte, packetHeader)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(append(header[:3:3], 0))
	packet := append(header, make([]byte, size)...)
	_, err := io.ReadFull(r, packet[packetHeader:])
	return packet, err
}

// moreFollows reports whether an answer to a statement that returns no rows is
// followed by that to the next. Small numbers take one byte.
func moreFollows(packet []byte) bool {
	const ok, status, moreResults = packetHeader, packetHeader + 3, 8
	return len(packet) > status && packet[ok] == 0 && packet[status]&moreResults != 0
}

// note tells where a packet asks for the cut, which happens once.
func (w *wire) note(packet []byte) (where cut) {
	if number := packet[3]; number != 0 || len(packet) == packetHeader || packet[packetHeader] == comQuit {
		return nowhere
	}
	text := string(packet[packetHeader+1:])
	if text == clusterQuery || text == healthQuery || strings.HasPrefix(text, "SET ") && !strings.Contains(text, ";") {
		return nowhere // the watch, and the beginning of a connection
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commands = append(w.commands, text)
	if packet[packetHeader] == comQuery && strings.HasPrefix(text, "COMMIT") {
		where, w.next = w.next, nowhere
	}
	return where
}

// cutNext breaks the connection at the next COMMIT.
func (w *wire) cutNext(where cut) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = where
}

// uncut takes back what cutNext asked for, and reports whether it was done.
func (w *wire) uncut() (happened bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	happened = w.next == nowhere
	w.next = nowhere
	return happened
}

// sent returns the commands since it was asked before.
func (w *wire) sent() (commands []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	commands, w.commands = w.commands, nil
	return commands
}
