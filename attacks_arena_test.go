//go:build linux

package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"menshen/wechat/wechattest"
)

// arena is a server with some users, without limits on the number of requests.
type arena struct {
	t      *testing.T
	sim    *wechattest.Simulator
	house  installation
	server *running // as the attackers reach it
	idle   int64    // bytes of memory
	user   pair     // of a user with as many sessions as one may have
	visits int      // of the honest client so far

	mu         sync.Mutex
	complaints []string
}

// newEmptyArena is an arena where nobody but one user has been.
func newEmptyArena(t *testing.T, settings ...string) *arena {
	t.Helper()
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	house.settings = append(append(house.settings, settings...), "MENSHEN_RATE_LIMIT=0", "MENSHEN_LOGIN_FAILURES=0",
		"MENSHEN_RATE_LIMIT_USER=0", "MENSHEN_RATE_LIMIT_APP=0")
	a := &arena{t: t, sim: sim, house: house}
	t.Cleanup(a.report)
	a.restart()
	a.user = a.server.loginAs(sim, "mei")
	return a
}

func newArena(t *testing.T) *arena {
	t.Helper()
	a := newEmptyArena(t)
	var arrivals errgroup.Group
	arrivals.SetLimit(crashClients)
	for i := range 200 {
		arrivals.Go(func() error {
			_, err := arrive(t.Context(), a.server, a.sim, fmt.Sprintf("user-%d", i))
			return err
		})
	}
	if err := arrivals.Wait(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		a.user = a.server.loginAs(a.sim, "mei")
	}
	return a
}

// restart gives the arena a server that nothing has happened to yet but a login.
func (a *arena) restart() {
	a.t.Helper()
	if a.server != nil {
		a.server.kill()
	}
	a.server = a.house.serve()
	a.server.loginAs(a.sim, "lin")
	a.idle = a.server.memory("VmRSS")
}

// launch sends one attack and tells how it was answered.
func (a *arena) launch(attack attack, n int) string {
	method, path := http.MethodPost, "/graphql"
	if attack.method != "" {
		method = attack.method
	}
	if attack.path != "" {
		path = attack.path
	}
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.server.url+path, nil)
	if err != nil {
		panic(err) // the table's own mistake
	}
	if attack.body != nil {
		request.Body = io.NopCloser(attack.body(n))
	}
	request.Header.Set("Content-Type", "application/json")
	if attack.as != nil {
		request.Header.Set("Authorization", "Bearer "+attack.as(a, n))
	}
	for name, value := range attack.header {
		request.Header.Set(name, value)
	}
	answer, err := a.server.send(request)
	return a.judge(attack, answer, err)
}

// judge fails the test when the server had no answer of its own. It may hang up
// on who sends on and on.
func (a *arena) judge(attack attack, answer reply, err error) string {
	select {
	case <-a.server.exited:
		a.t.Fatalf("%s: the server is gone\n%.5000s", attack.name, a.server.stderr.String())
	default:
	}
	if err != nil {
		if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
			a.complain("%s: no answer in %v", attack.name, patience)
		}
		return "hung up"
	}
	var whole struct{ Errors []graphQLError }
	code := "OK"
	if json.Unmarshal([]byte(answer.body), &whole) == nil && len(whole.Errors) > 0 {
		code = whole.Errors[0].Extensions.Code
	}
	if answer.status >= http.StatusInternalServerError || code == "INTERNAL" {
		a.complain("%s: %d %.300s", attack.name, answer.status, answer.body)
	}
	return fmt.Sprintf("%d %s, %d bytes", answer.status, code, len(answer.body))
}

// storm has attackers send every attack at the same time, each in an order of
// their own.
func (a *arena) storm(attacks []attack) {
	var all errgroup.Group
	for n := range attackers {
		all.Go(func() error {
			for _, i := range rand.Perm(len(attacks)) {
				a.launch(attacks[i], measured+n)
			}
			return nil
		})
	}
	all.Wait() // launch reports what goes wrong
}

// meanwhile does something while an honest client, at another address, logs in
// and asks who it is, again and again. It must always succeed.
func (a *arena) meanwhile(do func()) (v stay) {
	a.t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		do()
	}()
	honest := a.server.from(a.t, "127.0.0.2")
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for over := false; !over; v.count++ {
		began := time.Now()
		if err := a.visit(honest); err != nil {
			a.complain("the honest client, visit %d: %v", v.count, err)
			<-ended
			break
		}
		v.slowest = max(v.slowest, time.Since(began))
		select {
		case <-ended:
			over = true
		case <-pace.C:
		}
	}
	return v
}

// stay is how the honest client fared while others did something.
type stay struct {
	count   int // of visits
	slowest time.Duration
}

// String is for the log: how long they take is this machine's.
func (v stay) String() string {
	return fmt.Sprintf("%d honest visits, the slowest in %v", v.count, v.slowest.Round(time.Millisecond))
}

// visit logs in and asks who it is. WeChat takes so many logins of one user a
// minute and no more, so it is another user from time to time.
func (a *arena) visit(server *running) error {
	a.visits++
	v, err := arrive(a.t.Context(), server, a.sim, fmt.Sprintf("honest-%d", a.visits/50))
	if err != nil {
		return err
	}
	if id, err := server.me(a.t.Context(), v.AccessToken); err != nil || id != v.User.ID {
		return fmt.Errorf("me = %q, %w", id, err)
	}
	return nil
}

// from is the server as a client reaches it from another address of the loopback.
func (r *running) from(t testing.TB, address string) *running {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: patience}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return &running{r.process, r.url, &http.Client{Transport: transport, Timeout: patience}}
}
