package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// dev is a running `menshen dev`, the real binary on real ports.
type dev struct {
	server    string // origin of the server, http://127.0.0.1:port
	simulator string // origin of the simulator
}

var (
	playgroundLine = regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/playground`)
	simulatorLine  = regexp.MustCompile(`(?i)simulator.*?(http://127\.0\.0\.1:\d+)`)
)

// startDev builds the binary and runs it with these flags until the test ends.
// It reads the addresses that dev prints for people.
func startDev(t *testing.T, flags ...string) dev {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "menshen")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "menshen")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	args := append([]string{"dev",
		"--addr", "127.0.0.1:0", "--simulator-addr", "127.0.0.1:0",
		"--store", "bolt:" + filepath.Join(dir, "menshen.db"), "--key-file", filepath.Join(dir, "menshen.key")}, flags...)
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	cmd.Stderr = t.Output()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); cmd.Wait() })
	return readAddresses(t, bufio.NewScanner(stdout))
}

func readAddresses(t *testing.T, lines *bufio.Scanner) dev {
	t.Helper()
	var d dev
	for d.server == "" || d.simulator == "" {
		if !lines.Scan() {
			t.Fatalf("dev ended before it printed the playground's and the simulator's address: %v", lines.Err())
		}
		if m := playgroundLine.FindStringSubmatch(lines.Text()); m != nil {
			d.server = m[1]
		}
		if m := simulatorLine.FindStringSubmatch(lines.Text()); m != nil {
			d.simulator = m[1]
		}
	}
	go func() {
		for lines.Scan() { // keeps the pipe empty until dev ends
		}
	}()
	return d
}

// loginCode takes a fresh code from the simulator, as the phone would.
func (d dev) loginCode(t *testing.T, user string) string {
	t.Helper()
	var login struct{ Code string }
	post(t, d.simulator+"/sim/login", map[string]string{"appId": "wxdev00000000000000", "user": user}, &login)
	if login.Code == "" {
		t.Fatal("the simulator gave no login code")
	}
	return login.Code
}

func post(t *testing.T, address string, body, answer any) {
	t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		u, _ := url.Parse(address)
		t.Fatalf("POST %s: status %s: %v", u.Path, response.Status, err)
	}
}
