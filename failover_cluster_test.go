package main_test

import (
	"maps"
	"time"
)

// expectMembers fails the test unless every node sees all others.
func (d *drill) expectMembers() {
	d.t.Helper()
	for n, node := range d.nodes {
		var name string
		var size int
		err := node.QueryRowContext(d.t.Context(), "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'").Scan(&name, &size)
		if err != nil || size != len(d.nodes) {
			d.t.Errorf("node %d sees %d members, %v, want %d", n+1, size, err, len(d.nodes))
		}
	}
}

// awaitReady waits until so many instances are ready. None is started again.
func (d *drill) awaitReady(instances int) {
	d.t.Helper()
	eventually(d.t, "/readyz", func() bool { return d.ready() == instances })
}

// awaitRefusals waits until each instance has refused what was asked after an instant.
func (d *drill) awaitRefusals(l *load, after time.Time) {
	d.t.Helper()
	eventually(d.t, "refusals of all instances", func() bool {
		by := map[int]bool{}
		for _, r := range l.refused(after) {
			by[r.instance] = true
		}
		return len(by) == fleetSize
	})
}

// expectAlike waits until all nodes hold the same. Instances without clients write
// something now and then.
func (d *drill) expectAlike() {
	d.t.Helper()
	eventually(d.t, "the same checksums on all nodes", func() bool {
		first, second, third := d.checksums(0), d.checksums(1), d.checksums(2)
		return len(first) > 0 && maps.Equal(first, second) && maps.Equal(first, third)
	})
}

// checksums are those of all tables, as one node has them.
func (d *drill) checksums(node int) map[string]int64 {
	d.t.Helper()
	var tables string
	err := d.nodes[node].QueryRowContext(d.t.Context(),
		"SELECT GROUP_CONCAT(table_name) FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&tables)
	if err != nil {
		d.t.Fatal(err)
	}
	rows, err := d.nodes[node].QueryContext(d.t.Context(), "CHECKSUM TABLE "+tables)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	sums := map[string]int64{}
	for rows.Next() {
		var table string
		var sum int64
		if err := rows.Scan(&table, &sum); err != nil {
			d.t.Fatal(err)
		}
		sums[table] = sum
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return sums
}
