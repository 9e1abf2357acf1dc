package main_test

import (
	"menshen/wechat/wechattest"
)

// whole is all that a user shows, to those who may see it.
const whole = ` fragment whole on User {
	id status blockedAt blockedReason role unionId identities { appId openId } profile { nickName avatarUrl city }
	phoneNumber { phoneNumber purePhoneNumber countryCode } createdAt lastLoginAt loginCount
	sessions { id userAgent ipAddress current } }`

const (
	wholeMe    = `{ me { ...whole } }` + whole
	wholeNode  = `query($id: ID!) { node(id: $id) { id ... on User { ...whole } } }` + whole
	bindByCode = `mutation($code: String) { bindPhoneNumber(code: $code) { user { ...whole } } }` + whole
	bindByData = `mutation($data: String, $iv: String) { bindPhoneNumber(encryptedData: $data, iv: $iv) { user { ...whole } } }` + whole
	unbind     = `mutation { unbindPhoneNumber { user { ...whole } } }` + whole
	setProfile = `mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { ...whole } } }` + whole
	askForKey  = `{ sessionKey }`
)

func (tr *tour) visitBindPhoneNumber() {
	const number, abroad = "13912340001", "+44 7700900123"
	mei, lin := tr.login("mei"), tr.login("lin")
	tr.owns("mei", number)
	code := tr.phoneCode("mei", number)
	for _, bearer := range []string{lin.AccessToken, mei.AccessToken, mei.AccessToken, "", tr.house.adminKey} {
		tr.ask(bearer, bindByCode, map[string]any{"code": code})
	}
	tr.ask(lin.AccessToken, bindByCode, map[string]any{"code": tr.phoneCode("lin", number)}) // it is mei's
	tr.ask(lin.AccessToken, bindByCode, map[string]any{"code": nil})
	tr.bindPhone("abe", abroad)
	older := tr.phoneData("mei", "13912340002")
	for _, variables := range []map[string]any{
		older, with(older, map[string]any{"iv": nil}), with(older, map[string]any{"iv": code}), with(older, map[string]any{"data": number}),
		tr.data("mei", wechattest.KindPhone, map[string]any{"phoneNumber": "13912340001", "purePhoneNumber": "13912340002"}),
		tr.data("mei", wechattest.KindWeRun, nil),
	} {
		tr.ask(mei.AccessToken, bindByData, variables)
	}
	for _, bearer := range []string{mei.AccessToken, lin.AccessToken, tr.house.adminKey} {
		tr.ask(bearer, wholeNode, map[string]any{"id": mei.User.ID})
	}
	tr.askWhileItFails(phonePath, func() {
		tr.ask(mei.AccessToken, bindByCode, map[string]any{"code": tr.phoneCode("mei", number)})
	})
}

func (tr *tour) visitUnbindPhoneNumber() {
	tokens := tr.bindPhone("una", "13912340003")
	for _, bearer := range []string{tokens.AccessToken, tokens.AccessToken, "", tr.house.adminKey} {
		tr.ask(bearer, unbind, nil)
	}
}

func (tr *tour) visitUpdateProfile() {
	tokens := tr.bindPhone("una", "13912340003")
	for _, input := range []map[string]any{
		{"nickName": "Una", "city": "广州", "avatarUrl": "https://example.com/una.png", "gender": "FEMALE"},
		{"nickName": wechattest.RiskyText}, {}, {"nickName": ""}, {"avatarUrl": "wxfile://tmp"},
	} {
		tr.ask(tokens.AccessToken, setProfile, map[string]any{"input": input})
	}
	for _, secret := range tr.vault.samples() {
		for _, field := range []string{"avatarUrl", "gender", secret} {
			tr.ask(tokens.AccessToken, setProfile, map[string]any{"input": map[string]any{field: secret}})
		}
		tr.ask(tokens.AccessToken, setProfile, map[string]any{"input": map[string]any{"nickName": "\u202e" + secret}})
	}
	tr.askWhileItFails(textPath, func() {
		tr.ask(tokens.AccessToken, setProfile, map[string]any{"input": map[string]any{"nickName": "Una"}})
	})
}

func (tr *tour) visitSessionKey() {
	tokens := tr.login("mei")
	for _, bearer := range []string{tokens.AccessToken, "", tr.house.adminKey} {
		tr.ask(bearer, askForKey, nil)
	}
	tr.code("mei") // another session_key takes the place of ours
	tr.ask(tokens.AccessToken, askForKey, nil)
	tr.fault(checkPath, wechattest.Fault{ErrCode: 42001, Times: 1}) // the access_token; two would pause all calls
	tr.ask(tokens.AccessToken, askForKey, nil)
	tr.askWhileItFails(checkPath, func() { tr.ask(tokens.AccessToken, askForKey, nil) })
}

func (tr *tour) visitDeleteMe() {
	tokens := tr.bindPhone("dora", "13912340004")
	for range 2 {
		tr.ask(tokens.AccessToken, `mutation { deleteMe { id } }`, nil)
	}
	tr.ask(tr.house.adminKey, `mutation { deleteMe { id } }`, nil)
}
