//go:build linux

package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"menshen/wechat/wechattest"
)

// What a crowd may have the server hold, of any kind.
const maxHeld = 2 * maxMemory

// greed is a way to have the server hold much for somebody who does not read, or
// does not end what they began.
type greed struct {
	name        string
	connections int
	says        func(a *arena) string
}

func greeds() []greed {
	long := graphQLRequest("", "", `{"query":"`+repeat(" ", 127<<10)+`{__typename}"}`)
	asking := func(sizes ...int) func(*arena) string {
		return func(a *arena) (requests string) {
			for _, names := range sizes {
				requests += graphQLRequest(a.user.AccessToken, "", `{"query":"`+agents(names)+`"}`)
			}
			return requests
		}
	}
	overSocket := func(names int) func(*arena) string {
		return func(a *arena) string {
			return upgradeRequest + subscribing(a.user.AccessToken, 0) +
				numbered(20, text(`{"id":"%04d","type":"subscribe","payload":{"query":"`+agents(names)+`"}}`)) // four digits are as long as their verb
		}
	}
	return []greed{
		{"half a body of 127 KB", 1000, func(*arena) string { return long[:len(long)-1000] }},
		{"an answer of 2.5 MB, unread", 60, asking(14)},
		{"an answer of 0.9 MB, unread", 300, asking(5)},
		{"answers of 2.5 MB over a WebSocket, unread", 3, overSocket(14)},
		{"answers of 0.9 MB over a WebSocket, unread", 8, overSocket(5)},
	}
}

// agents asks for all sessions under so many names, and for the User-Agent of each
// under 16.
func agents(names int) string {
	return "{" + numbered(names, " m%d:me{sessions{...f}}") + "} fragment f on Session{" + numbered(16, " a%d:userAgent") + "}"
}

// TestGreedIsBounded has a crowd of one address hold as much as it can.
func TestGreedIsBounded(t *testing.T) {
	table := "\n  memory MB  greed\n"
	for _, greed := range greeds() {
		t.Run(greed.name, func(t *testing.T) {
			a := newEmptyArena(t, "MENSHEN_MAX_CONNECTIONS_PER_ADDRESS=2000")
			for range 20 {
				a.user = a.loginWith(repeat(`"`, 256))
			}
			begins, idle := greed.says(a), a.server.memory("RssAnon")
			crowd := a.server.crowd(t)
			for range greed.connections {
				crowd.dial("127.0.15.1")
			}
			crowd.each(func(_ int, conn net.Conn) bool { return say(begins)(0, conn) })
			a.settle()
			held := a.server.memory("RssAnon") - idle
			table += fmt.Sprintf("%11.1f  %s\n", float64(held)/(1<<20), greed.name)
			if held > maxHeld {
				t.Errorf("%d connections of one address hold %d MB", greed.connections, held>>20)
			}
			if err := a.visit(a.server.from(t, "127.0.0.2")); err != nil {
				t.Errorf("the honest client: %v", err)
			}
		})
	}
	t.Log(table)
}

// loginWith logs the arena's user in once more, from a client of that name.
func (a *arena) loginWith(userAgent string) pair {
	a.t.Helper()
	phone, err := a.sim.Login(wechattest.DevAppID, "mei")
	if err != nil {
		a.t.Fatal(err)
	}
	request := newRequest(a.t.Context(), http.MethodPost, a.server.url+"/graphql", "",
		`{"query":"mutation{login(code:\"`+phone.Code+`\"){accessToken}}"}`)
	request.Header.Set("User-Agent", userAgent)
	answer, err := a.server.send(request)
	var whole struct{ Data struct{ Login pair } }
	if err := errors.Join(err, json.Unmarshal([]byte(answer.body), &whole)); err != nil || whole.Data.Login.AccessToken == "" {
		a.t.Fatalf("login: %v %s", err, answer.body)
	}
	return whole.Data.Login
}

// settle waits until the server has nothing to do.
func (a *arena) settle() {
	const idling = 5 * time.Millisecond // of processor time, between two looks
	used := a.server.cpu()
	quiet := 0
	eventually(a.t, "the server has done its work", func() bool {
		before := used
		used = a.server.cpu()
		if quiet++; used-before > idling {
			quiet = 0
		}
		return quiet == 10
	})
}
