package gqlhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// peer is a client's end of a socket.
type peer struct {
	t *testing.T
	*websocket.Conn
}

// dial opens a socket.
func (k *watched) dial(t *testing.T) peer {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), k.open.URL+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return peer{t, conn}
}

// join opens a socket and is let in.
func (k *watched) join(t *testing.T) peer {
	t.Helper()
	p := k.dial(t)
	p.say(`{"type":"connection_init","payload":{"name":"rex"}}`)
	p.hear(`{"type":"connection_ack"}`)
	return p
}

func (p peer) say(message string) {
	p.t.Helper()
	if err := p.Write(p.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		p.t.Fatal(err)
	}
}

// ask begins an operation.
func (p peer) ask(id, document string) {
	p.t.Helper()
	p.say(fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":{"query":%q}}`, id, document))
}

func (p peer) hear(want string) {
	p.t.Helper()
	_, got, err := p.Read(p.t.Context())
	if err != nil || string(got) != want {
		p.t.Fatalf("%s %v, want %s", got, err, want)
	}
}

// gone reads on until the socket is closed, and checks with what.
func (p peer) gone(want websocket.StatusCode) {
	p.t.Helper()
	for {
		_, text, err := p.Read(p.t.Context())
		if err == nil && strings.Contains(string(text), "canary") || err != nil && strings.Contains(err.Error(), "canary") {
			p.t.Errorf("repeats what it was sent: %s %v", text, err)
		}
		if err != nil {
			if got := websocket.CloseStatus(err); got != want {
				p.t.Errorf("%v, want %d", err, want)
			}
			return
		}
	}
}

func TestSocketOperations(t *testing.T) {
	for name, test := range map[string]struct {
		document string
		want     []string
	}{
		"a query":            {"{ name }", []string{`{"id":"1","type":"next","payload":{"data":{"name":"Rex"}}}`, `{"id":"1","type":"complete"}`}},
		"a mutation":         {"mutation { feed }", []string{`{"id":"1","type":"next","payload":{"data":{"feed":"Rex"}}}`, `{"id":"1","type":"complete"}`}},
		"no document":        {"{", []string{`{"id":"1","type":"error","payload":[{"message":"Expected Name, found <EOF>","locations":[{"line":1,"column":2}],"extensions":{"code":"GRAPHQL_PARSE_FAILED"}}]}`}},
		"a resolver refuses": {"subscription { refused }", []string{`{"id":"1","type":"next","payload":{"errors":[{"message":"Gone.","extensions":{"code":"GONE"}}]}}`, `{"id":"1","type":"complete"}`}},
		"a panic":            {"subscription { bites }", []string{`{"id":"1","type":"error","payload":[{"message":"Something is wrong.","extensions":{"code":"INTERNAL"}}]}`}},
		"out of time":        {"{ sleep }", []string{`{"id":"1","type":"error","payload":[{"message":"Something is wrong.","extensions":{"code":"INTERNAL"}}]}`}},
	} {
		t.Run(name, func(t *testing.T) {
			p := serveWatched(t, func(k *watched) { k.streams.OperationTimeout = 10 * time.Millisecond }).join(t)
			for range 2 { // the id is free again
				p.ask("1", test.document)
				for _, want := range test.want {
					p.hear(want)
				}
			}
			p.say(`{"type":"ping","payload":{"canary":1}}`)
			p.hear(`{"type":"pong"}`)
		})
	}
}

func TestSocketSubscription(t *testing.T) {
	k := serveWatched(t, func(*watched) {})
	p := k.join(t)
	p.ask("a", "subscription { barks }")
	for _, bark := range []string{"wuff", "waff"} {
		k.barks <- bark
		p.hear(`{"id":"a","type":"next","payload":{"data":{"barks":"` + bark + `"}}}`)
	}
	k.barks <- ""
	p.hear(`{"id":"a","type":"complete"}`)
	p.ask("a", "subscription { asleep }")
	p.say(`{"id":"a","type":"complete"}`)
	<-k.left
	<-k.left
	p.ask("a", "{ name }")
	p.hear(`{"id":"a","type":"next","payload":{"data":{"name":"Rex"}}}`)
}

// TestSocketViolations sends what the protocol forbids; first is before
// connection_init, the others come after it.
func TestSocketViolations(t *testing.T) {
	const asleep = `{"id":"1","type":"subscribe","payload":{"query":"subscription { asleep }"}}`
	for name, test := range map[string]struct {
		messages []string
		code     websocket.StatusCode
	}{
		"no JSON":                    {[]string{`canary`}, 4400},
		"a list":                     {[]string{`["canary"]`}, 4400},
		"no type":                    {[]string{`{"id":"canary"}`}, 4400},
		"an unknown type":            {[]string{`{"type":"canary"}`}, 4400},
		"the server's type":          {[]string{`{"type":"connection_ack"}`}, 4400},
		"invalid UTF-8":              {[]string{"{\"type\":\"ping\",\"canary\":\"\xff\"}"}, 4400},
		"an oversized ping":          {[]string{`{"type":"ping","payload":{"a":"` + strings.Repeat("x", 4090) + `"}}`}, 4400},
		"an oversized pong":          {[]string{`{"type":"pong","payload":{"a":"` + strings.Repeat("x", 4090) + `"}}`}, 4400},
		"an oversized init":          {[]string{`{"type":"connection_init","payload":{"a":"` + strings.Repeat("x", 4090) + `"}}`}, 4400},
		"a type twice":               {[]string{`{"type":"ping","type":"pong"}`}, 4400},
		"a type in capitals":         {[]string{`{"TYPE":"ping"}`}, 4400},
		"a payload of no object":     {[]string{`{"type":"ping","payload":"canary"}`}, 4400},
		"no init":                    {[]string{asleep}, 4401},
		"a stranger":                 {[]string{`{"type":"connection_init","payload":{"name":"stranger"}}`}, 4403},
		"a Connect that panics":      {[]string{`{"type":"connection_init","payload":{"name":"mad"}}`}, 4500},
		"two inits":                  {[]string{`{"type":"connection_init"}`, `{"type":"connection_init"}`}, 4429},
		"an id twice":                {[]string{`{"type":"connection_init"}`, asleep, asleep}, 4409},
		"no id":                      {[]string{`{"type":"connection_init"}`, `{"type":"subscribe","payload":{"query":"{ name }"}}`}, 4400},
		"an id of a number":          {[]string{`{"type":"connection_init"}`, `{"id":7,"type":"subscribe","payload":{"query":"{ name }"}}`}, 4400},
		"a long id":                  {[]string{`{"type":"connection_init"}`, `{"id":"` + strings.Repeat("x", 129) + `","type":"complete"}`}, 4400},
		"a subscribe with no query":  {[]string{`{"type":"connection_init"}`, `{"id":"1","type":"subscribe","payload":{}}`}, 4400},
		"a subscribe with no object": {[]string{`{"type":"connection_init"}`, `{"id":"1","type":"subscribe"}`}, 4400},
		"a long message":             {[]string{strings.Repeat("canary", 2000)}, websocket.StatusMessageTooBig},
		"too many messages":          {strings.Split(strings.Repeat(`{"type":"pong"} `, 400), " ")[:400], 4429},
	} {
		t.Run(name, func(t *testing.T) {
			p := serveWatched(t, func(*watched) {}).dial(t)
			for _, message := range test.messages {
				if p.Write(t.Context(), websocket.MessageText, []byte(message)) != nil {
					break // closed already
				}
			}
			p.gone(test.code)
		})
	}
	t.Run("a binary message", func(t *testing.T) {
		p := serveWatched(t, func(*watched) {}).dial(t)
		if err := p.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"ping"}`)); err != nil {
			t.Fatal(err)
		}
		p.gone(4400)
	})
}

func TestSocketWithoutSubprotocol(t *testing.T) {
	k := serveWatched(t, func(*watched) {})
	conn, _, err := websocket.Dial(t.Context(), k.open.URL, &websocket.DialOptions{Subprotocols: []string{"graphql-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	peer{t, conn}.gone(4406)
}

func TestSocketOrigins(t *testing.T) {
	k := serveWatched(t, func(*watched) {})
	for origin, want := range map[string]int{
		"":                          http.StatusSwitchingProtocols,
		k.open.URL:                  http.StatusSwitchingProtocols,
		"https://shop.example":      http.StatusSwitchingProtocols,
		"http://shop.example":       http.StatusForbidden,
		"https://shop.example:8443": http.StatusForbidden,
		"https://evil.example":      http.StatusForbidden,
		"https://ashop.example":     http.StatusForbidden,
		"null":                      http.StatusForbidden,
	} {
		conn, response, err := websocket.Dial(t.Context(), k.open.URL, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
		if response == nil || response.StatusCode != want {
			t.Errorf("%q: %v, want %d", origin, err, want)
		}
		if conn != nil {
			conn.CloseNow()
		}
	}
}

func TestSocketHandshakesThatAreNone(t *testing.T) {
	k := serveWatched(t, func(*watched) {})
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, k.open.URL, nil)
	request.Header.Set("Upgrade", "websocket")
	request.Header.Set("Connection", "canary")
	response, err := k.open.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusUpgradeRequired || !strings.Contains(string(body), "BAD_REQUEST") || strings.Contains(string(body), "canary") {
		t.Errorf("%s %s", response.Status, body)
	}
}
