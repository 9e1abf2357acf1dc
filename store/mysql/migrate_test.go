package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
)

// The environment of a process that TestOpenAtOnce starts.
const openURL, openKey = "MENSHEN_TEST_OPEN_URL", "MENSHEN_TEST_OPEN_KEY"

// openOnly is all that such a process does.
func openOnly(url string) {
	s, err := Open(context.Background(), url, seal.KeyFile(os.Getenv(openKey)), testOptions())
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	if s.Close() != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func TestOpenAtOnce(t *testing.T) {
	node := mysqltest.Shared(t)
	database, key := node.NewDatabase(t), newKey(t)
	url := mysqltest.URL(database, node)
	stores := make([]*Store, 8)
	errs := make([]error, 11)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			if i < len(stores) {
				stores[i], errs[i] = Open(t.Context(), url, key, testOptions())
			} else {
				errs[i] = openInProcess(t.Context(), url, key)
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		defer closeTest(t, s)
		if diff := cmp.Diff(stores[0].ring.Load().Keys()[0].ID, s.ring.Load().Keys()[0].ID); diff != "" {
			t.Errorf("two rings (-one +other):\n%s", diff)
		}
	}
	if diff := cmp.Diff(freshTables(t), tablesOf(t, node.DB(t, database))); diff != "" {
		t.Errorf("the tables (-made by one +made by all):\n%s", diff)
	}
}

func openInProcess(ctx context.Context, url string, key seal.KeyFile) error {
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(os.Environ(), openURL+"="+url, openKey+"="+string(key))
	if said, err := child.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

// freshTables are the tables of a store that one instance has made.
func freshTables(t *testing.T) map[string]string {
	t.Helper()
	node := mysqltest.Shared(t)
	database := node.NewDatabase(t)
	closeTest(t, mustOpen(t, mysqltest.URL(database, node), newKey(t), testOptions()))
	return tablesOf(t, node.DB(t, database))
}

// tablesOf returns how each table would be made.
func tablesOf(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	tables := map[string]string{}
	for _, name := range column(t, db, "SHOW TABLES") {
		var made string
		if err := db.QueryRow("SHOW CREATE TABLE "+name).Scan(&name, &made); err != nil {
			t.Fatal(err)
		}
		tables[name] = made
	}
	return tables
}

// column returns the only column of a query.
func column(t *testing.T, db *sql.DB, query string) (values []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

// TestMigrationGoesOn opens databases in which another instance died, after some of
// the statements of the first migration. The last is not yet thought dead.
func TestMigrationGoesOn(t *testing.T) {
	want := freshTables(t)
	node := mysqltest.Shared(t)
	for _, dead := range []struct {
		statements int
		lease      time.Duration // from now
	}{{0, -time.Second}, {1, -time.Second}, {7, -time.Second}, {len(migrations[0]), -time.Second}, {3, time.Second}} {
		database := node.NewDatabase(t)
		db := node.DB(t, database)
		for _, statement := range append([]string{metaTable}, migrations[0][:dead.statements]...) {
			must(t, db, statement)
		}
		must(t, db, "INSERT INTO meta (name, value, version) VALUES ('schema', '0', 0), ('migrating', 'somebody else', "+serverNow+" + ?)", dead.lease.Milliseconds())
		s := mustOpen(t, mysqltest.URL(database, node), newKey(t), testOptions())
		if diff := cmp.Diff(want, tablesOf(t, db)); diff != "" {
			t.Errorf("after %d statements (-want +got):\n%s", dead.statements, diff)
		}
		if diff := cmp.Diff([]string{strconv.Itoa(len(migrations))}, column(t, db, "SELECT value FROM meta WHERE name = 'schema'")); diff != "" {
			t.Errorf("after %d statements, the version (-want +got):\n%s", dead.statements, diff)
		}
		closeTest(t, s)
	}
}

func must(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

// TestLateInstance takes the lead after another instance has done the migration: it
// must not do it again.
func TestLateInstance(t *testing.T) {
	node := mysqltest.Shared(t)
	database := node.NewDatabase(t)
	s := mustOpen(t, mysqltest.URL(database, node), newKey(t), testOptions())
	defer closeTest(t, s)
	if err := s.step(t.Context(), 0); !errors.Is(err, errMigrating) {
		t.Errorf("the first migration again: %v", err)
	}
}

// TestOnlyExistingStores opens a database without a store in a way that makes none.
func TestOnlyExistingStores(t *testing.T) {
	f := newShared(t)
	options := testOptions()
	options.Existing = true
	_, err := Open(t.Context(), f.url, f.key, options)
	f.refused(err, store.ErrNoStore)
	if tables := column(t, f.DB, "SHOW TABLES"); tables != nil {
		t.Errorf("made the tables %q", tables)
	}
	f.instance()
	closeTest(t, mustOpen(t, f.url, f.key, options))
}

// TestNotOpened damages a store, and expects it to say so.
func TestNotOpened(t *testing.T) {
	node := mysqltest.Shared(t)
	for name, broken := range map[string]struct {
		statement string
		want      error
	}{
		"newer":             {"UPDATE meta SET value = '99' WHERE name = 'schema'", store.ErrNewer},
		"version":           {"UPDATE meta SET value = 'one' WHERE name = 'schema'", store.ErrDamaged},
		"negative version":  {"UPDATE meta SET value = '-1' WHERE name = 'schema'", store.ErrDamaged},
		"no ring":           {"DELETE FROM meta WHERE name = 'ring'", store.ErrDamaged},
		"a ring cut short":  {"UPDATE meta SET value = LEFT(value, 100) WHERE name = 'ring'", nil},
		"another's key":     {"DO 0", seal.ErrWrongKey},
		"no key":            {"DO 0", seal.ErrNoKeyFile},
		"meta of a program": {"DROP TABLE meta; CREATE TABLE meta (id INT)", nil},
		"no meta":           {"DROP TABLE meta", errOccupied},
	} {
		t.Run(name, func(t *testing.T) {
			database, key := node.NewDatabase(t), newKey(t)
			url := mysqltest.URL(database, node)
			closeTest(t, mustOpen(t, url, key, testOptions()))
			for statement := range strings.SplitSeq(broken.statement, "; ") {
				must(t, node.DB(t, database), statement)
			}
			switch name {
			case "another's key":
				key = newKey(t)
			case "no key":
				key += "not there"
			}
			_, err := Open(t.Context(), url, key, testOptions())
			if err == nil || broken.want != nil && !errors.Is(err, broken.want) {
				t.Errorf("opened with %v, want %v", err, broken.want)
			}
		})
	}
}
