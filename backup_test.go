package main_test

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"menshen/wechat/wechattest"
)

func TestBackupCommand(t *testing.T) {
	house := install(t, wechattest.New(t).URL())
	server := house.serve()
	file := filepath.Join(t.TempDir(), "backup")
	if got := house.succeeds("backup", file); !strings.Contains(got, "menshen.key) is not in it") {
		t.Errorf("says %q", got)
	}
	if got := modeOf(t, file); got != 0o600 {
		t.Errorf("the backup has mode %v", got)
	}
	expectRefusal(t, house.run("backup", file), file+" is there already")
	expectRefusal(t, house.run("backup", ""), "the file to make has no name")
	nowhere := filepath.Join(file, "backup")
	expectRefusal(t, house.run("backup", nowhere), "not a directory")
	server.stop()
	house.succeeds("backup", file+"-offline")
	expectRefusal(t, house.moved().run("backup", file+"-none"), "there is no store at")
	expectFiles(t, filepath.Dir(file), "backup", "backup-offline")
}

// expectFiles fails the test unless a directory holds these files alone.
func expectFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s holds %q, %v, want %q", dir, got, err, want)
	}
}

// TestBackupOverwritesNothing has another file come to the name while the backup
// is made.
func TestBackupOverwritesNothing(t *testing.T) {
	house := install(t, "http://127.0.0.1:1")
	file := filepath.Join(t.TempDir(), "backup")
	const another = "another's"
	pretend(t, house.socket(), func(w http.ResponseWriter, _ *http.Request) {
		if err := os.WriteFile(file, []byte(another), 0o600); err != nil {
			t.Error(err)
		}
		w.Header().Set("Trailer", "Menshen-Sha256")
		w.Header().Set("Menshen-Sha256", fmt.Sprintf("%x", sha256.Sum256(nil)))
	})
	expectRefusal(t, house.run("backup", file), file+" is there already")
	if got, err := os.ReadFile(file); string(got) != another || err != nil {
		t.Errorf("the file holds %q, %v, want %q", got, err, another)
	}
	expectFiles(t, filepath.Dir(file), "backup")
}

// TestBackupThatDoesNotArrive has a server that breaks off, or lies. What arrived
// is no backup.
func TestBackupThatDoesNotArrive(t *testing.T) {
	begins := func(w http.ResponseWriter) {
		w.Header().Set("Trailer", "Menshen-Sha256, Menshen-Error")
		w.Write(make([]byte, 1<<16))
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			begins(w)
			panic(http.ErrAbortHandler)
		}, "did not arrive whole: "},
		"without its sum": {func(w http.ResponseWriter, _ *http.Request) { begins(w) }, "did not arrive whole\n"},
		"with an error": {func(w http.ResponseWriter, _ *http.Request) {
			begins(w)
			w.Header().Set("Menshen-Error", "the%20disk%20is%20%E5%9D%8F%E4%BA%86")
		}, "the disk is 坏了\n"},
		"of another version": {http.NotFound, "the running server answered: 404"},
	} {
		t.Run(name, func(t *testing.T) {
			house := install(t, "http://127.0.0.1:1")
			pretend(t, house.socket(), test.answer)
			file := filepath.Join(t.TempDir(), "backup")
			expectRefusal(t, house.run("backup", file), test.want)
			expectFiles(t, filepath.Dir(file))
		})
	}
}

// TestInterruptedBackup leaves nothing behind.
func TestInterruptedBackup(t *testing.T) {
	house := install(t, "http://127.0.0.1:1")
	begun := make(chan struct{})
	pretend(t, house.socket(), func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 1<<16))
		close(begun)
		<-r.Context().Done()
	})
	file := filepath.Join(t.TempDir(), "backup")
	p := start(t, house.settings, program(t), "backup", file)
	<-begun
	p.signal(syscall.SIGINT)
	if code := p.exit(); code != 1 || !strings.Contains(p.output(), "interrupt signal received") {
		t.Errorf("exit code %d\n%s", code, p.output())
	}
	expectFiles(t, filepath.Dir(file))
}

// pretend answers commands at a socket.
func pretend(t *testing.T, socket string, answer http.HandlerFunc) {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: answer}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() { server.Close(); <-served })
}

func TestRestoreCommand(t *testing.T) {
	sim := wechattest.New(t)
	house, other := install(t, sim.URL()), install(t, sim.URL())
	other.serve().stop()
	server := house.serve()
	mei := server.loginAs(sim, "mei")
	file := filepath.Join(t.TempDir(), "backup")
	house.succeeds("backup", file)
	server.loginAs(sim, "lin")
	expectRefusal(t, house.run("restore", file), "a server is running with the store at "+house.store()+": stop it first")
	if err := os.Rename(house.store(), house.store()+".aside"); err != nil {
		t.Fatal(err)
	}
	expectRefusal(t, house.run("restore", file), "a server is running with the store at "+house.store()+": stop it first")
	server.stop()

	expectRefusal(t, other.run("restore", file), "there is a store at "+other.store()+": move it away first")
	foreign := other.moved()
	expectRefusal(t, foreign.run("restore", file), "--key-file (MENSHEN_KEY_FILE) must name the key file of the store that was backed up")
	expectRefusal(t, foreign.run("restore", file, "--key-file", file+".key"), "--key-file (MENSHEN_KEY_FILE) must name")
	expectRefusal(t, foreign.run("restore", house.settings[0]), "no such file")
	expectRefusal(t, foreign.run("restore", program(t)), program(t)+" cannot be restored: ")
	expectFiles(t, foreign.dir)

	if got := house.succeeds("restore", file); !strings.Contains(got, "restored 1 users, 1 identities, 1 sessions, 1 audit events") {
		t.Errorf("says %q", got)
	}
	server = house.serve()
	server.expectUser(mei.AccessToken, mei.User.ID)
	server.stop()
}

// TestRestoreTellsProblems restores a backup of a damaged store.
func TestRestoreTellsProblems(t *testing.T) {
	house := install(t, wechattest.New(t).URL())
	house.serve().stop()
	house.raw(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("facets")).Put([]byte("users"), make([]byte, 3)) })
	file := filepath.Join(t.TempDir(), "backup")
	house.succeeds("backup", file)
	restored := house.moved()
	got := restored.run("restore", file)
	expectRefusal(t, got, "1 problems found\n"+file+" cannot be restored: ")
	if want := "facets: the counter of \"users\" does not read\n"; got.stdout != want {
		t.Errorf("says %q, want %q", got.stdout, want)
	}
	expectFiles(t, restored.dir)
}
