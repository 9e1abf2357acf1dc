package mysqltest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// ports are what a node listens on, all of loopback.
type ports struct {
	sql       port // clients
	group     port // the other nodes
	increment port // incremental state transfer: what a node has missed
	snapshot  port // state snapshot transfer: everything
}

type port int

// String is the address of the port on loopback.
func (p port) String() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(p))) }

const portsPerNode = 4

// The ports of nodes lie below those that the kernel gives to outgoing
// connections (32768 and up on Linux): no client may sit on the port of a node
// that is down and will want it back.
const (
	lowestPort  = 16384
	highestPort = 32767
)

// freePorts returns n distinct ports of loopback on which nobody listens.
func freePorts(n int) (free []port, err error) {
	for len(free) < n {
		p := port(lowestPort + rand.IntN(highestPort-lowestPort+1))
		listener, err := net.Listen("tcp", p.String())
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer listener.Close() // after all are found, so that none is found twice
		free = append(free, p)
	}
	return free, nil
}
