package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	"menshen/wechat/wechattest"
)

// relay stands before the simulator and reads each session_key and each
// access_token that it gives out.
type relay struct {
	sim     *wechattest.Simulator
	vault   *vault
	babble  atomic.Bool                   // say more than the answer
	arrived atomic.Pointer[chan struct{}] // told of each call, if set
}

// ServeHTTP passes a call on.
func (r *relay) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if arrived := r.arrived.Load(); arrived != nil {
		*arrived <- struct{}{}
	}
	tap := &tap{ResponseWriter: w}
	if !r.babble.Load() {
		r.sim.ServeHTTP(tap, request)
		r.remember(tap.body.Bytes())
		return
	}
	record := httptest.NewRecorder()
	r.sim.ServeHTTP(record, request)
	r.remember(record.Body.Bytes())
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s", record.Body.Len(), record.Body, record.Body)
}

func (r *relay) remember(body []byte) {
	var answer struct {
		SessionKey  string `json:"session_key"`
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(body, &answer) == nil {
		r.vault.add("session_key", answer.SessionKey)
		r.vault.add("WeChat's access_token", answer.AccessToken)
	}
}

// tap keeps what goes through.
type tap struct {
	http.ResponseWriter
	body bytes.Buffer
}

// Write keeps and passes on.
func (t *tap) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (t *tap) Unwrap() http.ResponseWriter { return t.ResponseWriter }
