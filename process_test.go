package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for a process, on a machine that is busy with other tests.
const patience = time.Minute

// binaryDir holds the program under test, as an operator would have it.
var binaryDir string

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (path string, err error) {
	if binaryDir, err = os.MkdirTemp("", "menshen"); err != nil {
		return "", err
	}
	path = filepath.Join(binaryDir, "menshen")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(binaryDir)
	os.Exit(code)
}

// program returns the path of the program under test.
func program(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// process is a program that runs beside the test and ends with it.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdout transcript
	stderr transcript
	exited chan struct{}
}

// start runs a command line with the given variables and no other settings.
func start(t testing.TB, variables []string, command ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(command[0], command[1:]...), exited: make(chan struct{})}
	p.stdout.grew, p.stderr.grew = make(chan struct{}), make(chan struct{})
	p.cmd.Env = append(bareEnvironment(), variables...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait() // how it ended is in ProcessState
		close(p.exited)
	}()
	t.Cleanup(p.kill)
	return p
}

// bareEnvironment is the test's own without any setting of the program.
func bareEnvironment() (kept []string) {
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "MENSHEN_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// signal asks the process for something.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process as kill -9 does and waits until it is gone.
func (p *process) kill() {
	p.cmd.Process.Kill() // an error means that it has ended already
	<-p.exited
}

// exit waits for the process to end and returns its exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("the process does not end\n%s", p.output())
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop asks the process to end and fails the test when it does not end well.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		p.t.Fatalf("exit code %d after SIGTERM\n%s", code, p.output())
	}
}

// output is all that the process has written.
func (p *process) output() string { return p.stdout.String() + p.stderr.String() }

// await waits until find is content with what stands in one of the transcripts.
func (p *process) await(what string, in *transcript, find func(text string) bool) {
	p.t.Helper()
	late := time.After(patience)
	for ended := false; ; {
		text, grew := in.read()
		if find(text) {
			return
		}
		if ended {
			p.t.Fatalf("the process ended before %s\n%s", what, p.output())
		}
		select {
		case <-grew:
		case <-p.exited:
			ended = true
		case <-late:
			p.t.Fatalf("no %s after %v\n%s", what, patience, p.output())
		}
	}
}

// logLine waits for a JSON line of the log with this message.
func (p *process) logLine(message string) (line map[string]any) {
	p.t.Helper()
	p.await("log line "+message, &p.stderr, func(text string) bool {
		for _, candidate := range logLines(text) {
			if candidate["msg"] == message {
				line = candidate
				return true
			}
		}
		return false
	})
	return line
}

func logLines(text string) (lines []map[string]any) {
	scanner := bufio.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		var line map[string]any
		if json.Unmarshal(scanner.Bytes(), &line) == nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// finished is a command that has ended.
type finished struct {
	stdout, stderr string
	code           int
}

// run carries a command out and waits for its end.
func run(t testing.TB, variables []string, args ...string) finished {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t), args...)
	cmd.Env = append(bareEnvironment(), variables...)
	cmd.Dir = t.TempDir() // the default store is under the working directory
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return finished{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// transcript gathers what a process writes.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	grew chan struct{} // closed at the next write
}

// Write adds to the transcript.
func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.grew)
	t.grew = make(chan struct{})
	return t.text.Write(b)
}

func (t *transcript) read() (text string, grew <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String(), t.grew
}

// String is what has been written so far.
func (t *transcript) String() string {
	text, _ := t.read()
	return text
}

// skipOrFail skips a test that lacks something, which CI never does.
func skipOrFail(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
