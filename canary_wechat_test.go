package main_test

import (
	"context"
	"encoding/base64"
	"net/http"

	"golang.org/x/sync/errgroup"

	"menshen/wechat/wechattest"
)

// WeChat's paths.
const (
	loginPath = "/sns/jscode2session"
	tokenPath = "/cgi-bin/stable_token"
	checkPath = "/wxa/checksession"
	phonePath = "/wxa/business/getuserphonenumber"
	textPath  = "/wxa/msg_sec_check"
	codePath  = "/wxa/getwxacodeunlimit"
)

// askWhileItFails asks once under each failure of one of WeChat's paths.
func (tr *tour) askWhileItFails(path string, ask func()) {
	tr.t.Helper()
	for _, fault := range tr.faults() {
		tr.fault(path, fault)
		ask()
	}
}

func (tr *tour) fault(path string, fault wechattest.Fault) {
	tr.t.Helper()
	fault.Path = path
	if err := tr.sim.Fault(fault); err != nil {
		tr.t.Fatal(err)
	}
}

// faults are each of WeChat's errcodes and all other ways to fail.
func (tr *tour) faults() []wechattest.Fault {
	faults := []wechattest.Fault{{Status: http.StatusFound}, {Reset: true}}
	for _, errcode := range []int{
		-1, 40001, 40002, 40003, 40013, 40014, 40029, 40125, 40163, 40164, 40226, 40243, 41002, 41004, 41008, 42001, 43104, 44002,
		45002, 45009, 45011, 50007, 61010, 87007, 87009, 87014, 99999,
	} {
		faults = append(faults, wechattest.Fault{ErrCode: errcode})
	}
	for _, body := range tr.tellingBodies() {
		faults = append(faults, wechattest.Fault{Body: body}, wechattest.Fault{Body: body, Status: http.StatusBadGateway})
	}
	return faults
}

// tellingBodies repeat what WeChat knows, as a gateway's page may.
func (tr *tour) tellingBodies() []string {
	key, token, number := base64.StdEncoding.EncodeToString([]byte("a-known-s-key-16")), "76_a-known-access-token", "13912340099"
	tr.vault.add("session_key", key)
	tr.vault.add("WeChat's access_token", token)
	tr.vault.addOf("nobody", "phone number", number)
	known := wechattest.DevAppSecret + " " + key + " " + token + " " + number + " " + tr.code("mei")
	return []string{
		"<html>bad gateway: " + known + "</html>",
		known,
		`{"errcode":40029,"errmsg":"` + known + `"}`,
		`{"errcode":"` + known + `"}`,
		`{"errcode":0,"errmsg":"` + known + `"}`,
		`{"openid":"o1","session_key":"` + key,
		`{"openid":"","session_key":"` + key + `"}`,
		`{"openid":["` + key + `"],"session_key":"` + key + `"}`,
		`{"openid":"o1","session_key":"` + key + `="}`,
		`{"openid":"o1","session_key":"` + key + `"} ` + key,
		`["` + known + `"]`,
		`{"access_token":"` + token + `","expires_in":"` + token + `"}`,
		`{"access_token":["` + token + `"],"expires_in":7200}`,
		`{"errcode":0,"phone_info":"` + number + `"}`,
		`{"errcode":0,"phone_info":{"phoneNumber":"` + number + `","purePhoneNumber":["` + number + `"],"countryCode":"86"}}`,
		`{"errcode":0,"phone_info":{"phoneNumber":"` + number + `","purePhoneNumber":"","countryCode":"` + number + `"}}`,
		`{"errcode":0,"result":{"suggest":"` + known + `"}}`,
	}
}

// askWhileWeChatHangs waits for the time-out, beside somebody who leaves.
func (tr *tour) askWhileWeChatHangs() {
	tr.fault(loginPath, wechattest.Fault{Hang: true, Times: 2})
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
