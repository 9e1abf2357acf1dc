package main_test

import (
	"context"
	"encoding/base64"
	"maps"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"menshen/wechat/wechattest"
)

const code2session = "/sns/jscode2session"

const (
	profileLogin = `mutation($code: String!, $data: String!, $iv: String!, $raw: String, $signature: String) {
		login(code: $code, profile: {encryptedData: $data, iv: $iv, rawData: $raw, signature: $signature}) { accessToken refreshToken user { id } } }`
	decryptProfile = `mutation($data: String!, $iv: String!, $raw: String, $signature: String) {
		decryptProfile(encryptedData: $data, iv: $iv, rawData: $raw, signature: $signature) { user { id } profile { nickName } } }`
	decryptOpenData = `mutation($data: String!, $iv: String!) { decryptOpenData(encryptedData: $data, iv: $iv) {
		__typename
		... on UserInfo { openId profile { nickName } }
		... on PhoneNumber { phoneNumber purePhoneNumber countryCode watermark { appId timestamp } }
		... on WeRunData { steps { date steps } }
		... on ShareInfo { openGId }
		... on OtherOpenData { json } } }`
	nodeQuery = `query($id: ID!) { node(id: $id) { id ... on User { sessions { id userAgent ipAddress } } } }`
	revoke    = `mutation($id: ID!) { revokeSession(id: $id) { id } }`
)

// with adds variables to variables.
func with(variables map[string]any, more map[string]any) map[string]any {
	all := maps.Clone(variables)
	maps.Copy(all, more)
	return all
}

// visits go through each root field, well and badly. A field of the schema that
// is not here fails the test.
var visits = map[string]func(tr *tour){
	"login":           (*tour).visitLogin,
	"refreshLogin":    (*tour).visitRefreshLogin,
	"logout":          (*tour).visitLogout,
	"revokeSession":   (*tour).visitRevokeSession,
	"me":              (*tour).visitMe,
	"node":            (*tour).visitNode,
	"decryptProfile":  (*tour).visitDecryptProfile,
	"decryptOpenData": (*tour).visitDecryptOpenData,
}

func (tr *tour) visitLogin() {
	used := tr.code("mei")
	for range 2 {
		tr.ask("", loginMutation, map[string]any{"code": used})
	}
	good := tr.data("mei", wechattest.KindProfile, nil)
	tr.ask("", profileLogin, with(good, map[string]any{"code": tr.code("mei")}))
	tr.ask("", profileLogin, with(good, map[string]any{"code": tr.code("mei"), "signature": "00"}))
	tr.ask("", profileLogin, with(good, map[string]any{"code": tr.code("lin")}))
	tr.ask("", profileLogin, with(good, map[string]any{"code": tr.code("mei"), "iv": used}))
	tr.ask("", `mutation($c: String!) { login(code: $c, appId: "`+used+`") { accessToken } }`, map[string]any{"c": tr.code("mei")})
	tr.askWhileWeChatFails()
}

// askWhileWeChatFails meets each of WeChat's errcodes and all other ways to fail.
// The bodies repeat what WeChat knows, as a gateway's page may.
func (tr *tour) askWhileWeChatFails() {
	for _, errcode := range []int{-1, 40001, 40002, 40013, 40029, 40125, 40163, 40164, 40226, 40243, 41002, 41004, 41008, 45009, 45011, 50007, 99999} {
		tr.loginUnder(wechattest.Fault{ErrCode: errcode})
	}
	key := base64.StdEncoding.EncodeToString([]byte("a-known-s-key-16"))
	tr.vault.add("session_key", key)
	known := wechattest.DevAppSecret + " " + key + " " + tr.code("mei")
	for _, body := range []string{
		"<html>bad gateway: " + known + "</html>",
		known,
		`{"errcode":40029,"errmsg":"` + known + `"}`,
		`{"errcode":"` + known + `"}`,
		`{"openid":"o1","session_key":"` + key,
		`{"openid":"","session_key":"` + key + `"}`,
		`{"openid":["` + key + `"],"session_key":"` + key + `"}`,
		`{"openid":"o1","session_key":"` + key + `="}`,
		`{"openid":"o1","session_key":"` + key + `"} ` + key,
		`["` + key + `"]`,
	} {
		tr.loginUnder(wechattest.Fault{Body: body})
		tr.loginUnder(wechattest.Fault{Body: body, Status: http.StatusBadGateway})
	}
	tr.loginUnder(wechattest.Fault{Status: http.StatusFound})
	tr.loginUnder(wechattest.Fault{Reset: true})
	tr.relay.babble.Store(true)
	tr.login("babble") // net/http complains of what follows the answer
	tr.login("babble")
	tr.relay.babble.Store(false)
	tr.askWhileWeChatHangs()
}

func (tr *tour) loginUnder(fault wechattest.Fault) {
	tr.t.Helper()
	fault.Path = code2session
	if err := tr.sim.Fault(fault); err != nil {
		tr.t.Fatal(err)
	}
	tr.ask("", loginMutation, map[string]any{"code": tr.code("mei")})
}

// askWhileWeChatHangs waits for the time-out, beside somebody who leaves.
func (tr *tour) askWhileWeChatHangs() {
	if err := tr.sim.Fault(wechattest.Fault{Path: code2session, Hang: true, Times: 2}); err != nil {
		tr.t.Fatal(err)
	}
	arrived := make(chan struct{}, 2)
	tr.relay.arrived.Store(&arrived)
	defer tr.relay.arrived.Store(nil)
	patient, leaving := tr.code("mei"), tr.code("lin")
	ctx, leave := context.WithCancel(tr.t.Context())
	var clients errgroup.Group
	clients.Go(func() error {
		_, err := tr.server.login(tr.t.Context(), patient)
		return err
	})
	clients.Go(func() error { tr.server.login(ctx, leaving); return nil }) // it leaves: there is no answer
	<-arrived
	<-arrived
	leave()
	if err := clients.Wait(); err != refused("WECHAT_UNAVAILABLE") {
		tr.t.Errorf("WeChat hangs, and login says %v", err)
	}
}

func (tr *tour) visitRefreshLogin() {
	tokens := tr.login("mei")
	first := tokens.RefreshToken
	for range 2 { // the second makes the first token theft
		next, err := tr.server.refresh(tr.t.Context(), tokens.RefreshToken)
		if err != nil {
			tr.t.Fatal(err)
		}
		tokens = next
	}
	tr.ask("", refreshMutation, map[string]any{"token": tokens.RefreshToken + "x"})
	tr.ask("", refreshMutation, map[string]any{"token": tokens.AccessToken})
	tr.ask("", refreshMutation, map[string]any{"token": first})
	tr.ask(tokens.AccessToken, meQuery, nil)
	if got := tr.house.run("keys", "rotate"); got.code != 0 {
		tr.t.Errorf("keys rotate: %s", got.stderr)
	}
	tr.ask("", refreshMutation, map[string]any{"token": tr.login("mei").RefreshToken})
}

func (tr *tour) visitLogout() {
	tokens := tr.login("mei")
	for range 2 {
		tr.ask(tokens.AccessToken, `mutation { logout { endedSessions } }`, nil)
	}
	tr.ask(tr.login("mei").AccessToken, `mutation { logout(everywhere: true) { endedSessions } }`, nil)
	tr.ask(tr.house.adminKey, `mutation { logout { endedSessions } }`, nil)
}

func (tr *tour) visitRevokeSession() {
	mine, other := tr.login("mei"), tr.login("lin")
	for _, token := range []string{mine.AccessToken, other.AccessToken} {
		var data struct {
			Me struct{ Sessions []struct{ ID string } }
		}
		if _, err := tr.server.ask(tr.t.Context(), token, meQuery, nil, &data); err != nil {
			tr.t.Fatal(err)
		}
		tr.ask(mine.AccessToken, revoke, map[string]any{"id": data.Me.Sessions[0].ID})
	}
	tr.ask(other.AccessToken, revoke, map[string]any{"id": mine.RefreshToken})
}

func (tr *tour) visitMe() {
	tokens, key := tr.login("mei"), tr.house.adminKey
	const whole = `{ me { id unionId loginCount lastLoginAt identities { appId openId } profile { nickName avatarUrl } sessions { id userAgent ipAddress current } } }`
	for _, bearer := range []string{
		tokens.AccessToken, key, "", key[:len(key)-1], key + "x", strings.ToLower(key),
		tokens.AccessToken + "x", tokens.RefreshToken, tokens.AccessToken[:len(tokens.AccessToken)/2], wechattest.DevAppSecret,
	} {
		tr.ask(bearer, whole, nil)
	}
}

func (tr *tour) visitNode() {
	tokens := tr.login("mei")
	for _, bearer := range []string{tokens.AccessToken, tr.login("lin").AccessToken, tr.house.adminKey} {
		for _, id := range []string{tokens.User.ID, tokens.RefreshToken, tokens.AccessToken} {
			tr.ask(bearer, nodeQuery, map[string]any{"id": id})
		}
	}
}

func (tr *tour) visitDecryptProfile() {
	tokens := tr.login("mei")
	good := tr.data("mei", wechattest.KindProfile, map[string]any{"nickName": "Mei"})
	tr.ask(tokens.AccessToken, decryptProfile, good)
	tr.ask(tokens.AccessToken, decryptProfile, with(good, map[string]any{"raw": "{}"}))
	tr.ask(tokens.AccessToken, decryptProfile, with(good, map[string]any{"raw": nil}))
	tr.ask(tokens.AccessToken, decryptProfile, tr.data("mei", wechattest.KindPhone, nil))
	tr.ask(tr.house.adminKey, decryptProfile, good)
}

func (tr *tour) visitDecryptOpenData() {
	tokens := tr.login("mei")
	const number, group, other = "13912345678", "tGcanary0123456789abcdefghij", "canary-of-another-shape"
	tr.vault.add("phone number", number)
	tr.vault.add("open data", group)
	tr.vault.add("open data", other)
	phone := tr.data("mei", wechattest.KindPhone, map[string]any{"phoneNumber": number, "purePhoneNumber": number})
	for _, variables := range []map[string]any{
		tr.data("mei", wechattest.KindProfile, nil),
		phone,
		tr.data("mei", wechattest.KindWeRun, nil),
		tr.data("mei", wechattest.KindShare, map[string]any{"openGId": group}),
		tr.data("mei", wechattest.KindShare, map[string]any{"openGId": nil, "another": other}),
		tr.data("mei", wechattest.KindPhone, map[string]any{"phoneNumber": number, "watermark": map[string]any{"appid": "wxanother"}}),
		tr.data("mei", wechattest.KindPhone, map[string]any{"phoneNumber": number, "watermark": nil}),
		with(phone, map[string]any{"iv": "AAAAAAAAAAAAAAAAAAAAAA=="}),
		with(phone, map[string]any{"data": phone["iv"]}),
	} {
		tr.ask(tokens.AccessToken, decryptOpenData, variables)
	}
	tr.vault.mu.Lock()
	known := maps.Clone(tr.vault.canaries)
	tr.vault.mu.Unlock()
	for c := range known { // a client that sends what it must not have
		tr.ask(tokens.AccessToken, decryptOpenData, map[string]any{"data": c.text, "iv": c.text})
	}
}
