package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"menshen/wechat/wechattest"
)

// TestOneSyncBeforeTheAnswer watches the system calls of one login alone: what
// it changes is synced to the disk before its answer is written, in one commit;
// after a compact too, which copies without syncing.
func TestOneSyncBeforeTheAnswer(t *testing.T) {
	requireTracing(t)
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	pipe, trace := tracePipe(t)
	// -D leaves the server our own child, to be signalled as ever.
	server := listening(start(t, house.settings,
		"strace", "-D", "-f", "-y", "-s", "1000", "-e", "trace=fdatasync,fsync,pwrite64,write,sendto", "-o", pipe,
		program(t), "serve"))
	server.loginAs(sim, "mei") // the file grows to its first size here

	server.get("/healthz", "")
	server.loginAs(sim, "lin")
	if compacted := house.run("compact"); compacted.code != 0 {
		t.Fatal(compacted.stderr)
	}
	server.get("/readyz", "")
	server.loginAs(sim, "hua")
	server.stop()

	calls := systemCalls(<-trace)
	for _, before := range []string{"ok\\n", "ready\\n"} {
		login := between(t, calls, before, `\"accessToken\"`)
		if got := onFile(login, house.store()); !cmp.Equal(got, oneCommit) {
			t.Errorf("a login's calls on the store's file, between request and answer: %v, want %v", got, oneCommit)
		}
	}
}

// tracePipe returns a pipe for a tracer to write to, and what it has written
// when it ends.
func tracePipe(t *testing.T) (path string, trace <-chan string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "trace")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	whole := make(chan string, 1)
	go func() {
		text, _ := os.ReadFile(path) // without a text the test finds no calls
		whole <- string(text)
	}()
	return path, whole
}

// oneCommit is what bbolt does to its file in one transaction: pages, sync, the
// page that says which transaction is the last, sync.
var oneCommit = []string{"pwrite64", "fdatasync", "pwrite64", "fdatasync"}

// requireTracing skips the test where it cannot trace, which CI always can.
func requireTracing(t *testing.T) {
	t.Helper()
	out, err := exec.Command("strace", "-o", os.DevNull, "true").CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("strace: %v\n%s", err, out)
	}
	t.Skipf("strace is missing or not permitted here: %v\n%s", err, out)
}

// systemCall is one call of a trace. Its place in the list is that of its end
// for a sync and of its beginning for a write, so that neither order can be a
// lucky reading.
type systemCall struct{ name, arguments string }

var (
	callForm    = regexp.MustCompile(`^(\d+) +(\w+)\((.*)`)
	resumedForm = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>`)
)

func systemCalls(trace string) (calls []systemCall) {
	syncing := map[string]systemCall{} // by thread
	for line := range strings.Lines(trace) {
		if m := callForm.FindStringSubmatch(line); m != nil {
			call := systemCall{m[2], m[3]}
			if strings.HasSuffix(call.name, "sync") && strings.Contains(line, "<unfinished ...>") {
				syncing[m[1]] = call
				continue
			}
			calls = append(calls, call)
		}
		if m := resumedForm.FindStringSubmatch(line); m != nil && strings.HasSuffix(m[2], "sync") {
			calls = append(calls, syncing[m[1]])
		}
	}
	return calls
}

// between returns the calls after the write of one text to a client and up to
// the write of another.
func between(t *testing.T, calls []systemCall, first, last string) []systemCall {
	t.Helper()
	from := -1
	for i, call := range calls {
		if call.name != "write" && call.name != "sendto" {
			continue
		}
		if strings.Contains(call.arguments, first) {
			from = i
		}
		if from >= 0 && strings.Contains(call.arguments, last) {
			return calls[from+1 : i]
		}
	}
	t.Fatalf("the trace has no answer with %q after one with %q in %d calls", last, first, len(calls))
	return nil
}

// onFile names the calls on a file, several writes in a row as one.
func onFile(calls []systemCall, path string) (names []string) {
	for _, call := range calls {
		again := call.name == "pwrite64" && len(names) > 0 && names[len(names)-1] == "pwrite64"
		if strings.Contains(call.arguments, "<"+path+">") && call.name != "fsync" && !again {
			names = append(names, call.name)
		}
	}
	return names
}
