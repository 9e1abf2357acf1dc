package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

var rewrite = flag.Bool("update", false, "write testdata/statements.sql again, from all tests that run")

// statementsFile holds every statement that the engine sends, as the tests of this
// package hear them. TiDB's parser, in the module tidbtest, and readers look at it.
const statementsFile = "testdata/statements.sql"

// statements are those that were sent by any test.
var statements struct {
	sync.Mutex
	sent map[string]bool
}

func TestMain(m *testing.M) {
	if url := os.Getenv(openURL); url != "" {
		openOnly(url)
	}
	os.Exit(settleStatements(m.Run()))
}

func init() {
	statements.sent = map[string]bool{}
	hear(clusterQuery) // which goes out, as do these, before the pool has the connection
	for name, value := range newConfig(new(url.URL)).Params {
		hear("SET " + name + " = " + value)
	}
	openDB = func(c driver.Connector) *sql.DB { return sql.OpenDB(overheard{c}) }
}

// settleStatements compares what was sent with the file, or writes the file.
// what the tests came to, and returns what the process ends with.
func settleStatements(code int) int {
	sent := slices.Sorted(maps.Keys(statements.sent))
	if *rewrite {
		if err := os.WriteFile(statementsFile, []byte(strings.Join(sent, "\n")+"\n"), 0o644); err != nil {
			fmt.Println(err)
			return 1
		}
		return code
	}
	known, err := os.ReadFile(statementsFile)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	lines := strings.Split(string(known), "\n")
	for _, statement := range sent {
		if !slices.Contains(lines, statement) {
			fmt.Printf("not in %s (run all tests with -update): %s\n", statementsFile, statement)
			code = 1
		}
	}
	return code
}

// hear notes the statements of a packet.
func hear(packet string) {
	statements.Lock()
	defer statements.Unlock()
	for statement := range strings.SplitSeq(packet, ";") {
		for _, part := range parts(normal(statement), false) {
			statements.sent[part] = true
		}
	}
}

// unheard is a context for statements that are a test's own.
func unheard(ctx context.Context) context.Context { return context.WithValue(ctx, unheardKey{}, true) }

type unheardKey struct{}

// overheard is a connector all of whose statements are heard.
type overheard struct{ driver.Connector }

// Connect dials as the connector does.
func (o overheard) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := o.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return overheardConn{c.(wireConn)}, nil
}

type overheardConn struct{ wireConn }

// ExecContext passes a packet on.
func (c overheardConn) ExecContext(ctx context.Context, packet string, args []driver.NamedValue) (driver.Result, error) {
	if ctx.Value(unheardKey{}) == nil {
		hear(packet)
	}
	return c.wireConn.ExecContext(ctx, packet, args)
}

// QueryContext passes a packet on.
func (c overheardConn) QueryContext(ctx context.Context, packet string, args []driver.NamedValue) (driver.Rows, error) {
	if ctx.Value(unheardKey{}) == nil {
		hear(packet)
	}
	return c.wireConn.QueryContext(ctx, packet, args)
}
