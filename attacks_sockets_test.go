//go:build linux

package main_test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// upgradeRequest asks for a WebSocket (RFC 6455) that speaks graphql-transport-ws,
// and offers compression, which a bomb could use.
const upgradeRequest = "GET /graphql HTTP/1.1\r\nHost: menshen\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"

// frame is a WebSocket frame of a client, masked with zeros (RFC 6455, section 5.2).
func frame(first byte, payload string) string {
	const masked, length16 = 0x80, 126
	n, key := len(payload), "\x00\x00\x00\x00"
	if n < length16 {
		return string([]byte{first, masked | byte(n)}) + key + payload
	}
	return string([]byte{first, masked | length16, byte(n >> 8), byte(n)}) + key + payload
}

const (
	finalText    = 0x81
	firstPart    = 0x01
	laterPart    = 0x00
	finalPing    = 0x89
	finalPong    = 0x8A
	deflatedText = 0xC1 // text with the bit of permessage-deflate
)

// text is a whole message.
func text(payload string) string { return frame(finalText, payload) }

// subscribing is a login and some subscriptions.
func subscribing(bearer string, count int) string {
	return text(`{"type":"connection_init","payload":{"Authorization":"Bearer `+bearer+`"}}`) +
		subscriptions(count)
}

func subscriptions(count int) (messages string) {
	for i := range count {
		messages += text(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"subscription{userLoggedIn{id}}"}}`, i))
	}
	return messages
}

// noisy is a connection that sends more than it should. One that is deaf does not
// read what comes back.
type noisy struct {
	name  string
	sends func(a *arena) string
	deaf  bool
}

func noises() []noisy {
	over := func(name, what string) noisy {
		return noisy{name: name, sends: func(*arena) string { return upgradeRequest + what }}
	}
	in := func(name, what string) noisy {
		return noisy{name: name, sends: func(a *arena) string { return upgradeRequest + subscribing(a.user.AccessToken, 0) + what }}
	}
	me := text(`{"id":"1","type":"subscribe","payload":{"query":"{me{id sessions{id}}}"}}`)
	return []noisy{
		over("pings of the protocol", repeat(text(`{"type":"ping"}`), 20_000)),
		over("pings of WebSocket", repeat(frame(finalPing, "x"), 20_000)),
		over("messages that are none", repeat(text("x"), 20_000)),
		over("one message in 100,000 frames", frame(firstPart, "x")+repeat(frame(laterPart, "x"), 100_000)),
		over("empty frames", frame(firstPart, "")+repeat(frame(laterPart, ""), 100_000)),
		over("empty frames behind a message of 60 KB", frame(firstPart, repeat("x", 60_000))+repeat(frame(laterPart, ""), 100_000)),
		over("a compressed message", frame(deflatedText, repeat("\x00", 1000))),
		over("connection_init again and again", repeat(subscribing("x", 0), 5000)),
		over("a message of 60 KB again and again", repeat(text(`{"type":"ping","payload":{"a":"`+repeat("x", 60_000)+`"}}`), 100)),
		over("subscriptions before connection_init", subscriptions(1000)),
		in("pings behind a login", repeat(text(`{"type":"ping"}`), 20_000)),
		in("subscriptions of 60 KB again and again", repeat(longSubscription, 100)),
		in("the same operation id", repeat(me, 5000)),
		in("operations that are refused", repeat(text(`{"id":"1","type":"subscribe","payload":{"query":"`+doubling(40)+`"}}`), 1000)),
		{"2,000 subscriptions", subscribes, false},
		{"2,000 subscriptions, unread", subscribes, true},
		{"2,000 pipelined requests", pipelines(2000, healthRequest), false},
		{"10,000 pipelined requests, unread", pipelines(10_000, healthRequest), true},
		{"100 pipelined mistakes", pipelines(100, graphQLRequest("", "", `{"query":"{`+repeat(" nmae", 100)+`}"}`)), false},
		{"500 pipelined queries", asksForMe, false},
		{"500 pipelined queries, unread", asksForMe, true},
		{"event streams one behind the other", func(a *arena) string {
			return repeat(graphQLRequest(a.user.AccessToken, "Accept: text/event-stream\r\n", `{"query":"{me{id}}"}`), 500)
		}, false},
		{"headers without end", begins("X-A: b\r\n" + repeat("X-A: b\r\n", 100_000)), false},
		{"chunks of one byte", begins(chunked + repeat("1\r\n{\r\n", 100_000)), false},
		{"long chunk extensions", begins(chunked + repeat("1;a="+repeat("b", 3000)+"\r\n{\r\n", 100)), false},
		{"no HTTP at all", pipelines(100_000, "\x16\x03\x01"), false},
	}
}

const chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

// begins is a request to the API that goes on like this.
func begins(rest string) func(*arena) string {
	return func(*arena) string { return "POST /graphql HTTP/1.1\r\nHost: menshen\r\n" + rest }
}

// pipelines is the same request so many times, without waiting for an answer.
func pipelines(count int, request string) func(*arena) string {
	return func(*arena) string { return repeat(request, count) }
}

func asksForMe(a *arena) string {
	return repeat(graphQLRequest(a.user.AccessToken, "", `{"query":"{me{sessions{id appId userAgent}}}"}`), 500)
}

// longSubscription is one that is refused, after who reads all of it has read 60 KB.
var longSubscription = text(`{"id":"1","type":"subscribe","payload":{"query":"{__typename}","variables":{"a":"` + repeat("x", 60_000) + `"}}}`)

func subscribes(a *arena) string { return upgradeRequest + subscribing(a.house.adminKey, 2000) }

const noisyConnections = 20

// TestNoiseIsContained lets loose some connections of each kind at once. What they
// cost the server in all is bounded, and others are served meanwhile.
func TestNoiseIsContained(t *testing.T) {
	a := newGuardedArena(t, 1000, 200)
	table := "\n  CPU ms  memory MB  noise of " + fmt.Sprint(noisyConnections) + " connections\n"
	for _, noise := range noises() {
		t.Run(noise.name, func(t *testing.T) {
			a.t = t
			goroutines, cpu := a.goroutines(), a.server.cpu()
			a.server.forgetPeak()
			crowd := a.server.crowd(t)
			for i := range noisyConnections {
				crowd.dial(fmt.Sprintf("127.0.14.%d", 1+i%4))
			}
			a.meanwhile(func() {
				if got := crowd.each(noise.send(noise.sends(a))); got != noisyConnections {
					t.Errorf("the server ends %d of %d connections", got, noisyConnections)
				}
			})
			crowd.leave()
			grown := a.server.memory("VmHWM") - a.idle
			table += fmt.Sprintf("%8.1f  %9.1f  %s\n", float64(a.server.cpu()-cpu)/1e6, float64(grown)/(1<<20), noise.name)
			if grown > maxMemory {
				t.Errorf("%d connections take %d MB", noisyConnections, grown>>20)
			}
			eventually(t, "the server lets go of them", func() bool { return a.goroutines() <= goroutines+spareGoroutines })
		})
	}
	a.t = t
	t.Log(table)
}

// send sends all that the server takes and then closes its half of the
// connection, which is no reason to keep the other. It tells whether the server
// ends it.
func (n noisy) send(noise string) func(int, net.Conn) bool {
	return func(_ int, conn net.Conn) bool {
		if n.deaf {
			conn.SetWriteDeadline(time.Now().Add(time.Second)) // until nothing moves any more
			io.WriteString(conn, noise)
			return true // and leaves
		}
		ended := make(chan bool, 1)
		go func() { ended <- hungUp(0, conn) }()
		io.WriteString(conn, noise) // the server may hang up
		conn.(*net.TCPConn).CloseWrite()
		return <-ended
	}
}
