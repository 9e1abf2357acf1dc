package mysqltest_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"menshen/store/mysql/mysqltest"
)

// patience bounds the wait for a cluster to notice something.
const patience = time.Minute

// table is a table of words, as each of some nodes has it.
type table struct {
	*testing.T
	nodes []*sql.DB
}

func newTable(t *testing.T, database string, nodes ...*mysqltest.Node) *table {
	t.Helper()
	s := &table{T: t}
	for _, n := range nodes {
		s.nodes = append(s.nodes, n.DB(t, database))
	}
	if _, err := s.nodes[0].ExecContext(t.Context(), "CREATE TABLE words (word VARCHAR(20) PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	return s
}

// write adds a word through a node, again and again while the cluster agrees
// upon who is alive.
func (s *table) write(node int, word string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	_, err := s.nodes[node].ExecContext(ctx, "INSERT INTO words VALUES (?)", word)
	for err != nil && ctx.Err() == nil {
		_, err = s.nodes[node].ExecContext(ctx, "REPLACE INTO words VALUES (?)", word)
	}
	if err != nil {
		s.Fatalf("write %q at node %d: %v", word, node, err)
	}
}

// holds expects the same words, in their order, at the nodes.
func (s *table) holds(words string, nodes ...int) {
	s.Helper()
	for _, node := range nodes {
		var got string
		err := s.nodes[node].QueryRowContext(s.Context(), "SELECT GROUP_CONCAT(word ORDER BY word) FROM words").Scan(&got)
		if err != nil || got != words {
			s.Errorf("node %d holds %q, %v, want %q", node, got, err, words)
		}
	}
}

// alike expects that all nodes hold the same.
func (s *table) alike() {
	s.Helper()
	var sums []int64
	for _, db := range s.nodes {
		var name string
		var sum int64
		if err := db.QueryRowContext(s.Context(), "CHECKSUM TABLE words").Scan(&name, &sum); err != nil {
			s.Fatal(err)
		}
		sums = append(sums, sum)
	}
	for _, sum := range sums {
		if sum != sums[0] || sum == 0 {
			s.Errorf("checksums %v differ", sums)
		}
	}
}

func (s *table) need(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// TestCluster is one test, because a cluster takes its time to start.
func TestCluster(t *testing.T) {
	c := mysqltest.StartCluster(t, 3)
	s := newTable(t, c.Nodes[0].NewDatabase(t), c.Nodes...)
	s.write(0, "all")
	s.holds("all", 0, 1, 2)

	c.Nodes[0].Kill()
	s.write(1, "killed")
	s.holds("all,killed", 1, 2)
	s.need(c.Nodes[0].Rejoin())
	s.holds("all,killed", 0)

	s.need(c.Nodes[1].Pause())
	s.write(2, "paused")
	s.need(c.Nodes[1].Resume())
	s.need(c.Nodes[1].Await())
	s.holds("all,killed,paused", 0, 1, 2)

	c.Crash()
	s.need(c.Recover())
	s.holds("all,killed,paused", 0, 1, 2)
	s.alike()

	c.Nodes[0].Kill()
	c.Nodes[1].Kill()
	s.refused(2)
	s.need(c.Nodes[2].BootstrapSurvivor())
	s.write(2, "survived")
	s.need(c.Nodes[0].Rejoin())
	s.holds("all,killed,paused,survived", 0, 2)
}

// refused expects that a node without a quorum comes to say so.
func (s *table) refused(node int) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		_, err := s.nodes[node].ExecContext(ctx, "SELECT * FROM words")
		if refusal, ok := errors.AsType[*mysql.MySQLError](err); ok && refusal.Number == 1047 { // WSREP has not yet prepared node
			return
		}
	}
	s.Fatalf("node %d answers without a quorum, or not at all", node)
}
