package main_test

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"menshen/wechat/wechattest"
)

// pushSecrets are what WeChat signs and encrypts its messages with.
type pushSecrets struct{ token, aesKey string }

func newPushSecrets() pushSecrets {
	key := make([]byte, 32)
	rand.Read(key) // it never fails
	return pushSecrets{rand.Text(), base64.RawStdEncoding.EncodeToString(key)}
}

// secure is the setting for messages that are encrypted.
func (p pushSecrets) secure() string { return wechattest.DevAppID + "=" + p.token + ":" + p.aesKey }

// plain is the setting for messages that are not encrypted.
func (p pushSecrets) plain(appID string) string { return appID + "=" + p.token + ":" + plainMode }

// plainMode stands where the EncodingAESKey would.
const plainMode = "plain"

// visitPush has WeChat, and those who pretend to be WeChat, tell of what users
// withdrew.
func (tr *tour) visitPush() {
	tr.bindPhone("pia", "13912340021")
	for _, event := range []wechattest.Push{
		{Event: "user_authorization_revoke", Payload: map[string]any{"RevokeInfo": "8"}},
		{Event: "user_authorization_revoke", Payload: map[string]any{"RevokeInfo": "6"}},
		{Event: "user_info_modified"},
		{Event: "user_authorization_cancellation"},
		{Event: tr.push.token},
	} {
		tr.pushAll(event, wechattest.DevAppID, "secure")
	}
	tr.visitChallenge(wechattest.DevAppID)
	tr.visitOddPushes()
}

// pushAll sends an event twice as WeChat would, and then with what is wrong.
func (tr *tour) pushAll(event wechattest.Push, appID, mode string) {
	tr.t.Helper()
	other := newPushSecrets()
	for _, sent := range []struct {
		secrets pushSecrets
		mode    string
		status  int
	}{
		{pushSecrets{other.token, tr.push.aesKey}, mode, http.StatusForbidden},
		{other, mode, http.StatusForbidden},
		{tr.push, mode, http.StatusOK},
		{tr.push, mode, http.StatusOK},
	} {
		event.AppID, event.User, event.Mode = appID, "pia", sent.mode
		event.Token, event.AESKey = sent.secrets.token, sent.secrets.aesKey
		if got := tr.deliver(event); got != sent.status {
			tr.t.Errorf("a push of %s in %s mode is answered %d, want %d\n%s", event.Event, sent.mode, got, sent.status, tr.server.output())
		}
	}
}

// deliver has the simulator send an event by way of the tour.
func (tr *tour) deliver(event wechattest.Push) (status int) {
	tr.t.Helper()
	server, err := url.Parse(tr.server.url)
	if err != nil {
		tr.t.Fatal(err)
	}
	way := httptest.NewServer(&httputil.ReverseProxy{Transport: tr, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(server) }})
	defer way.Close()
	event.To = way.URL + pushPath(event.AppID)
	reply, err := tr.sim.Push(tr.t.Context(), event)
	if err != nil {
		tr.t.Fatal(err)
	}
	return reply.Status
}

func pushPath(appID string) string { return "/wechat/push/" + appID }

// visitChallenge has WeChat verify the address, and others try.
func (tr *tour) visitChallenge(appID string) {
	for _, token := range []string{tr.push.token, rand.Text()} {
		query := signedQuery(token, "")
		query.Set("echostr", rand.Text())
		tr.send(http.MethodGet, pushPath(appID)+"?"+query.Encode(), "", nil)
	}
}

// signedQuery signs a push as WeChat does, what is encrypted included.
func signedQuery(token, encrypted string) url.Values {
	timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), rand.Text()
	sum := func(parts ...string) string {
		slices.Sort(parts)
		hash := sha1.Sum([]byte(strings.Join(parts, "")))
		return hex.EncodeToString(hash[:])
	}
	return url.Values{
		"timestamp": {timestamp}, "nonce": {nonce},
		"signature": {sum(token, timestamp, nonce)}, "msg_signature": {sum(token, timestamp, nonce, encrypted)},
	}
}

// visitOddPushes puts secrets where a push has something else, behind a signature
// that is right and behind one that is not.
func (tr *tour) visitOddPushes() {
	for _, secret := range tr.vault.samples() {
		quoted, err := json.Marshal(secret)
		if err != nil {
			tr.t.Fatal(err)
		}
		encrypted := base64.StdEncoding.EncodeToString([]byte(secret))
		for _, query := range []url.Values{
			signedQuery(tr.push.token, encrypted), signedQuery(tr.push.token, secret), signedQuery(secret, encrypted),
			{"signature": {secret}, "msg_signature": {secret}, "timestamp": {secret}, "nonce": {secret}, "echostr": {secret}},
		} {
			for _, body := range []string{
				secret, `{"Encrypt":"` + encrypted + `"}`, fmt.Sprintf(`{"Encrypt":%s}`, quoted), fmt.Sprintf(`{"Encrypt":[%s]}`, quoted),
				fmt.Sprintf(`{"MsgType":"event","Event":%s}`, quoted), "<xml><Encrypt>" + secret + "</Encrypt></xml>", "<xml>" + secret,
			} {
				tr.send(http.MethodPost, pushPath(wechattest.DevAppID)+"?"+query.Encode(), body, nil)
			}
			tr.send(http.MethodGet, pushPath(url.PathEscape(secret))+"?"+query.Encode(), "", nil)
		}
	}
}
