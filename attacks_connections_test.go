//go:build linux

package main_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	vanguard        = 200 // connections, for whom the server makes room
	heldConnections = 800
	fromEachAddress = 100
	spareGoroutines = 60 // of the test's own connections and the server's housework
)

// What a connection may cost in the seconds in which a head arrives.
const (
	// maxHead is for the largest head that net/http reads: it copies 8 KB that are one
	// line, and makes a map of the size that it has read lines.
	maxHead = 26 << 10
	// maxPipelined is for lines that were read with the request before, which the gate
	// cannot tell from a body: as many as fit into the 4 KB that net/http reads at once.
	maxPipelined = 96 << 10
)

// maxStream is for a subscription over HTTP, where net/http keeps the request, its
// buffers and the stack of its handler for as long as the answer lasts.
const maxStream = 26 << 10

// maxHalfMessage is for a message of 60 KB that never ends, in a buffer that has grown.
const maxHalfMessage = 96 << 10

// holding is a kind of connection that does nothing but be there.
type holding struct {
	name    string
	says    func(a *arena) string // to begin with
	answers string                // begin so; empty: the server says nothing yet
	most    int64                 // bytes that each may cost
}

func holdings() []holding {
	just := func(text string) func(*arena) string { return func(*arena) string { return text } }
	return []holding{
		{"silent", just(""), "", maxConnection},
		{"half a request line", just("POST /gra"), "", maxConnection},
		{"half a header", just("POST /graphql HTTP/1.1\r\nHost: menshen\r\nX-A: "), "", maxConnection},
		{"100 lines of headers", just(linesOfHead(100)), "", maxHead},
		{"one header of 8 KB", just(linesOfHead(2) + "X-A: " + repeat("b", 8100)), "", maxHead},
		{"500 lines of headers behind a request", just(healthRequest + linesOfHead(500)), "", maxPipelined},
		{"kept alive", just(healthRequest), "HTTP/1.1 200 ", maxKept},
		{"half a body", just(strings.Replace(graphQLRequest("", "", `{"query":`), "Content-Length: 9", "Content-Length: 100", 1)), "", maxConnection},
		{"a WebSocket", just(upgradeRequest), "HTTP/1.1 101 ", maxConnection},
		{"a WebSocket with half a message", just(upgradeRequest + frame(firstPart, repeat("x", 60_000))), "HTTP/1.1 101 ", maxHalfMessage},
		{"a WebSocket with a subscription", func(a *arena) string { return upgradeRequest + subscribing(a.house.adminKey, 1) }, "HTTP/1.1 101 ", maxConnection},
		{"an event stream", func(a *arena) string {
			return graphQLRequest(a.house.adminKey, "Accept: text/event-stream\r\n", `{"query":"subscription{userLoggedIn{id}}"}`)
		}, "HTTP/1.1 200 ", maxStream},
	}
}

// maxKept is for a connection between two requests, with what the last one left: the
// stack of its goroutine, which the collector shrinks by and by.
const maxKept = 23 << 10

// spareMemory is what the collector may leave for the next time.
const spareMemory = 16 << 20

// linesOfHead begins a request with so many lines.
func linesOfHead(count int) string {
	return "POST /graphql HTTP/1.1\r\nHost: menshen\r\n" + repeat("X-A: b\r\n", count-2)
}

// TestHeldConnectionsAreCheap has a crowd hold connections of each kind, twice,
// while an honest client comes and goes.
func TestHeldConnectionsAreCheap(t *testing.T) {
	table := "\nKB each  connections\n"
	for _, kind := range holdings() {
		t.Run(kind.name, func(t *testing.T) {
			a := newGuardedArena(t, 3*heldConnections, 3*fromEachAddress)
			before := a.goroutines()
			each, first := a.hold(kind, before)
			_, second := a.hold(kind, before)
			table += fmt.Sprintf("%7.1f  %s\n", float64(each)/1024, kind.name)
			if each > kind.most {
				t.Errorf("a connection costs %d bytes, want at most %d", each, kind.most)
			}
			if second > 2*first+spareMemory { // what leaks would stay and add up
				t.Errorf("the server has %d MB with a second crowd, %d MB with the first", second>>20, first>>20)
			}
		})
	}
	t.Log(table)
}

// eagerCollector has the server's memory hold little beside what is in use, so
// that a connection is not blamed for what a request has left to be collected.
const eagerCollector = "GOGC=5"

// newGuardedArena is an arena whose connections are limited.
func newGuardedArena(t *testing.T, connections, perAddress int) *arena {
	t.Helper()
	a := newEmptyArena(t, eagerCollector, fmt.Sprintf("MENSHEN_MAX_CONNECTIONS=%d", connections),
		fmt.Sprintf("MENSHEN_MAX_CONNECTIONS_PER_ADDRESS=%d", perAddress))
	for range 20 { // what the first requests allocate is no connection's
		if err := a.visit(a.server); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// hold has a crowd come, stay for some honest visits, and leave. It returns the
// bytes that each connection costs beyond the first few, and those of all there is.
func (a *arena) hold(kind holding, goroutines int64) (each, all int64) {
	a.t.Helper()
	crowd, later := a.server.crowd(a.t), a.server.crowd(a.t)
	a.occupy(crowd, kind, vanguard, goroutines)
	room := a.server.memory("RssAnon")
	a.occupy(later, kind, heldConnections, goroutines+vanguard)
	all = a.server.memory("RssAnon")
	honest := a.server.from(a.t, "127.0.0.2")
	for range 5 {
		if err := a.visit(honest); err != nil {
			a.t.Errorf("the honest client: %v", err)
		}
	}
	crowd.leave()
	later.leave()
	eventually(a.t, "the server lets go of them", func() bool { return a.goroutines() <= goroutines+spareGoroutines })
	return (all - room) / heldConnections, all
}

// occupy has so many of a kind come to a server that has so many goroutines.
func (a *arena) occupy(crowd *crowd, kind holding, count int, goroutines int64) {
	a.t.Helper()
	var arrivals errgroup.Group // at once: some kinds are cut off after seconds
	arrivals.SetLimit(crashClients)
	for i := range count {
		arrivals.Go(func() error {
			crowd.dial(fmt.Sprintf("127.0.10.%d", 1+i/fromEachAddress))
			return nil
		})
	}
	arrivals.Wait() // dial reports what goes wrong
	begin := say(kind.says(a))
	if kind.answers != "" {
		begin = answered(kind.says(a), kind.answers)
	}
	if held := crowd.each(begin); held < count {
		a.t.Fatalf("%d of %d connections are held", held, count)
	}
	eventually(a.t, "every connection is served", func() bool {
		return kind.answers != "" || a.goroutines() >= goroutines+int64(count)
	})
}

// TestConnectionsAreCapped proves both caps to the connection.
func TestConnectionsAreCapped(t *testing.T) {
	const total, perAddress = 200, 50
	a := newGuardedArena(t, total, perAddress)
	honest := a.server.from(t, "127.0.0.2")
	if err := a.visit(honest); err != nil {
		t.Fatal(err)
	}
	const ours = 2 // connections: the honest client's and the test's

	crowd := a.server.crowd(t)
	for range 2 * perAddress {
		crowd.dial("127.0.11.1")
	}
	if got := crowd.each(answered(healthRequest, "HTTP/1.1 200 ")); got != perAddress {
		t.Errorf("one address holds %d connections, want %d", got, perAddress)
	}
	for i := range 2 * total {
		crowd.dial(fmt.Sprintf("127.0.12.%d", 1+i%20))
	}
	if got := crowd.each(answered(healthRequest, "HTTP/1.1 200 ")); got != total-ours {
		t.Errorf("all together hold %d connections, want %d", got, total-ours)
	}
	if err := a.visit(honest); err != nil {
		t.Errorf("the honest client, who was there before: %v", err)
	}
	crowd.leave()
	eventually(t, "somebody new comes in", func() bool {
		return a.visit(a.server.from(t, "127.0.0.3")) == nil
	})
}

// TestLongHeadsEndTheConnection sends heads as long as may be and one line longer,
// over connections that are new and over those that are kept alive.
func TestLongHeadsEndTheConnection(t *testing.T) {
	a := newGuardedArena(t, 10, 10)
	const served = "HTTP/1.1 405 Method Not Allowed" // a path that only GET may ask for
	head := func(lines int) string {
		return strings.Replace(linesOfHead(lines), "/graphql", "/healthz", 1) + "\r\n"
	}
	tests := []struct {
		name  string
		heads []string
		want  int // how many are served
	}{
		{"100 lines", []string{head(100), head(100)}, 2},
		{"101 lines", []string{head(101)}, 0},
		{"101 lines after 100", []string{head(100), head(101)}, 1},
	}
	for _, test := range tests {
		crowd := a.server.crowd(t)
		crowd.dial("127.0.14.1")
		got := 0
		for _, each := range test.heads {
			if answered(each, served)(0, crowd.conns[0]) {
				got++
			}
		}
		if got != test.want {
			t.Errorf("%s: %d served, want %d", test.name, got, test.want)
		}
		crowd.leave()
	}
}

// TestSlowClientsAreCutOff has clients that send a byte or a frame a second.
// Each is cut off, and not because it stopped.
func TestSlowClientsAreCutOff(t *testing.T) {
	a := newGuardedArena(t, 1000, 200)
	before := a.goroutines()
	crowd := a.server.crowd(t)
	drips := []drip{
		{"", "x"}, {"POST /gra", "x"}, {"POST /graphql HTTP/1.1\r\nHost: menshen\r\nX-A: ", "x"},
		{"POST /graphql HTTP/1.1\r\nHost: menshen\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n", "x"},
		{"POST /graphql HTTP/1.1\r\nHost: menshen\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3E8\r\n", "x"},
		{upgradeRequest + subscribing(a.user.AccessToken, 0) + frame(firstPart, "x"), frame(laterPart, "x")},
		{upgradeRequest + subscribing(a.user.AccessToken, 0) + frame(firstPart, "x"), frame(finalPong, "")},
	}
	for i := range 20 * len(drips) {
		crowd.dial(fmt.Sprintf("127.0.13.%d", 1+i%10))
	}
	visits := a.meanwhile(func() {
		var all errgroup.Group
		for i, conn := range crowd.conns {
			all.Go(func() error { return drips[i%len(drips)].into(conn) })
		}
		if err := all.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Log(visits)
	eventually(t, "the server lets go of them", func() bool { return a.goroutines() <= before+spareGoroutines })
}

// drip is how a slow client begins, and what it sends then each second.
type drip struct{ begin, drop string }

// into drips until the server hangs up.
func (d drip) into(conn net.Conn) error {
	ended := make(chan bool, 1)
	go func() { ended <- hungUp(0, conn) }()
	say(d.begin)(0, conn)
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-second.C:
			say(d.drop)(0, conn)
		case cutOff := <-ended:
			if !cutOff {
				return fmt.Errorf("%.100q: still there after %v", d.begin, patience)
			}
			return nil
		}
	}
}
