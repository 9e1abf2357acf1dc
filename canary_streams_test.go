package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

// way is how a client subscribes.
type way func(tr *tour, bearer, query string, variables map[string]any) listener

var ways = map[string]way{"over an event stream": (*tour).overEvents, "over a WebSocket": (*tour).overSocket}

// listener reads what a subscription brings.
type listener struct {
	next  func() bool // reads one result; false: there is none, or errors
	leave func()
}

// overhear subscribes in each way and reads to the end, or to the first result.
func (tr *tour) overhear(bearer, query string, variables map[string]any) {
	tr.t.Helper()
	for _, listen := range ways {
		results := listen(tr, bearer, query, variables)
		results.next()
		results.leave()
	}
}

// request is the body of a request.
func bodyOf(query string, variables map[string]any) string {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // the test's own mistake
	}
	return string(body)
}

// overEvents subscribes with server-sent events. Each line is an answer of its own.
func (tr *tour) overEvents(bearer, query string, variables map[string]any) listener {
	tr.t.Helper()
	post := newRequest(tr.t.Context(), http.MethodPost, tr.server.url+"/graphql", bearer, bodyOf(query, variables))
	post.Header.Set("Accept", "text/event-stream")
	response, err := tr.server.http.Do(post)
	if err != nil {
		tr.t.Fatalf("%v\n%s", err, tr.server.output())
	}
	lines, reader := bufio.NewScanner(response.Body), tr.readerOf(post)
	next := func() bool {
		for lines.Scan() {
			data, isData := strings.CutPrefix(lines.Text(), "data: ")
			tr.note(exchange{"an event stream", reader, "", data})
			if isData {
				return strings.HasPrefix(data, `{"data":`) // else it is errors, or the end
			}
		}
		return false
	}
	return listener{next, func() { response.Body.Close() }}
}

// overSocket subscribes over a WebSocket of its own.
func (tr *tour) overSocket(bearer, query string, variables map[string]any) listener {
	tr.t.Helper()
	s := tr.dial(bearer, nil)
	s.say(greeting("Bearer " + bearer))
	s.hear()
	s.subscribe("1", bodyOf(query, variables))
	return listener{func() bool { return s.hear() == "next" }, s.leave}
}

// socket is a WebSocket that speaks graphql-transport-ws, or does not.
type socket struct {
	tr     *tour
	conn   *websocket.Conn // nil: the server has refused or ended it
	reader string
}

// dial opens a socket for who has a bearer token, which is not sent.
func (tr *tour) dial(bearer string, header http.Header) *socket {
	tr.t.Helper()
	return tr.dialAt("/graphql", bearer, &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{"graphql-transport-ws"}})
}

func (tr *tour) dialAt(path, bearer string, options *websocket.DialOptions) *socket {
	tr.t.Helper()
	options.HTTPClient = tr.server.http
	conn, _, err := websocket.Dial(tr.t.Context(), tr.server.url+path, options)
	if err != nil {
		conn = nil // the answer has been taken note of
	}
	return &socket{tr, conn, tr.readerOf(newRequest(tr.t.Context(), http.MethodGet, path, bearer, ""))}
}

// greeting is connection_init with what a header would say.
func greeting(authorization any) string {
	message, err := json.Marshal(map[string]any{"type": "connection_init", "payload": map[string]any{"Authorization": authorization}})
	if err != nil {
		panic(err) // the test's own mistake
	}
	return string(message)
}

// subscribe begins an operation.
func (s *socket) subscribe(id, request string) {
	s.say(fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":%s}`, id, request))
}

// say sends a text. The server may have closed the socket already.
func (s *socket) say(text string) { s.sayAs(websocket.MessageText, text) }

func (s *socket) sayAs(kind websocket.MessageType, text string) {
	if s.conn != nil {
		s.conn.Write(s.tr.t.Context(), kind, []byte(text))
	}
}

// hear takes note of one message, as of an answer, and returns its type; "" at
// the end, whose reason it takes note of.
func (s *socket) hear() string {
	if s.conn == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(s.tr.t.Context(), patience)
	defer cancel()
	_, text, err := s.conn.Read(ctx)
	if err != nil {
		s.tr.note(exchange{"the end of a WebSocket", s.reader, "", err.Error()})
		s.conn = nil
		return ""
	}
	var message struct {
		ID, Type string
		Payload  json.RawMessage
	}
	if err := json.Unmarshal(text, &message); err != nil {
		s.tr.t.Errorf("a message of a WebSocket is %q", text)
	}
	around, body := strings.Replace(string(text), string(message.Payload), "", 1), string(message.Payload)
	if message.Type == "error" {
		body = `{"errors":` + body + `}`
	}
	s.tr.note(exchange{"a WebSocket", s.reader, around, body})
	return message.Type
}

// hearOut says what ends every socket, and hears what comes until then.
func (s *socket) hearOut() {
	s.say(greeting(nil))
	s.say(greeting(nil)) // one too many
	for s.hear() != "" {
	}
	s.leave()
}

func (s *socket) leave() {
	if s.conn != nil {
		s.conn.CloseNow()
	}
}
