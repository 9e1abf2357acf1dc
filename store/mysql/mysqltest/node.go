package mysqltest

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Node is one server of a [Cluster], or one alone.
type Node struct {
	cluster *Cluster
	number  int // from 1
	dir     string
	ports   ports
	server  *process // nil before the first start
}

// newNode gives a node its directories, which keep others from its socket: root
// has no password there.
func newNode(c *Cluster, number int, free []port) (*Node, error) {
	n := &Node{cluster: c, number: number, dir: filepath.Join(c.warden.dir, strconv.Itoa(number))}
	n.ports = ports{sql: free[0], group: free[1], increment: free[2], snapshot: free[3]}
	for _, dir := range []string{n.dir, n.data()} {
		if err := makeDir(dir); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (n *Node) data() string   { return filepath.Join(n.dir, "data") }
func (n *Node) socket() string { return filepath.Join(n.dir, "socket") }
func (n *Node) log() string    { return filepath.Join(n.dir, "log") }

// Addr is 127.0.0.1 and a port, the same after every start.
func (n *Node) Addr() string { return n.ports.sql.String() }

// found starts the first node of a cluster with nothing but a user in it.
func (n *Node) found(ctx context.Context) error {
	if err := n.install(ctx); err != nil {
		return err
	}
	if err := n.start("--wsrep-new-cluster"); err != nil {
		return err
	}
	if err := n.await(ctx); err != nil {
		return err
	}
	return n.createUser(ctx)
}

// install makes the system tables.
func (n *Node) install(ctx context.Context) error {
	p, err := n.cluster.warden.launch(n.log(), installer, n.installFlags()...)
	if err != nil {
		return err
	}
	if err := p.finish(ctx); err != nil {
		return fmt.Errorf("%s: %w\n%s", installer, err, tail(n.log()))
	}
	return nil
}

// start runs the server and does not wait for it.
func (n *Node) start(more ...string) (err error) {
	n.server, err = n.cluster.warden.launch(n.log(), daemon, append(n.flags(), more...)...)
	return err
}

// await waits until the server answers, in a cluster also until it is Synced and Primary.
func (n *Node) await(ctx context.Context) error {
	db := n.open("")
	defer db.Close()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !n.ready(ctx, db) {
		select {
		case <-n.server.exited:
			return fmt.Errorf("node %d ended\n%s", n.number, tail(n.log()))
		case <-ctx.Done():
			return fmt.Errorf("node %d is not ready: %w\n%s", n.number, ctx.Err(), tail(n.log()))
		case <-again.C:
		}
	}
	return nil
}

// Kill ends the node as kill -9 does and waits until it is gone.
func (n *Node) Kill() { n.server.kill() }

// Pause stops the node as SIGSTOP does: its connections stay and nobody answers.
func (n *Node) Pause() error { return n.server.signal(syscall.SIGSTOP) }

// Resume lets a paused node go on. It returns at once: [Node.Await] waits until
// the cluster has it back.
func (n *Node) Resume() error { return n.server.signal(syscall.SIGCONT) }

// Await waits until the node answers; in a cluster also until it is Synced and
// in the Primary component.
func (n *Node) Await() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return n.await(ctx)
}

// Rejoin starts a killed node again and waits as [Node.Await] does. In a cluster
// it needs others that are Primary.
func (n *Node) Rejoin() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := n.restart(ctx); err != nil {
		return err
	}
	return n.await(ctx)
}
