package main_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"menshen/wechat/wechattest"
)

// TestShutdownDrains asks a server to stop while a login waits for WeChat.
func TestShutdownDrains(t *testing.T) {
	held := holdLogin(t)
	held.server.signal(syscall.SIGTERM)
	held.server.logLine("shutting down")
	if got := held.server.get("/readyz", ""); got.status != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d while draining", got.status)
	}
	held.release()
	if err := <-held.answered; err != nil {
		t.Errorf("the login in flight: %v", err)
	}
	if code := held.server.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, held.server.output())
	}
	held.server.logLine("stopped")
	held.house.serve().stop()
}

// TestSecondSignalEndsAtOnce does not wait for a login that hangs.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	held := holdLogin(t)
	held.server.signal(syscall.SIGTERM)
	held.server.logLine("shutting down")
	held.server.insist(syscall.SIGTERM)
	if err := <-held.answered; err == nil {
		t.Error("a login was answered that WeChat did not answer")
	}
	if got := held.server.cmd.ProcessState.Sys().(syscall.WaitStatus); got.Signal() != syscall.SIGTERM {
		t.Errorf("the process ended with status %v", got)
	}
	held.house.serve().stop() // what is left is a store
}

// insist repeats a signal until the process is gone.
func (p *process) insist(s os.Signal) {
	p.t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for {
		p.cmd.Process.Signal(s) // an error means that it has ended
		select {
		case <-p.exited:
			return
		case <-again.C:
		case <-late:
			p.t.Fatalf("the process does not end\n%s", p.output())
		}
	}
}

// heldLogin is a server with a login in flight that waits for WeChat.
type heldLogin struct {
	house    installation
	server   *running
	release  func() // lets WeChat answer
	answered chan error
}

func holdLogin(t *testing.T) heldLogin {
	t.Helper()
	sim := wechattest.New(t)
	arrived, gate := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-gate
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(slow.Close)
	t.Cleanup(release)
	house := install(t, slow.URL)
	held := heldLogin{house, house.serve(), release, make(chan error, 1)}
	if got := held.server.get("/readyz", ""); got.status != http.StatusOK {
		t.Fatalf("/readyz answers %d", got.status)
	}
	phone, err := sim.Login(wechattest.DevAppID, "mei")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := held.server.login(t.Context(), phone.Code)
		held.answered <- err
	}()
	<-arrived
	return held
}

// TestRestartKeepsSessions changes the signature of tokens between two starts, too.
func TestRestartKeepsSessions(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	server := house.serve()
	before := server.loginAs(sim, "mei")
	server.stop()

	server = house.serve("--token-alg", "EdDSA")
	server.expectUser(before.AccessToken, before.User.ID)
	after, err := server.refresh(t.Context(), before.RefreshToken)
	if err != nil {
		t.Fatalf("refreshLogin after a restart: %v", err)
	}
	server.expectUser(after.AccessToken, before.User.ID)
	server.expectUser(before.AccessToken, before.User.ID) // old tokens stay valid
	keys := server.get("/.well-known/jwks.json", "").body
	if !strings.Contains(keys, `"alg":"ES256"`) || !strings.Contains(keys, `"alg":"EdDSA"`) {
		t.Errorf("the JWKS lacks one of the algorithms: %s", keys)
	}
	server.stop()

	server = house.serve()
	server.expectUser(before.AccessToken, before.User.ID)
	server.expectUser(after.AccessToken, before.User.ID)
}
