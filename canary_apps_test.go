package main_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"menshen/wechat/wechattest"
)

// secondApp shares its users with the first one, once they are bound.
const secondApp = "wxcanary"

// canaryApps are the apps of the run with their secrets: the two, and one for
// each way in which stable_token may fail, since an app that is refused waits.
func canaryApps() map[string]string {
	apps := map[string]string{wechattest.DevAppID: wechattest.DevAppSecret, secondApp: rand.Text()}
	for i := range 100 {
		apps[failingApp(i)] = rand.Text()
	}
	return apps
}

func failingApp(i int) string { return fmt.Sprint("wxfailing", i) }

// visitInCompany meets the server with many apps, and with secrets on its command
// line.
func (tr *tour) visitInCompany() {
	var apps []string
	for appID, secret := range tr.apps {
		apps = append(apps, appID+"="+secret)
	}
	tr.serve("--app", strings.Join(apps, ";"), "--push", tr.push.secure()+";"+tr.push.plain(secondApp), "--text-check", "fail-closed",
		"--scan-page", "pages/scan/index", "--trusted-proxies", "127.0.0.1")
	tr.visitMerge()
	tr.visitScanPage()
	tr.visitTokenFailures()
	tr.visitPlainPush()
	tr.visitUser() // openId needs an appId now
	tr.visitUpdateProfile()
	tr.ask(tr.house.adminKey, listUsers, nil)
	tr.visitPages()
	tr.visitCommands()
}

// visitMerge has two users become one when their unionid comes late.
func (tr *tour) visitMerge() {
	tr.bindPhone("wei", "13912340031")
	tr.ask(tr.loginIn(secondApp, "wei").AccessToken, wholeMe, nil)
	if err := tr.sim.Bind(wechattest.DevAppID, secondApp); err != nil {
		tr.t.Fatal(err)
	}
	for _, appID := range []string{secondApp, wechattest.DevAppID} {
		tokens := tr.loginIn(appID, "wei")
		tr.ask(tokens.AccessToken, wholeMe, nil)
		tr.kept = tokens.User.ID
	}
	tr.loginIn(wechattest.DevAppID, "jo")
	tr.loginIn(secondApp, "jo") // joins at once
}

// visitTokenFailures needs an access_token while WeChat gives none, and again at
// once.
func (tr *tour) visitTokenFailures() {
	for i, fault := range tr.faults() {
		tokens := tr.loginIn(failingApp(i), "mei")
		tr.fault(tokenPath, fault)
		for range 2 {
			tr.ask(tokens.AccessToken, askForKey, nil)
		}
	}
}

// visitPlainPush has WeChat push without encryption, where that is set.
func (tr *tour) visitPlainPush() {
	tr.loginIn(secondApp, "pia")
	event := wechattest.Push{Event: "user_info_modified"}
	tr.pushAll(event, secondApp, "plain")
	event.AppID, event.User, event.Mode, event.Token = wechattest.DevAppID, "pia", "plain", tr.push.token
	if got := tr.deliver(event); got != http.StatusForbidden {
		tr.t.Errorf("a plain push where it must be secure is answered %d", got)
	}
	tr.visitChallenge(secondApp)
}
