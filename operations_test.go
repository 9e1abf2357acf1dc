package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"menshen/wechat/wechattest"
)

// succeeds carries a command out that must end well and returns what it printed.
func (i installation) succeeds(args ...string) string {
	i.t.Helper()
	got := i.run(args...)
	if got.code != 0 {
		i.t.Fatalf("%v: exit code %d\n%s%s", args, got.code, got.stdout, got.stderr)
	}
	return got.stdout
}

// moved is an installation with the same settings and key file, and its store
// elsewhere.
func (i installation) moved() installation {
	i.dir = i.t.TempDir()
	i.settings = append(slices.Clone(i.settings), "MENSHEN_STORE=bolt:"+i.store())
	return i
}

// raw changes a closed store with bbolt alone.
func (i installation) raw(change func(*bbolt.Tx) error) {
	i.t.Helper()
	db, err := bbolt.Open(i.store(), 0o600, &bbolt.Options{Timeout: patience})
	if err != nil {
		i.t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(change); err != nil {
		i.t.Fatal(err)
	}
}

// TestCheckCommand checks a store in order and a damaged one, each with a running
// server and without.
func TestCheckCommand(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	server := house.serve()
	server.loginAs(sim, "mei")
	const want = "checked 1 users, 1 identities, 1 sessions, 1 audit events\n"
	online := house.succeeds("check")
	server.stop()
	if offline := house.succeeds("check"); online != want || offline != want {
		t.Errorf("with a server %q, without %q", online, offline)
	}

	house.raw(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Delete([]byte("sessions")) })
	const says = "meta: the counter \"sessions\" is 0, there are 1\n" + want
	expectDamage := func() {
		t.Helper()
		got := house.run("check")
		expectRefusal(t, got, "the store is damaged: 1 problems found")
		if got.stdout != says {
			t.Errorf("says %q, want %q", got.stdout, says)
		}
	}
	expectDamage()
	server = house.serve()
	expectDamage()
	server.stop()
}

func TestCompactCommand(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	server := house.serve()
	mei := server.loginAs(sim, "mei")
	for range 2 {
		var before, after int64
		printed := house.succeeds("compact")
		if _, err := fmt.Sscanf(printed, "%d bytes before, %d bytes after\n", &before, &after); err != nil {
			t.Errorf("%q: %v", printed, err)
		}
		if info, err := os.Stat(house.store()); err != nil || info.Size() != after {
			t.Errorf("%d bytes after, but the file has %d, %v", after, info.Size(), err)
		}
	}
	server.expectUser(mei.AccessToken, mei.User.ID)
	server.loginAs(sim, "lin")
	server.stop()
	house.succeeds("compact")
	house.succeeds("check")
	house.serve().expectUser(mei.AccessToken, mei.User.ID)
}

// TestKilledCompactions kills the server again and again while it does nothing but
// compact and answer logins.
func TestKilledCompactions(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	var latest []*visitor
	for round := range 5 {
		server := house.serve()
		expectVisitors(t, server, latest)
		compactions := make(chan int)
		go func() { compactions <- compactUntilKilled(t.Context(), house.socket()) }()
		latest, _ = crash(t, server, sim, round)
		if n := <-compactions; n == 0 {
			t.Error("no compaction came to its end")
		}
		house.succeeds("check")
		if left, err := filepath.Glob(house.store() + ".compact"); err != nil || left != nil {
			t.Errorf("%v is left, %v", left, err)
		}
	}
	server := house.serve()
	expectVisitors(t, server, latest)
	server.stop()
}

// compactUntilKilled has a server compact until it does not answer, and returns
// how often it did.
func compactUntilKilled(ctx context.Context, socket string) (n int) {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	for ; ; n++ {
		response, err := client.Do(newRequest(ctx, http.MethodPost, "http://menshen/compact", "", ""))
		if err != nil {
			return n
		}
		response.Body.Close()
	}
}

func TestExportCommand(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	server := house.serve()
	mei := server.loginAs(sim, "mei")
	online := house.succeeds("export", mei.User.ID)
	unknown := "usr_00000000000000000000000000"
	expectRefusal(t, house.run("export", unknown), "there is no such user")
	expectRefusal(t, house.run("export", strings.Repeat("x", 1<<14)), "there is no such user")
	server.stop()
	if offline := house.succeeds("export", mei.User.ID); offline != online {
		t.Errorf("with a server\n%s\nwithout\n%s", online, offline)
	}
	expectRefusal(t, house.run("export", unknown), "there is no such user")

	var got struct {
		User struct {
			ID         string
			Identities []struct{ AppID, OpenID string }
		}
		Sessions    []struct{ UserAgent string }
		AuditEvents []struct{ Action string }
	}
	if err := json.Unmarshal([]byte(online), &got); err != nil {
		t.Fatal(err)
	}
	if got.User.ID != mei.User.ID || len(got.User.Identities) != 1 || got.User.Identities[0].AppID != wechattest.DevAppID ||
		len(got.Sessions) != 1 || len(got.AuditEvents) != 1 || got.AuditEvents[0].Action != "login" {
		t.Errorf("exported\n%s", online)
	}
}

// TestCommandsNeedAStore makes nothing where there is no store.
func TestCommandsNeedAStore(t *testing.T) {
	house := install(t, "http://127.0.0.1:1")
	for _, command := range [][]string{{"check"}, {"compact"}, {"export", "usr_1"}, {"backup", filepath.Join(house.dir, "backup")}, {"keys", "list"}} {
		expectRefusal(t, house.run(command...), "there is no store at "+house.store())
	}
	if _, err := os.Stat(house.store()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the store: %v, want %v", err, fs.ErrNotExist)
	}
	expectFiles(t, house.dir)
}
