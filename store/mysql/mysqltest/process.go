package mysqltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"sync"
	"syscall"
)

// ErrNotInstalled means that a program is missing, or Galera for a cluster.
var ErrNotInstalled = errors.New("MariaDB is not installed")

// The programs of MariaDB that are run here.
const (
	daemon    = "mariadbd"
	installer = "mariadb-install-db"
)

// installed looks for all that a server needs, or a cluster.
func installed(cluster bool) error {
	for _, name := range []string{daemon, installer} {
		if _, err := lookPath(name); err != nil {
			return fmt.Errorf("%w: %w", ErrNotInstalled, err)
		}
	}
	if !cluster {
		return nil
	}
	_, missing := os.Stat(provider)
	_, err := exec.LookPath("rsync") // with which a node gives its data to another
	if err := errors.Join(missing, err); err != nil {
		return fmt.Errorf("%w as a cluster: %w", ErrNotInstalled, err)
	}
	return nil
}

// lookPath also finds what only root has in PATH.
func lookPath(name string) (path string, err error) {
	if path, err = exec.LookPath(name); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}

// servant is the user mysql when this is root, as whom the server refuses to
// run, and otherwise nil.
var servant = sync.OnceValues(func() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("mysql")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
})

// makeDir makes a directory that only the user whom the programs run as may enter.
func makeDir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	as, err := servant()
	if err != nil || as == nil {
		return err
	}
	return os.Chown(path, int(as.Uid), int(as.Gid))
}

// process is one that a warden has started, with all that it starts itself.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// signal is for the process and its children.
func (p *process) signal(s syscall.Signal) error {
	select {
	case <-p.exited:
		return os.ErrProcessDone // its number may be another's by now
	default:
		return syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

// kill ends the process as kill -9 does and waits until it is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL) // an error means that it has ended already
	<-p.exited
}

// finish waits until the process has ended well by itself.
func (p *process) finish(ctx context.Context) error {
	select {
	case <-p.exited:
	case <-ctx.Done():
		p.kill()
		return ctx.Err()
	}
	if !p.cmd.ProcessState.Success() {
		return errors.New(p.cmd.ProcessState.String())
	}
	return nil
}

// tail is the end of a log, for an error.
func tail(log string) []byte {
	text, err := os.ReadFile(log)
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-20):], nil)
}
