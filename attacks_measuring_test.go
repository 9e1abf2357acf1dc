//go:build linux

package main_test

import (
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

// costTable is the costs, worst first.
func costTable(costs []cost) string {
	slices.SortStableFunc(costs, func(a, b cost) int { return int(b.cpu - a.cpu) })
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
