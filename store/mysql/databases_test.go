package mysql

import (
	"context"
	"database/sql"
	"testing"

	"menshen/store/mysql/mysqltest"
)

// databases are those of one test. They are emptied and used again by its parts,
// which is far quicker than making the tables of each.
type databases struct {
	node  *mysqltest.Node
	whole *testing.T
	free  []database
}

type database struct {
	name string
	*sql.DB
}

// take returns the name of an empty database, which comes back when a part of the
// test ends.
func (d *databases) take(part *testing.T) string {
	part.Helper()
	if len(d.free) == 0 {
		name := d.node.NewDatabase(d.whole)
		d.free = append(d.free, database{name, d.node.DB(d.whole, name)})
	}
	last := len(d.free) - 1
	taken := d.free[last]
	d.free = d.free[:last]
	part.Cleanup(func() {
		taken.empty(part)
		d.free = append(d.free, taken)
	})
	return taken.name
}

// empty leaves the tables and no row in them.
func (d database) empty(t *testing.T) {
	t.Helper()
	tx, err := d.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, table := range d.tables(t) {
		if _, err := tx.Exec("DELETE FROM " + table); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func (d database) tables(t *testing.T) (all []string) {
	t.Helper()
	rows, err := d.Query("SHOW TABLES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
