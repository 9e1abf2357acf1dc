package mysql

import (
	"errors"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"menshen/store"
	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
)

// place is a database on a server that is reached through doors. The parts of a test
// share it, each with an identity of its own.
type place struct {
	node     *mysqltest.Node
	database string
	key      seal.KeyFile
}

func newPlace(t *testing.T) place {
	t.Helper()
	node := mysqltest.Shared(t)
	return place{node, node.NewDatabase(t), newKey(t)}
}

// door returns a new door, and the URL of the place behind it, which can also be
// reached past the door if that is the second way.
func (p place) door(t *testing.T, second bool) (d *door, text string) {
	t.Helper()
	d = newDoor(t, p.node.Addr())
	u, err := url.Parse(mysqltest.URL(p.database, p.node))
	if err != nil {
		t.Fatal(err)
	}
	u.Host = d.listener.Addr().String()
	if second {
		u.Host += "," + p.node.Addr()
	}
	return d, u.String()
}

// unfitMoods are those of a server that cannot be worked with.
var unfitMoods = map[string]mood{
	"closed":                 {closed: true},
	"silent":                 {silent: true},
	"another protocol":       {greeting: "SSH-2.0-OpenSSH_9.2p1\r\n"},
	"a greeting cut short":   {greeting: "\x01\x00\x00\x00\x0a"},
	"an error cut short":     {greeting: "\x01\x00\x00\x00\xff"},
	"an empty greeting":      {greeting: "\x00\x00\x00\x00"},
	"a greeting without end": {greeting: "\xff\xff\xff\x00" + strings.Repeat("\x0a", 1<<20)},
	"outside its cluster":    {refusal: 1047},
	"read-only":              {refusal: 1290},
	"shutting down":          {refusal: 1053},
	"full":                   {refusal: 1040},
	"undetermined":           {refusal: 8501},
}

// TestOpenPastServer opens a store whose preferred server cannot be worked with.
func TestOpenPastServer(t *testing.T) {
	there := newPlace(t)
	for name, unfit := range unfitMoods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, url := there.door(t, true)
			d.turn(unfit)
			s := mustOpen(t, url, there.key, testOptions())
			defer closeTest(t, s)
			mustLogin(t, s, coming(app, name, ""))
		})
	}
}

// TestServerTurns works with a server that becomes one of those, and then fit again.
func TestServerTurns(t *testing.T) {
	there := newPlace(t)
	for name, unfit := range unfitMoods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, url := there.door(t, true)
			s := mustOpen(t, url, there.key, testOptions())
			defer closeTest(t, s)
			for n, now := range []mood{{}, unfit, {}} {
				d.turn(now)
				if n == 2 {
					waitFor(t, "the preferred server", func() bool { return s.servers.pick(0) == s.servers[0] })
				}
				if out := mustLogin(t, s, coming(app, name, "")); out.User.LoginCount != n+1 {
					t.Errorf("login %d is counted as %d", n+1, out.User.LoginCount)
				}
			}
		})
	}
}

// TestNoServer has nobody else to turn to, so it must say so, and recover.
func TestNoServer(t *testing.T) {
	there := newPlace(t)
	moods := map[string]mood{"always in the way": {refusal: 1213}}
	for _, name := range []string{"closed", "silent", "another protocol", "outside its cluster"} {
		moods[name] = unfitMoods[name]
	}
	for name, unfit := range moods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, url := there.door(t, false)
			s := mustOpen(t, url, there.key, testOptions())
			defer closeTest(t, s)
			d.turn(unfit)
			if _, err := s.Login(t.Context(), coming(app, name, "")); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("login: %v", err)
			}
			d.turn(mood{})
			if out := mustLogin(t, s, coming(app, name, "")); out.User.LoginCount != 1 {
				t.Errorf("login 1 is counted as %d", out.User.LoginCount)
			}
		})
	}
}

// TestSilentServerIsLetGo closes a store under which the server fell silent. Nothing
// of it goes on.
func TestSilentServerIsLetGo(t *testing.T) {
	there := newPlace(t)
	d, url := there.door(t, false)
	before := runtime.NumGoroutine()
	s := mustOpen(t, url, there.key, testOptions())
	d.turn(mood{silent: true})
	closeTest(t, s)
	d.turn(mood{closed: true})
	if _, err := s.Login(t.Context(), coming(app, "alice", "")); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("after Close: %v", err)
	}
	waitFor(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}

// TestWritersAreAskedToWrite has a server refuse to write, as one does whose disk is
// full, while it still reads.
func TestWritersAreAskedToWrite(t *testing.T) {
	node := mysqltest.Shared(t)
	database := node.NewDatabase(t)
	s := mustOpen(t, mysqltest.URL(database, node), newKey(t), testOptions())
	t.Cleanup(func() { closeTest(t, s) })
	db := node.DB(t, database)
	db.SetMaxOpenConns(1) // whose lock it is
	must(t, db, "LOCK TABLES meta READ")
	s.servers[0].doubt(&mysql.MySQLError{Number: 1114, Message: "The table is full"})
	waitFor(t, "Ping to fail", func() bool { return errors.Is(s.Ping(t.Context()), store.ErrUnavailable) })
	must(t, db, "UNLOCK TABLES")
	waitFor(t, "Ping to succeed", func() bool { return s.Ping(t.Context()) == nil })
	if s.servers[0].barred.Load() {
		t.Error("the server has written and is still barred")
	}
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline, tick := time.After(10*time.Second), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
