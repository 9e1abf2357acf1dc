package mysqltest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// account is whom URL names. It may do everything with databases whose names
// begin as those of NewDatabase do, and nothing else.
const (
	account        = "menshen"
	databasePrefix = "menshen_"
)

// createUser makes the user and takes away the root that loopback lets in.
func (n *Node) createUser(ctx context.Context) error {
	db := n.open("")
	defer db.Close()
	for _, statement := range []string{
		"DROP USER root@'127.0.0.1', root@'::1'",
		fmt.Sprintf("CREATE USER %s@'127.0.0.1' IDENTIFIED BY '%s'", account, n.cluster.password),
		fmt.Sprintf("GRANT ALL ON `%s%%`.* TO %s@'127.0.0.1'", strings.ReplaceAll(databasePrefix, "_", `\_`), account),
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create the user: %w", err)
		}
	}
	return nil
}

// NewDatabase creates an empty database with a name of its own, which goes when
// the test ends. In a cluster every node has it.
func (n *Node) NewDatabase(t testing.TB) (name string) {
	t.Helper()
	name = databasePrefix + strings.ToLower(rand.Text())
	db := n.open("")
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		db := n.open("")
		defer db.Close()
		db.Exec("DROP DATABASE " + name) // fails where the test has left the node dead
	})
	return name
}

// URL is how a store is told of a database on nodes of one cluster, the
// preferred one first: mysql://user:password@host:port,host:port/database.
func URL(database string, nodes ...*Node) string {
	var hosts []string
	for _, n := range nodes {
		hosts = append(hosts, n.Addr())
	}
	login := url.UserPassword(account, nodes[0].cluster.password)
	return fmt.Sprintf("mysql://%s@%s/%s", login, strings.Join(hosts, ","), database)
}

// DB connects to this node alone, as its administrator, to look at what it
// holds. It closes when the test ends.
func (n *Node) DB(t testing.TB, database string) *sql.DB {
	t.Helper()
	db := n.open(database)
	t.Cleanup(func() { db.Close() })
	return db
}

// open connects as root. Only who may enter the node's directory can do so.
func (n *Node) open(database string) *sql.DB {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr, config.DBName = "root", "unix", n.socket(), database
	config.Timeout, config.ReadTimeout, config.WriteTimeout = 5*time.Second, time.Minute, time.Minute
	config.ParseTime = true
	config.Logger = new(mysql.NopLogger) // a node that is not there yet is no news
	connector, err := mysql.NewConnector(config)
	if err != nil {
		panic(err) // the configuration is ours
	}
	return sql.OpenDB(connector)
}

// ready reports whether the node answers; in a cluster also whether it is Synced
// and Primary. The query comes first: with wsrep_sync_wait it goes around the
// cluster, so that a node which was paused learns that it has been given up.
func (n *Node) ready(ctx context.Context, db *sql.DB) bool {
	if _, err := db.ExecContext(ctx, "SELECT 1"); err != nil {
		return false
	}
	return len(n.cluster.Nodes) == 1 ||
		status(ctx, db, "wsrep_local_state_comment") == "Synced" && status(ctx, db, "wsrep_cluster_status") == "Primary"
}

// status is a line of SHOW STATUS, "" when there is no answer.
func status(ctx context.Context, db *sql.DB, name string) (value string) {
	db.QueryRowContext(ctx, "SHOW GLOBAL STATUS LIKE '"+name+"'").Scan(&name, &value) // no answer is an answer
	return value
}
