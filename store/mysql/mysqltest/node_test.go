package mysqltest_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"menshen/store/mysql/mysqltest"
)

// dial connects as a URL of one host says.
func dial(t *testing.T, address string) *sql.DB {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	db, err := sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestUserHasItsDatabasesOnly(t *testing.T) {
	n := mysqltest.Shared(t)
	db := dial(t, mysqltest.URL(n.NewDatabase(t), n))
	for statement, want := range map[string]uint16{
		"CREATE TABLE words (word VARCHAR(20) PRIMARY KEY)":   0,
		"CREATE DATABASE IF NOT EXISTS menshen_restored":      0,
		"DROP DATABASE IF EXISTS menshen_absent":              0,
		"CREATE DATABASE elsewhere":                           1044, // ER_DBACCESS_DENIED_ERROR
		"SELECT * FROM mysql.user":                            1142, // ER_TABLEACCESS_DENIED_ERROR
		"SET GLOBAL wsrep_provider_options='pc.bootstrap=no'": 1227, // ER_SPECIFIC_ACCESS_DENIED_ERROR
	} {
		_, err := db.ExecContext(t.Context(), statement)
		if got := number(t, err); got != want {
			t.Errorf("%s: error %d, want %d", statement, got, want)
		}
	}
}

// number is the server's name for an error, 0 for none.
func number(t *testing.T, err error) uint16 {
	t.Helper()
	refusal, ok := errors.AsType[*mysql.MySQLError](err)
	switch {
	case err == nil:
		return 0
	case !ok:
		t.Fatal(err)
	}
	return refusal.Number
}

func TestDatabaseGoesWithItsTest(t *testing.T) {
	n := mysqltest.Shared(t)
	var name string
	t.Run("holder", func(t *testing.T) { name = n.NewDatabase(t) })
	var left int
	count := "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ?"
	if err := n.DB(t, "").QueryRowContext(t.Context(), count, name).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d databases named %s, %v, want none", left, name, err)
	}
}

func TestURLNamesThePreferredFirst(t *testing.T) {
	n := mysqltest.Shared(t)
	got := mysqltest.URL("menshen_d", n, n)
	if !strings.HasPrefix(got, "mysql://menshen:") || !strings.HasSuffix(got, "@"+n.Addr()+","+n.Addr()+"/menshen_d") {
		t.Errorf("URL %s", got)
	}
}

func TestLoneNodeKeepsItsData(t *testing.T) {
	n := mysqltest.Start(t)
	s := newTable(t, n.NewDatabase(t), n)
	s.write(0, "kept")
	n.Kill()
	if err := n.Pause(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("pause of a dead node: %v, want ErrProcessDone", err)
	}
	s.need(n.Rejoin())
	s.holds("kept", 0)
}

// abandoned has the test binary start a server and wait to be killed.
const abandoned = "MYSQLTEST_ABANDONED"

func TestMain(m *testing.M) {
	if os.Getenv(abandoned) == "" {
		os.Exit(m.Run())
	}
	c, err := mysqltest.Run(1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Nodes[0].Addr())
	io.Copy(io.Discard, os.Stdin) // which stays open until the other test process ends
}

func TestNothingOutlivesTheProcess(t *testing.T) {
	mysqltest.Shared(t)                            // skips without MariaDB
	room, err := os.MkdirTemp("", "menshen-room-") // t.TempDir is closed to the server
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(room)
	if err := os.Chmod(room, 0o711); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	address := leaveBehind(ctx, t, room)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !empty(t, room) {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("%s is not empty", room)
		}
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Errorf("a server still listens on %s", address)
	}
}

// leaveBehind kills a process that has started a server in room, and returns
// where the server listened.
func leaveBehind(ctx context.Context, t *testing.T, room string) (address string) {
	t.Helper()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(os.Environ(), abandoned+"=1", "TMPDIR="+room)
	child.Stderr = os.Stderr
	in, inErr := child.StdinPipe()
	out, outErr := child.StdoutPipe()
	if err := errors.Join(inErr, outErr, child.Start()); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || empty(t, room) {
		t.Errorf("the other process says %q, %v, and has made nothing", address, err)
	}
	child.Process.Kill() // an error means that it has ended already
	child.Wait()
	return strings.TrimSpace(address)
}

func empty(t *testing.T, dir string) bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) == 0
}
