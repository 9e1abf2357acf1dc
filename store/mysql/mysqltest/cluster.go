package mysqltest

import (
	"context"
	"crypto/rand"
	"fmt"
	"syscall"
	"time"
)

// patience bounds every wait for a server, on a machine that is busy with other tests.
const patience = 2 * time.Minute

// Cluster is one server, or several that hold the same data by Galera. Its
// methods, and those of its nodes that start and stop servers, are not for
// concurrent use.
type Cluster struct {
	Nodes []*Node // in the order in which they were started first

	warden   *warden
	password string // of the user that URL names
}

// Run is [StartCluster] for callers that have no test yet, as TestMain. The
// caller calls [Cluster.Stop]. The error is [ErrNotInstalled] on a machine
// without the programs.
func Run(nodes int) (*Cluster, error) {
	if err := installed(nodes > 1); err != nil {
		return nil, err
	}
	w, err := newWarden()
	if err != nil {
		return nil, fmt.Errorf("start MariaDB: %w", err)
	}
	c := &Cluster{warden: w, password: rand.Text()}
	if err := c.begin(nodes); err != nil {
		c.Stop()
		return nil, fmt.Errorf("start MariaDB: %w", err)
	}
	return c, nil
}

// begin makes the first node's data and starts the nodes one after another:
// those after the first come with nothing and take all from another node.
func (c *Cluster) begin(nodes int) error {
	if err := c.addNodes(nodes); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Nodes[0].found(ctx); err != nil {
		return err
	}
	for _, n := range c.Nodes[1:] {
		if err := n.start(); err != nil {
			return err
		}
		if err := n.await(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) addNodes(count int) error {
	ports, err := freePorts(count * portsPerNode)
	if err != nil {
		return err
	}
	for i := range count {
		n, err := newNode(c, i+1, ports[i*portsPerNode:])
		if err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, n)
	}
	return nil
}

// Stop ends all nodes without ceremony and removes their data.
func (c *Cluster) Stop() { c.warden.dismiss() }

// Crash ends all nodes at once, as kill -9 does.
func (c *Cluster) Crash() {
	for _, n := range c.Nodes {
		n.server.signal(syscall.SIGKILL) // an error means that it has ended already
	}
	for _, n := range c.Nodes {
		n.server.kill()
	}
}

// Recover starts all nodes after [Cluster.Crash], each from where its own data
// end, and waits until they agree.
func (c *Cluster) Recover() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, n := range c.Nodes {
		if err := n.restart(ctx); err != nil {
			return err
		}
	}
	for _, n := range c.Nodes {
		if err := n.await(ctx); err != nil {
			return err
		}
	}
	return nil
}
