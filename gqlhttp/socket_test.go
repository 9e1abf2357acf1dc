package gqlhttp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestSocketWithoutInit(t *testing.T) {
	serveWatched(t, func(k *watched) { k.socket.InitTimeout = 10 * time.Millisecond }).dial(t).gone(4408)
}

func TestSocketEndsWithTheLoginState(t *testing.T) {
	k := serveWatched(t, func(k *watched) { k.streams.RecheckEvery = time.Millisecond })
	p := k.join(t)
	p.ask("1", "subscription { asleep }")
	k.expired.Store(true)
	p.hear(`{"id":"1","type":"error","payload":[{"message":"Gone.","extensions":{"code":"UNAUTHENTICATED"}}]}`)
	p.gone(4403)
}

func TestSocketEndsAtShutdown(t *testing.T) {
	k := serveWatched(t, func(*watched) {})
	p := k.join(t)
	p.ask("1", "subscription { asleep }")
	waitFor(t, "the subscription", func() bool { return k.heard.Load() == 1 })
	go k.streams.Close()
	p.gone(websocket.StatusGoingAway)
	_, response, _ := websocket.Dial(t.Context(), k.open.URL, nil)
	if response == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Error("a socket began afterwards")
	}
}

// TestSocketOfADeadPeer has a peer that answers no ping, since it does not read.
func TestSocketOfADeadPeer(t *testing.T) {
	k := serveWatched(t, func(k *watched) { k.streams.PingEvery = 50 * time.Millisecond })
	p := k.join(t)
	p.ask("1", "subscription { asleep }")
	<-k.left
}

// TestSocketOfASlowReader fills what the kernel holds for a peer that stops reading.
func TestSocketOfASlowReader(t *testing.T) {
	k := serveWatched(t, func(k *watched) { k.streams.WriteTimeout = 100 * time.Millisecond })
	k.join(t).ask("1", "subscription { barks }")
	for bark := strings.Repeat("wuff", 64<<10); ; {
		select {
		case k.barks <- bark:
		case <-k.left:
			waitFor(t, "the report", func() bool { return k.reports() == 1 })
			return
		}
	}
}

func TestSocketsAreBounded(t *testing.T) {
	const tooMany = `{"id":"2","type":"error","payload":[{"message":%q,"extensions":{"code":"RATE_LIMITED","retryAfter":5}}]}`
	for name, test := range map[string]struct {
		change  func(*watched)
		message string
	}{
		"operations of a socket": {func(k *watched) { k.socket.Operations = 1 }, "This socket has as many operations as it may."},
		"of a caller":            {func(k *watched) { k.streams.PerCaller = 2 }, "You have as many streams open as you may."},
		"in all":                 {func(k *watched) { k.streams.Total = 2 }, "The server carries as many streams as it can."},
	} {
		t.Run(name, func(t *testing.T) {
			k := serveWatched(t, test.change)
			p := k.join(t)
			p.ask("1", "subscription { asleep }")
			waitFor(t, "the subscription", func() bool { return k.heard.Load() == 1 })
			p.ask("2", "subscription { asleep }")
			p.hear(fmt.Sprintf(tooMany, test.message))
			p.say(`{"id":"1","type":"complete"}`)
			<-k.left
			p.ask("2", "{ name }")
			p.hear(`{"id":"2","type":"next","payload":{"data":{"name":"Rex"}}}`)
		})
	}
	t.Run("sockets of a caller", func(t *testing.T) {
		k := serveWatched(t, func(k *watched) { k.streams.PerCaller = 1 })
		k.join(t)
		p := k.dial(t)
		p.say(`{"type":"connection_init","payload":{"name":"rex"}}`)
		p.gone(websocket.StatusTryAgainLater)
	})
}
