package gqlhttp_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// closeCodes are those that the protocol and RFC 6455 have for what a client sends.
var closeCodes = []websocket.StatusCode{1000, websocket.StatusMessageTooBig, 4400, 4401, 4403, 4409, 4429}

// FuzzFrames sends any message to a socket. It is answered or the socket is
// closed with a code of the protocol, and no value of it comes back.
func FuzzFrames(f *testing.F) {
	for _, message := range []string{
		`{"type":"ping","payload":{"a":"` + canary + `"}}`, `{"type":"` + canary + `"}`, `{"id":"` + canary + `","type":"complete"}`,
		`{"id":"1","type":"subscribe","payload":{"query":"{ name(of: \"` + canary + `\") }"}}`, `[[[[`, "\xff", ``,
		`{"id":"1","type":"subscribe","payload":{"query":"{ name(of: ` + canary + `) }","variables":{"a":"` + canary + `"}}}`,
	} {
		f.Add([]byte(message), false, true)
		f.Add([]byte(message), true, false)
	}
	f.Fuzz(func(t *testing.T, message []byte, binary, joined bool) {
		k := serveWatched(t, func(*watched) {})
		p := k.dial(t)
		if joined {
			p.say(`{"type":"connection_init"}`)
			p.hear(`{"type":"connection_ack"}`)
		}
		kind := websocket.MessageText
		if binary {
			kind = websocket.MessageBinary
		}
		p.Write(t.Context(), kind, message)
		for range 2 { // the second ends the socket, if the message did not
			p.Write(t.Context(), websocket.MessageText, []byte(`{"type":"connection_init"}`))
		}
		p.ends(string(message))
	})
}

// ends reads to the end of the socket.
func (p peer) ends(sent string) {
	p.t.Helper()
	carries := strings.Contains(sent, `:"`+canary+`"`) && !strings.Contains(sent, `"id"`) // an id comes back
	for {
		_, text, err := p.Read(p.t.Context())
		var closed websocket.CloseError
		if errors.As(err, &closed) && !slices.Contains(closeCodes, closed.Code) {
			p.t.Errorf("closed with %v", closed)
		}
		if carries && (strings.Contains(closed.Reason, canary) || strings.Contains(string(text), canary)) {
			p.t.Errorf("repeats a value: %s %v", text, err)
		}
		if err != nil {
			return
		}
	}
}
