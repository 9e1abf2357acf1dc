package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"

	"menshen/wechat/wechattest"
)

// tour goes through everything a client can do and remembers each answer.
type tour struct {
	t      *testing.T
	vault  *vault
	sim    *wechattest.Simulator
	relay  *relay
	house  installation
	server *running

	mu       sync.Mutex
	answers  []exchange
	codes    map[string]bool // of the errors met
	answered map[string]bool // root fields that answered something
}

// exchange is a request in short and all that was answered.
type exchange struct{ request, header, body string }

// RoundTrip takes note of each answer and of the tokens in it.
func (tr *tour) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	var header bytes.Buffer
	response.Header.Write(&header)
	tr.note(exchange{request.Method + " " + request.URL.Path, header.String(), string(body)})
	return response, err
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
		var tokens pair
		json.Unmarshal(value, &tokens) // another field has neither token
		tr.vault.add("access token", tokens.AccessToken)
		tr.vault.add("refresh token", tokens.RefreshToken)
	}
	for _, err := range answer.Errors {
		tr.codes[err.Extensions.Code] = true
	}
}

// ask sends an operation, whatever comes back.
func (tr *tour) ask(bearer, query string, variables map[string]any) {
	tr.t.Helper()
	if _, err := tr.server.ask(tr.t.Context(), bearer, query, variables, nil); err != nil {
		tr.t.Fatalf("%v\n%s", err, tr.server.output())
	}
}

// post sends a body as it is, with headers.
func (tr *tour) post(body string, header map[string]string) {
	tr.t.Helper()
	tr.send(http.MethodPost, "/graphql", body, header)
}

func (tr *tour) send(method, path, body string, header map[string]string) {
	tr.t.Helper()
	request := newRequest(tr.t.Context(), method, tr.server.url+path, "", body)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	if _, err := tr.server.send(request); err != nil {
		tr.t.Fatalf("%v\n%s", err, tr.server.output())
	}
}

// code plays wx.login.
func (tr *tour) code(user string) string {
	tr.t.Helper()
	phone, err := tr.sim.LoginRotating(wechattest.DevAppID, user, true)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.vault.add("login code", phone.Code)
	return phone.Code
}

// login logs a user in.
func (tr *tour) login(user string) pair {
	tr.t.Helper()
	tokens, err := tr.server.login(tr.t.Context(), tr.code(user))
	if err != nil {
		tr.t.Fatal(err)
	}
	return tokens
}

// data plays what encrypts open data, as variables of an operation.
func (tr *tour) data(user, kind string, payload map[string]any) map[string]any {
	tr.t.Helper()
	data, err := tr.sim.Data(wechattest.DevAppID, user, kind, payload)
	if err != nil {
		tr.t.Fatal(err)
	}
	variables := map[string]any{"data": data.EncryptedData, "iv": data.IV}
	if data.Signature != "" {
		variables["raw"], variables["signature"] = data.RawData, data.Signature
	}
	return variables
}
