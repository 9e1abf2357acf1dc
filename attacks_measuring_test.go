//go:build linux

package main_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"
)

// What one request may cost the server, and one connection that is held.
const (
	maxCPU        = 50 * time.Millisecond
	maxMemory     = 64 << 20 // bytes
	maxConnection = 20 << 10 // bytes
)

// cpu is the processor time that the process has used so far, as the kernel
// counts it (clock_getcpuclockid(3)): a busy machine does not make it longer.
func (p *process) cpu() time.Duration {
	p.t.Helper()
	const cpuclockSched = 2
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|cpuclockSched), &used); err != nil {
		p.t.Fatalf("the clock of the process: %v\n%s", err, p.output())
	}
	return time.Duration(used.Nano())
}

// memory is a line of /proc/PID/status in bytes: VmHWM is the peak of what the
// process had in memory, RssAnon what of it now is no file.
func (p *process) memory(line string) int64 {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.output())
	}
	return 1024 * number(p.t, string(status), line+`:\s+(\d+) kB`)
}

// forgetPeak makes the present the peak (proc_pid_clear_refs(5)).
func (p *process) forgetPeak() {
	p.t.Helper()
	const resetPeak = "5"
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte(resetPeak), 0); err != nil {
		p.t.Fatalf("%v\n%s", err, p.output())
	}
}

// number finds the one group of a pattern in a text.
func number(t testing.TB, text, pattern string) int64 {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no %s in %s", pattern, text)
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return int64(n)
}

// cost is what one request of a kind took.
type cost struct {
	attack string
	cpu    time.Duration // of one request, the mean of some
	memory int64         // the peak, beyond what the idle server had
	answer string
}

// measure sends one kind of attack some times and nothing else. What an earlier
// one has left in memory must not hide what this one takes, nor look like it.
func (a *arena) measure(attack attack) cost {
	a.t.Helper()
	if a.server.memory("VmRSS") > a.idle+maxMemory/8 {
		a.restart()
	}
	a.server.forgetPeak()
	before := a.server.cpu()
	var answer string
	for n := range measured {
		answer = a.launch(attack, n)
	}
	used := a.server.cpu() - before
	return cost{attack.name, used / measured, a.server.memory("VmHWM") - a.idle, answer}
}

// measureAgain measures some times more what seems to cost too much, now beside
// what everybody asks for: a busy machine makes all work dearer, and none cheaper.
func (a *arena) measureAgain(attack attack, c cost) cost {
	a.t.Helper()
	for again := 0; c.cpu > maxCPU && again < 4; again++ {
		slowness := a.slowness()
		c = a.measure(attack)
		c.cpu = time.Duration(float64(c.cpu) / slowness)
	}
	return c
}

// slowness is how many times more CPU honest visits take than on the machine that
// maxCPU is meant for, when nobody else uses it: at least 1, and no more than 4,
// since what is slower than that is the server.
func (a *arena) slowness() float64 {
	a.t.Helper()
	const visits, usual = 40, 500 * time.Microsecond
	before := a.server.cpu()
	for range visits {
		a.server.expectUser(a.user.AccessToken, a.user.User.ID)
	}
	return min(max(1, float64(a.server.cpu()-before)/float64(visits*usual)), 4)
}

// complain keeps what is wrong for the end.
func (a *arena) complain(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.complaints = append(a.complaints, fmt.Sprintf(format, args...))
}

// report fails the test for what is wrong, last: a log that is cut keeps its end.
func (a *arena) report() {
	a.t.Helper()
	for _, complaint := range a.complaints {
		a.t.Error(complaint)
	}
}

// costTable is the costs, worst last: a log that is cut keeps its end.
func costTable(costs []cost) string {
	slices.SortStableFunc(costs, func(a, b cost) int { return cmp.Compare(a.cpu, b.cpu) })
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nCPU ms\tmemory MB\tattack\tanswer\n")
	for _, c := range costs {
		fmt.Fprintf(w, "%.2f\t%.1f\t%s\t%s\n", float64(c.cpu)/1e6, float64(c.memory)/(1<<20), c.attack, c.answer)
	}
	w.Flush() // to a strings.Builder, which does not fail
	return table.String()
}

// eventually waits until something holds, as it must some time.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for !holds() {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("%s: not after %v", what, patience)
		}
	}
}
