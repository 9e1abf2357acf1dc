package mysqltest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// wardenScript reads the process groups that are alive, a line each time they
// change. When there is no more to read, the test process has let go or is
// dead: the groups and the directory go. A file of a group that is about to die
// may come between, hence the second try.
const wardenScript = `
while read -r line; do groups=$line; done
for group in $groups; do kill -s KILL -- "-$group"; done
for try in 1 2 3 4 5; do rm -rf -- "$1" && break; sleep 1; done`

// warden starts the processes of a cluster and sees to it that they do not
// outlive the test process, however that ends. (The kernel's parent death signal
// follows the thread and not the process, and leaves the directory.)
type warden struct {
	dir    string
	script *exec.Cmd
	pipe   io.WriteCloser

	running sync.WaitGroup
	mu      sync.Mutex
	alive   map[int]struct{} // process groups, by number
}

func newWarden() (*warden, error) {
	dir, err := os.MkdirTemp("", "menshen-mysql-")
	if err != nil {
		return nil, err
	}
	w := &warden{dir: dir, script: exec.Command("sh", "-c", wardenScript, "sh", dir), alive: map[int]struct{}{}}
	w.script.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C at the terminal is not for it
	if w.pipe, err = w.script.StdinPipe(); err == nil {
		// The server may run as another user, who needs to pass.
		err = errors.Join(os.Chmod(dir, 0o711), w.script.Start())
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return w, nil
}

// launch starts one of MariaDB's programs, as a user that it accepts. What it
// says is added to the file log, beside which it may write.
func (w *warden) launch(log, name string, args ...string) (*process, error) {
	path, err := lookPath(name)
	if err != nil {
		return nil, err
	}
	as, err := servant()
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &process{cmd: exec.Command(path, args...), exited: make(chan struct{})}
	p.cmd.Dir = filepath.Dir(log)
	p.cmd.Env = append(os.Environ(), "TMPDIR="+p.cmd.Dir) // ours may be closed to that user
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	group := p.cmd.Process.Pid
	w.report(func() { w.alive[group] = struct{}{} })
	w.running.Go(func() {
		p.cmd.Wait() // how it ended is in ProcessState
		w.report(func() { delete(w.alive, group) })
		close(p.exited)
	})
	return p, nil
}

// report changes what is alive and writes it to the script.
func (w *warden) report(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	var line strings.Builder
	for group := range w.alive {
		fmt.Fprintf(&line, "%d ", group)
	}
	io.WriteString(w.pipe, line.String()+"\n") // fails once the warden is dismissed
}

// dismiss ends the processes, removes the directory, and returns when both are gone.
func (w *warden) dismiss() {
	w.pipe.Close()
	w.script.Wait() // it answers nothing
	w.running.Wait()
}
