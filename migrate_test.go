package main_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/bolt"
	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
	"menshen/store/storetest"
)

var migrants = flag.Int("migrants", 20_000, "how many users TestMigration copies each way")

// migration copies a file to a database and the database to another file.
type migration struct {
	t                    *testing.T
	people               int
	key                  string
	file, database, back string // URLs
}

// prepareMigration fills a file with a population and makes an empty database.
func prepareMigration(t *testing.T, people int) migration {
	t.Helper()
	dir, node := t.TempDir(), mysqltest.Shared(t)
	m := migration{
		t: t, people: people, key: filepath.Join(dir, "menshen.key"),
		file:     "bolt:" + filepath.Join(dir, "menshen.db"),
		database: mysqltest.URL(node.NewDatabase(t), node),
		back:     "bolt:" + filepath.Join(dir, "back.db"),
	}
	options := store.Options{SessionLife: time.Hour, MaxSessions: 1, AuditRetention: time.Hour, Unfinished: true}
	s, err := bolt.Open(strings.TrimPrefix(m.file, "bolt:"), seal.KeyFile(m.key), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := storetest.Populate(t.Context(), s, people); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return m
}

// variables are the settings of a migration from one URL to another.
func (m migration) variables(from, to string) []string {
	return []string{"MENSHEN_FROM=" + from, "MENSHEN_TO=" + to, "MENSHEN_KEY_FILE=" + m.key}
}

// migrate copies to the end and returns what was printed of the parts, and the most
// memory that was seen in use, the pages of files apart, in kilobytes.
func (m migration) migrate(from, to string) (table string, memory int) {
	m.t.Helper()
	p := start(m.t, m.variables(from, to), program(m.t), "migrate")
	for ended := false; !ended; {
		_, grew := p.stderr.read()
		memory = max(memory, memoryOf(p))
		select {
		case <-grew:
		case <-p.exited:
			ended = true
		}
	}
	if code := p.exit(); code != 0 {
		m.t.Fatalf("exit code %d\n%s", code, p.output())
	}
	m.t.Logf("%s", lastLine(p.stdout.String()))
	table, _, _ = strings.Cut(p.stdout.String(), "copied and verified")
	return table, memory
}

// memoryOf is the anonymous memory of a process, in kilobytes; 0 when it has ended.
func memoryOf(p *process) (n int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if _, line, found := strings.Cut(string(status), "RssAnon:"); found {
		fmt.Sscan(line, &n)
	}
	return n
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// killed begins to copy, or goes on with it, and is killed after so many lines about a
// stage. It reports whether it came to that.
func (m migration) killed(from, to, stage string, lines int) bool {
	m.t.Helper()
	p := start(m.t, m.variables(from, to), program(m.t), "migrate")
	defer p.kill()
	for {
		text, grew := p.stderr.read()
		if strings.Count(text, stage) >= lines {
			return true
		}
		select {
		case <-grew:
		case <-p.exited:
			return false
		}
	}
}

// check expects a store to be in order, however long it takes to find out.
func (m migration) check(url string) {
	m.t.Helper()
	p := start(m.t, []string{"MENSHEN_STORE=" + url, "MENSHEN_KEY_FILE=" + m.key}, program(m.t), "check")
	<-p.exited
	if code := p.exit(); code != 0 {
		m.t.Errorf("exit code %d\n%s", code, p.output())
	}
}

// TestMigration copies a population to a database and back, killed again and again on
// the way. Nobody may be served by half a copy, and what comes back is what went.
func TestMigration(t *testing.T) {
	m := prepareMigration(t, *migrants)
	var tables []string
	for _, way := range [][2]string{{m.file, m.database}, {m.database, m.back}} {
		from, to := way[0], way[1]
		kills := 0
		for range 4 {
			if m.killed(from, to, "copying: ", 1+rand.IntN(4)) {
				kills++
			}
			expectRefusal(t, run(t, []string{"MENSHEN_STORE=" + to, "MENSHEN_KEY_FILE=" + m.key}, "check"), "half a copy")
		}
		if kills == 0 || !m.killed(from, to, "verifying: ", 2) {
			t.Errorf("%d kills on the way", kills)
		}
		table, memory := m.migrate(from, to)
		t.Logf("killed %d times; %d KB of memory\n%s", kills+1, memory, table)
		tables = append(tables, table)
		expectRefusal(t, run(t, m.variables(from, to), "migrate"), "there is a store already")
		m.check(to)
	}
	if tables[0] != tables[1] {
		t.Errorf("there\n%s\nand back\n%s", tables[0], tables[1])
	}
	row := regexp.MustCompile(fmt.Sprintf(`(?m)^users +%d +%[1]d +([0-9a-f]{16}) +([0-9a-f]{16})$`, m.people)).FindStringSubmatch(tables[0])
	if row == nil || row[1] != row[2] {
		t.Errorf("the row of the users is %q", row)
	}
}

// TestMigrationNeedsNoMore copies ten times as many people with hardly more memory.
func TestMigrationNeedsNoMore(t *testing.T) {
	few, many := prepareMigration(t, *migrants/10), prepareMigration(t, *migrants)
	_, memoryOfFew := few.migrate(few.file, few.database)
	_, memoryOfMany := many.migrate(many.file, many.database)
	_, backOfFew := few.migrate(few.database, few.back)
	_, backOfMany := many.migrate(many.database, many.back)
	t.Logf("%d and %d people to a database: %d and %d KB; to a file: %d and %d KB",
		few.people, many.people, memoryOfFew, memoryOfMany, backOfFew, backOfMany)
	const noise = 64 << 10 // KB, as much as the garbage collector may have let lie
	if memoryOfFew == 0 || memoryOfMany > memoryOfFew+noise || backOfMany > backOfFew+noise {
		t.Error("the memory grows with the store")
	}
}
