package main_test

import (
	"context"
	"strings"

	"menshen/wechat/wechattest"
)

// code plays wx.login.
func (tr *tour) code(user string) string {
	tr.t.Helper()
	return tr.codeIn(wechattest.DevAppID, user)
}

// codeIn is code in another app.
func (tr *tour) codeIn(appID, user string) string {
	tr.t.Helper()
	phone, err := tr.sim.LoginRotating(appID, user, true)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.vault.add("login code", phone.Code)
	return phone.Code
}

// login logs a user in.
func (tr *tour) login(user string) pair {
	tr.t.Helper()
	return tr.loginIn(wechattest.DevAppID, user)
}

// loginInApp is a login whose app is named.
const loginInApp = `mutation($app: ID!, $code: String!) { login(appId: $app, code: $code) {
	accessToken refreshToken openId unionId user { id phoneNumber { phoneNumber purePhoneNumber } } } }`

// loginIn logs a user in to an app. The answer is the user's to read.
func (tr *tour) loginIn(appID, user string) pair {
	tr.t.Helper()
	ctx := context.WithValue(tr.t.Context(), readerKey{}, user)
	var data struct{ Login pair }
	errs, err := tr.server.ask(ctx, "", loginInApp, map[string]any{"app": appID, "code": tr.codeIn(appID, user)}, &data)
	if err := failure(errs, err); err != nil {
		tr.t.Fatalf("login of %s: %v\n%s", user, err, tr.server.output())
	}
	tr.readAs(user, data.Login.AccessToken)
	return data.Login
}

// readAs says who reads what a bearer token opens.
func (tr *tour) readAs(reader, bearer string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.readers[bearer] = reader
}

// openID is a user's own in the app of every visit.
func (tr *tour) openID(user string) string {
	tr.t.Helper()
	phone, err := tr.sim.Login(wechattest.DevAppID, user)
	if err != nil {
		tr.t.Fatal(err)
	}
	return phone.OpenID
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

// owns takes note of a number that a user is to have.
func (tr *tour) owns(user, number string) {
	tr.vault.addOf(user, "phone number", number[strings.LastIndex(number, " ")+1:])
}

// phoneCode plays the phone button.
func (tr *tour) phoneCode(user, number string) string {
	tr.t.Helper()
	code, err := tr.sim.PhoneCode(wechattest.DevAppID, user, number)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.vault.add("phone code", code)
	return code
}

// bindPhone logs a user in who then binds a number.
func (tr *tour) bindPhone(user, number string) pair {
	tr.t.Helper()
	tokens := tr.login(user)
	tr.owns(user, number)
	tr.ask(tokens.AccessToken, bindByCode, map[string]any{"code": tr.phoneCode(user, number)})
	return tokens
}

// phoneData is a number as the phone button gave it before there were codes.
func (tr *tour) phoneData(user, number string) map[string]any {
	tr.t.Helper()
	tr.owns(user, number)
	return tr.data(user, wechattest.KindPhone, map[string]any{"phoneNumber": number, "purePhoneNumber": number})
}
