package main_test

import (
	"cmp"
	"net/http"
	"testing"

	"menshen/wechat/wechattest"
)

// plainApp has message push in plain mode, beside the simulator's own app in
// secure mode; unsetApp has none.
const (
	plainApp = "wxplain"
	unsetApp = "wxunset"
)

// pushHouse is a server that is pushed to, and a WeChat that pushes.
type pushHouse struct {
	*running
	sim      *wechattest.Simulator
	adminKey string
}

func newPushHouse(t *testing.T, o wechattest.Options) pushHouse {
	t.Helper()
	o.Apps = map[string]string{wechattest.DevAppID: wechattest.DevAppSecret, plainApp: "secret-plain", unsetApp: "secret-unset"}
	sim := wechattest.New(t, o)
	house := install(t, sim.URL())
	house.settings = append(house.settings,
		"MENSHEN_APPS="+wechattest.DevAppID+"="+wechattest.DevAppSecret+";"+plainApp+"=secret-plain;"+unsetApp+"=secret-unset",
		"MENSHEN_PUSH="+wechattest.DevAppID+"="+wechattest.DevPushToken+":"+wechattest.DevPushAESKey+";"+plainApp+"="+wechattest.DevPushToken+":plain")
	return pushHouse{house.serve(), sim, house.adminKey}
}

// guest is a user with everything that WeChat may have erased.
type guest struct {
	pair
	app, name string
}

// shown is what a guest sees of themselves.
type shown struct {
	NickName, AvatarURL, Phone string
}

func (h pushHouse) guest(app, name string) guest {
	h.t.Helper()
	g := guest{app: app, name: name}
	phone, err := h.sim.Login(app, name)
	if err != nil {
		h.t.Fatal(err)
	}
	var data struct{ Login pair }
	h.must("", townLoginMutation, map[string]any{"code": phone.Code, "app": app}, &data)
	g.pair = data.Login
	code, err := h.sim.PhoneCode(app, name, "")
	if err != nil {
		h.t.Fatal(err)
	}
	h.must(g.AccessToken, `mutation($code: String) { bindPhoneNumber(code: $code) { user { id } } }`, map[string]any{"code": code}, nil)
	h.dress(g)
	return g
}

// dress gives the guest a name and an avatar.
func (h pushHouse) dress(g guest) {
	h.t.Helper()
	h.must(g.AccessToken, `mutation { updateProfile(input: {nickName: "Mei", avatarUrl: "https://example.com/mei.png"}) { user { id } } }`, nil, nil)
}

// must sends an operation; the test fails when it is refused.
func (h pushHouse) must(bearer, query string, variables map[string]any, data any) {
	h.t.Helper()
	errs, err := h.ask(h.t.Context(), bearer, query, variables, data)
	if err := failure(errs, err); err != nil {
		h.t.Fatalf("%s: %v\n%s", query, err, h.output())
	}
}

func (h pushHouse) shown(g guest) shown {
	h.t.Helper()
	var data struct {
		Me struct {
			Profile     struct{ NickName, AvatarURL string }
			PhoneNumber struct{ PhoneNumber string }
		}
	}
	h.must(g.AccessToken, `{ me { profile { nickName avatarUrl } phoneNumber { phoneNumber } } }`, nil, &data)
	return shown{data.Me.Profile.NickName, data.Me.Profile.AvatarURL, data.Me.PhoneNumber.PhoneNumber}
}

// pushEvents counts the messages in the audit.
func (h pushHouse) pushEvents() int {
	h.t.Helper()
	var data struct{ AuditEvents struct{ TotalCount int } }
	h.must(h.adminKey, `{ auditEvents(filter: {action: "push"}) { totalCount } }`, nil, &data)
	return data.AuditEvents.TotalCount
}

// push sends a message about the guest, to the address of the guest's app and in
// its mode unless the message says otherwise.
func (h pushHouse) push(g guest, p wechattest.Push) wechattest.PushReply {
	h.t.Helper()
	mode := "secure"
	if g.app == plainApp {
		mode = "plain"
	}
	p.AppID, p.User, p.Mode = g.app, g.name, cmp.Or(p.Mode, mode)
	p.To = h.url + cmp.Or(p.To, "/wechat/push/"+g.app)
	reply, err := h.sim.Push(h.t.Context(), p)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply
}

var pushSuccess = wechattest.PushReply{Status: http.StatusOK, Body: "success"}
