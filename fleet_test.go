package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
	"menshen/wechat/wechattest"
)

// fleet is three instances of the program on one database, and their clients.
type fleet struct {
	t         *testing.T
	sim       *wechattest.Simulator
	houses    [fleetSize]installation // of each instance
	instances [fleetSize]atomic.Pointer[running]
	nodes     []*sql.DB // the servers of the database

	register register
	loads    int // so far
}

const fleetSize = 3

// newFleet starts instances that each prefer another of the nodes.
func newFleet(t *testing.T, nodes ...*mysqltest.Node) *fleet {
	t.Helper()
	f := &fleet{t: t, sim: wechattest.New(t)}
	house := install(t, f.sim.URL())
	if _, err := seal.KeyFile(filepath.Join(house.dir, "menshen.key")).Key(true); err != nil {
		t.Fatal(err)
	}
	database := nodes[0].NewDatabase(t)
	for _, node := range nodes {
		f.nodes = append(f.nodes, node.DB(t, database))
	}
	for i := range f.instances {
		first := i % len(nodes)
		url := mysqltest.URL(database, slices.Concat(nodes[first:], nodes[:first])...)
		f.houses[i] = house
		f.houses[i].settings = slices.Concat(house.settings, []string{"MENSHEN_STORE=" + url, "MENSHEN_MAX_SESSIONS=1000"})
		f.serve(i)
	}
	return f
}

// serve starts an instance in its place, as a load balancer learns of it.
func (f *fleet) serve(i int) {
	f.t.Helper()
	f.instances[i].Store(f.houses[i].serve().strict())
}

func (f *fleet) instance(i int) *running { return f.instances[i%fleetSize].Load() }

// ready counts the instances that say that requests should be sent to them.
func (f *fleet) ready() (count int) {
	for i := range f.instances {
		server := f.instance(i)
		if _, err := server.send(newRequest(f.t.Context(), http.MethodGet, server.url+"/readyz", "", "")); err == nil {
			count++
		}
	}
	return count
}

// complaints are the last lines that the instances have logged of what went wrong.
func (f *fleet) complaints() string {
	var all []string
	for i := range f.instances {
		for _, line := range logLines(f.instance(i).stderr.String()) {
			if line["level"] != "INFO" {
				all = append(all, fmt.Sprintf("instance %d: %v", i+1, line))
			}
		}
	}
	return strings.Join(all[max(0, len(all)-20):], "\n")
}

// arrive logs a user in, with a new code each time: one that may have reached WeChat
// is spent.
func (f *fleet) arrive(ctx context.Context, server *running, user string) (*entry, error) {
	phone, err := f.sim.Login(wechattest.DevAppID, user)
	if err != nil {
		return nil, err
	}
	tokens, err := server.login(ctx, phone.Code)
	return &entry{pair: tokens, openID: phone.OpenID}, err
}

// enter logs a user in and writes it down; the test fails when it is refused.
func (f *fleet) enter(user string) *entry {
	f.t.Helper()
	e, err := f.arrive(f.t.Context(), f.instance(0), user)
	if err != nil {
		f.t.Fatalf("login: %v\n%s", err, f.complaints())
	}
	f.register.add(e)
	return e
}

// expectAll fails the test unless nodes hold all that was acknowledged, and counts
// what they lack.
func (f *fleet) expectAll(nodes ...int) (lacking int) {
	f.t.Helper()
	for _, n := range nodes {
		missing, err := f.register.missing(f.t.Context(), f.nodes[n])
		if err != nil || len(missing) > 0 {
			f.t.Errorf("node %d lacks %d acknowledged records, %v: %.300q", n+1, len(missing), err, missing)
		}
		lacking += len(missing)
	}
	return lacking
}

// strict is the server for clients to whom an answer that says 5xx is none.
func (r *running) strict() *running {
	return &running{r.process, r.url, &http.Client{Transport: strictTransport{r.http.Transport}, Timeout: patience}}
}

type strictTransport struct{ http.RoundTripper }

// RoundTrip fails with unavailable when the server does.
func (s strictTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := s.RoundTripper.RoundTrip(request)
	if err != nil || response.StatusCode < http.StatusInternalServerError {
		return response, err
	}
	io.Copy(io.Discard, response.Body) // so that the connection can be used again
	response.Body.Close()
	return nil, unavailable(response.StatusCode)
}

// unavailable is the status of an answer that is none.
type unavailable int

// Error is the status.
func (u unavailable) Error() string { return "status " + strconv.Itoa(int(u)) }
