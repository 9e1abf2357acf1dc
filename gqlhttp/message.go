package gqlhttp

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// message is one of graphql-transport-ws.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    messageType     `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

type messageType string

const (
	connectionInit messageType = "connection_init"
	connectionAck  messageType = "connection_ack"
	ping           messageType = "ping"
	pong           messageType = "pong"
	subscribe      messageType = "subscribe"
	next           messageType = "next"
	failed         messageType = "error"
	complete       messageType = "complete"
)

// maxID is the longest id of an operation, in bytes: it comes back with each of
// the operation's messages. Clients number or name it with a UUID.
const maxID = 128

// parseMessage reads a message that a client may send. Its error may be told.
func parseMessage(text []byte) (message, error) {
	var m message
	if !utf8.Valid(text) || decodeObject(text, map[string]any{"id": &m.ID, "type": &m.Type, "payload": &m.Payload}) != nil {
		return m, badRequest("A message must be a JSON object.")
	}
	switch m.Type {
	case connectionInit, ping, pong:
		if _, err := m.object(); err != nil {
			return m, err
		}
	case subscribe, complete:
		if m.ID == "" || len(m.ID) > maxID {
			return m, badRequest("id must be a string of 1 to 128 bytes.")
		}
	default:
		return m, badRequest("Unknown type of message.")
	}
	return m, nil
}

// maxPayload bounds, in bytes, the payloads that are no operation. A token has
// one kilobyte.
const maxPayload = 4 << 10

// object returns the payload of a message that may do without.
func (m message) object() (object map[string]any, err error) {
	if len(m.Payload) > maxPayload {
		return nil, badRequest("payload must have at most 4096 bytes.")
	}
	if len(m.Payload) > 0 && json.Unmarshal(m.Payload, &object) != nil {
		return nil, badRequest("payload must be an object.")
	}
	return object, nil
}

// result returns a response as one line of JSON. Data is left out when nothing
// was executed.
func result(response *graphql.Response) []byte {
	return bytes.TrimSuffix(encode(response, response.Data != nil), []byte("\n"))
}
