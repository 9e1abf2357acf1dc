package main_test

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/coder/websocket"
)

// visitOddSockets says what a server of WebSockets does not wait for, with secrets
// in it.
func (tr *tour) visitOddSockets() {
	mei := tr.bindPhone("mei", "13912340048")
	for _, secret := range tr.vault.samples() {
		for _, message := range oddGreetings(secret) {
			tr.greet(secret, message, nil)
		}
		for _, header := range oddHandshakes(secret) {
			tr.greet(mei.AccessToken, greeting("Bearer "+mei.AccessToken), header)
		}
		for _, message := range oddMessages(secret) {
			tr.converse(mei, websocket.MessageText, message)
		}
		tr.converse(mei, websocket.MessageBinary, secret)
		tr.dialAt("/graphql?token="+url.QueryEscape(secret), secret, &websocket.DialOptions{Subprotocols: []string{secret}}).hearOut()
		early := tr.dial(secret, nil)
		early.subscribe("1", bodyOf(wholeMe, nil))
		early.hearOut()
	}
	tr.visitGreedySocket()
	tr.visitErrands()
}

// greet sends connection_init and asks who the caller is, but for nothing private:
// whose a stray token is nobody has noted.
func (tr *tour) greet(bearer, message string, header http.Header) {
	tr.t.Helper()
	s := tr.dial(bearer, header)
	s.say(message)
	if s.hear() == "connection_ack" {
		s.subscribe("1", bodyOf(meQuery, nil))
		s.hear()
	}
	s.hearOut()
}

func oddGreetings(secret string) []string {
	return []string{
		greeting("Bearer " + secret), greeting(secret), greeting("Basic " + secret), greeting("Bearer " + secret + " " + secret),
		greeting([]string{secret}), greeting(map[string]string{secret: secret}),
		`{"type":"connection_init","payload":{"authorization":"Bearer ` + secret + `","token":"` + secret + `"}}`,
		`{"type":"connection_init","payload":"` + secret + `"}`,
		`{"type":"connection_init","id":"` + secret + `"}`,
	}
}

func oddHandshakes(secret string) []http.Header {
	return []http.Header{
		{"Authorization": {"Bearer " + secret}}, {"Cookie": {"token=" + secret}}, {"Origin": {"https://" + secret}}, {"Origin": {secret}},
		{"Sec-Websocket-Extensions": {secret}}, {"X-Forwarded-For": {secret}}, {"X-Request-Id": {secret}},
	}
}

func oddMessages(secret string) []string {
	return []string{
		secret, `"` + secret + `"`, `{"type":"` + secret + `"}`, `{"type":["` + secret + `"]}`, `{"id":["` + secret + `"],"type":"subscribe"}`,
		`{"type":"ping","payload":{"token":"` + secret + `"}}`, `{"type":"pong","payload":{"token":"` + secret + `"}}`,
		`{"type":"ping","payload":"` + secret + `"}`, `{"id":"` + secret + `","type":"complete"}`,
		`{"id":"` + strings.Repeat(secret, 20) + `","type":"subscribe"}`, `{"id":"1","type":"subscribe","payload":"` + secret + `"}`,
		`{"id":"1","type":"subscribe","payload":{"query":["` + secret + `"]}}`, `{"id":"1","type":"next","payload":"` + secret + `"}`,
		`{"id":"1","type":"subscribe","payload":{"query":"{ me { id } }","variables":"` + secret + `"}}`,
		`{"id":"1","type":"subscribe","payload":{"query":"{ me { id } }","operationName":"` + secret + `"}}`,
		`{"id":"1","type":"subscribe","payload":{"query":"{ me { id } }","extensions":{"documentId":"` + secret + `"}}}`,
		`{"id":"1","type":"subscribe","payload":{"query":"{ me(token: \"` + secret + `\") { id } }"}}`,
	}
}

// converse sends a message over a user's socket, and then something that is
// always answered.
func (tr *tour) converse(user pair, kind websocket.MessageType, message string) {
	tr.t.Helper()
	s := tr.dial(user.AccessToken, nil)
	s.say(greeting("Bearer " + user.AccessToken))
	s.hear()
	s.sayAs(kind, message)
	s.subscribe("2", bodyOf(wholeMe, nil))
	s.hear()
	s.hearOut()
}

// visitGreedySocket wants more than one socket may have.
func (tr *tour) visitGreedySocket() {
	s := tr.dial(tr.house.adminKey, nil)
	s.say(greeting("Bearer " + tr.house.adminKey))
	s.hear()
	for _, id := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		s.subscribe(id, bodyOf(watchLogins, nil))
	}
	if s.hear() != "error" {
		tr.t.Error("a socket may have any number of operations")
	}
	for range 100 {
		s.say(`{"type":"ping"}`)
	}
	s.hearOut()
}

// visitErrands logs in, and so on, where others subscribe.
func (tr *tour) visitErrands() {
	mei := tr.login("mei")
	for _, listen := range ways {
		for _, errand := range []struct {
			query     string
			variables map[string]any
		}{
			{loginMutation, map[string]any{"code": tr.code("mei")}},
			{refreshMutation, map[string]any{"token": tr.login("mei").RefreshToken}},
			{redeemTicket, tr.open().variables()},
			{wholeMe, nil},
			{askForKey, nil},
			{bindByCode, map[string]any{"code": tr.phoneCode("mei", "13912340048")}},
		} {
			answer := listen(tr, mei.AccessToken, errand.query, errand.variables)
			if !answer.next() {
				tr.t.Errorf("%s is not answered", errand.query)
			}
			answer.leave()
		}
	}
}
