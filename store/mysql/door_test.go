package mysql

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// door is an address in front of a real server. What it does with those who knock
// can be changed, also for those who are inside.
type door struct {
	listener net.Listener
	server   string
	mood     atomic.Pointer[mood]
	all      sync.WaitGroup
}

// mood is what a door does.
type mood struct {
	greeting string // said instead of the server's words
	silent   bool   // nothing goes through any more
	closed   bool
	refusal  uint16 // the error that answers every command
}

// newDoor opens a door in front of a server until the test ends.
func newDoor(t *testing.T, server string) *door {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{listener: listener, server: server}
	d.turn(mood{})
	d.all.Go(func() { d.open(t) })
	t.Cleanup(func() {
		listener.Close()
		d.turn(mood{closed: true})
		d.all.Wait()
	})
	return d
}

func (d *door) turn(m mood) { d.mood.Store(&m) }

func (d *door) open(t *testing.T) {
	for {
		guest, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		d.all.Go(func() { d.receive(guest) })
	}
}

// receive lets a guest talk to the server, unless the door is in another mood.
func (d *door) receive(guest net.Conn) {
	defer guest.Close()
	if greeting := d.mood.Load().greeting; greeting != "" {
		io.WriteString(guest, greeting)
		io.Copy(io.Discard, guest)
		return
	}
	host, err := net.Dial("tcp", d.server)
	if err != nil {
		return
	}
	defer host.Close()
	var answers sync.WaitGroup
	answers.Go(func() {
		d.pass(host, guest, nil)
		guest.Close()
	})
	d.pass(guest, host, guest)
	host.Close()
	answers.Wait()
}

// pass carries packets until one side has enough. A command is refused by an answer
// to who sent it.
func (d *door) pass(from, to, sender net.Conn) {
	for {
		packet, err := readPacket(from)
		mood := d.mood.Load()
		if err != nil || mood.closed || mood.greeting != "" {
			return
		}
		command := sender != nil && packet[3] == 0
		switch {
		case mood.silent:
			continue
		case mood.refusal != 0 && command:
			_, err = sender.Write(refusalPacket(mood.refusal))
		default:
			_, err = to.Write(packet)
		}
		if err != nil {
			return
		}
	}
}

func refusalPacket(number uint16) []byte {
	body := append(binary.LittleEndian.AppendUint16([]byte{0xff}, number), "#HY000no"...)
	return append([]byte{byte(len(body)), 0, 0, 1}, body...)
}
