// Package mysqltest runs real MariaDB servers on loopback for tests: one alone,
// or several as a Galera cluster, which stands for any MySQL of many machines
// that acknowledges a commit only when all of them have it.
//
// Servers write durably, as those do that people run, into a directory of their
// own under [os.TempDir]. They end and the directory goes when [Cluster.Stop] is
// called, and also when the test process ends in any other way, kill -9 included.
package mysqltest

import (
	"errors"
	"os"
	"sync"
	"testing"
)

// Start runs one server, empty, until the test ends, and returns when it
// answers, after about a second. On a machine without MariaDB it skips the test,
// except in CI.
func Start(t testing.TB) *Node {
	t.Helper()
	return StartCluster(t, 1).Nodes[0]
}

// StartCluster is [Start] for a Galera cluster of n nodes, each of which is
// Synced and in the Primary component. A node takes about six seconds to join.
func StartCluster(t testing.TB, n int) *Cluster {
	t.Helper()
	c, err := Run(n)
	need(t, err)
	t.Cleanup(c.Stop)
	return c
}

var shared = sync.OnceValues(func() (*Cluster, error) { return Run(1) })

// Shared is [Start] for tests that need no more than a database of their own: one
// server for all of them, which ends with the test process. Leave it running.
func Shared(t testing.TB) *Node {
	t.Helper()
	c, err := shared()
	need(t, err)
	return c.Nodes[0]
}

// need ends the test unless err is nil. It skips a test that lacks MariaDB, which CI never does.
func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrNotInstalled) && os.Getenv("CI") != "true":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}
