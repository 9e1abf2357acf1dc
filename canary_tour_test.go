package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"menshen/wechat/wechattest"
)

// tour goes through everything a client, WeChat and the operator can do and
// remembers each answer.
type tour struct {
	t       *testing.T
	vault   *vault
	sim     *wechattest.Simulator
	relay   *relay
	house   installation
	apps    map[string]string // AppSecrets by AppID
	push    pushSecrets
	server  *running
	log     string            // of the servers that were stopped
	backups map[string][]byte // by path

	stranger pair   // to all others
	kept     string // the id of a user who stays, with a phone number

	addresses int // that proxies have told of

	mu       sync.Mutex
	answers  []exchange
	readers  map[string]string // whose a bearer token is
	codes    map[string]bool   // of the errors met
	messages map[string]bool   // of the errors met
	answered map[string]bool   // root fields that answered something
	zipped   bool              // an answer came compressed
}

// exchange is a request in short, who gets the answer, and all that was answered.
type exchange struct{ request, reader, header, body string }

func newTour(t *testing.T) *tour {
	t.Helper()
	tr := &tour{
		t: t, vault: &vault{canaries: map[canary]bool{}, atHome: map[string]int{}}, apps: canaryApps(), backups: map[string][]byte{},
		readers: map[string]string{}, codes: map[string]bool{}, messages: map[string]bool{}, answered: map[string]bool{},
	}
	tr.sim = wechattest.New(t, wechattest.Options{Apps: tr.apps})
	tr.relay = &relay{sim: tr.sim, vault: tr.vault}
	front := httptest.NewServer(tr.relay)
	t.Cleanup(front.Close)
	tr.house = install(t, front.URL)
	tr.push = newPushSecrets()
	tr.house.settings = append(tr.house.settings, "MENSHEN_PUSH="+tr.push.secure(), "MENSHEN_TEXT_CHECK=fail-open")
	for _, secret := range tr.apps {
		tr.vault.add("AppSecret", secret)
	}
	tr.vault.add("admin key", tr.house.adminKey)
	tr.vault.add("push token", tr.push.token)
	tr.vault.add("EncodingAESKey", tr.push.aesKey)
	tr.readers[tr.house.adminKey] = administrator
	return tr
}

// serve starts a server over the installation's store.
func (tr *tour) serve(flags ...string) {
	tr.t.Helper()
	tr.server = tr.house.serve(append([]string{"--log-level", "debug", "--playground", "on"}, flags...)...)
	tr.server.http.Transport = tr
}

// stop stops the server and takes note of its log and its keys.
func (tr *tour) stop() {
	tr.t.Helper()
	tr.server.stop()
	tr.log += tr.server.output()
	tr.addKeys()
}

// readerKey is where a request's context tells who gets the answer, when no
// bearer token does.
type readerKey struct{}

// RoundTrip takes note of each answer and of the tokens in it. What lasts, an event
// stream or a WebSocket, is for its reader to take note of.
func (tr *tour) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	var header bytes.Buffer
	response.Header.Write(&header)
	var body []byte
	if !lasts(response) {
		defer response.Body.Close()
		body, err = io.ReadAll(response.Body)
		response.Body = io.NopCloser(bytes.NewReader(body))
	}
	if response.Uncompressed { // net/http asked for it, and what is searched is what was in it
		tr.mu.Lock()
		tr.zipped = true
		tr.mu.Unlock()
	}
	tr.note(exchange{request.Method + " " + request.URL.Path, tr.readerOf(request), header.String(), string(body)})
	return response, err
}

func lasts(response *http.Response) bool {
	return response.StatusCode == http.StatusSwitchingProtocols || response.Header.Get("Content-Type") == "text/event-stream"
}

func (tr *tour) readerOf(request *http.Request) string {
	if reader, told := request.Context().Value(readerKey{}).(string); told {
		return reader
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.readers[strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")]
}

func (tr *tour) note(e exchange) {
	var answer struct {
		Data   map[string]json.RawMessage
		Errors []graphQLError
	}
	json.Unmarshal([]byte(e.body), &answer) // another answer has neither member
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.answers = append(tr.answers, e)
	for field, value := range answer.Data {
		if string(value) == "null" {
			continue
		}
		tr.answered[field] = true
		tr.keepSecrets(value)
	}
	for _, err := range answer.Errors {
		tr.codes[err.Extensions.Code], tr.messages[err.Message] = true, true
	}
}

// keepSecrets takes note of what a root field hands out.
func (tr *tour) keepSecrets(value json.RawMessage) {
	var fresh struct {
		pair
		Login  pair   // of redeemScanLogin
		Secret string // of createScanLogin
	}
	json.Unmarshal(value, &fresh) // another field has none of them
	for _, tokens := range []pair{fresh.pair, fresh.Login} {
		tr.vault.add("access token", tokens.AccessToken)
		tr.vault.add("refresh token", tokens.RefreshToken)
	}
	if fresh.Secret != "" {
		tr.vault.addTicket(fresh.Secret)
	}
}

// ask sends an operation, whatever comes back.
func (tr *tour) ask(bearer, query string, variables map[string]any) {
	tr.t.Helper()
	tr.find(bearer, query, variables, nil)
}

// find is ask for an answer that the tour goes on with.
func (tr *tour) find(bearer, query string, variables map[string]any, data any) {
	tr.t.Helper()
	if _, err := tr.server.ask(tr.t.Context(), bearer, query, variables, data); err != nil {
		tr.t.Fatalf("%v\n%s", err, tr.server.output())
	}
}

// post sends a body as it is, with headers.
func (tr *tour) post(body string, header map[string]string) {
	tr.t.Helper()
	tr.send(http.MethodPost, "/graphql", body, header)
}

func (tr *tour) send(method, path, body string, header map[string]string) reply {
	tr.t.Helper()
	request := newRequest(tr.t.Context(), method, tr.server.url+path, "", body)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	answer, err := tr.server.send(request)
	if err != nil {
		tr.t.Fatalf("%v\n%s", err, tr.server.output())
	}
	return answer
}
