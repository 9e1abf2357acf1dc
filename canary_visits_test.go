package main_test

import (
	"maps"
	"strings"

	"menshen/wechat/wechattest"
)

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
	revoke = `mutation($id: ID!) { revokeSession(id: $id) { id } }`
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
	"answerScanLogin":       (*tour).visitAnswerScanLogin,
	"auditEvents":           (*tour).visitAuditEvents,
	"bindPhoneNumber":       (*tour).visitBindPhoneNumber,
	"blockUser":             (*tour).visitBlockUser,
	"claimScanLogin":        (*tour).visitClaimScanLogin,
	"createScanLogin":       (*tour).visitCreateScanLogin,
	"decryptOpenData":       (*tour).visitDecryptOpenData,
	"decryptProfile":        (*tour).visitDecryptProfile,
	"deleteMe":              (*tour).visitDeleteMe,
	"deleteUser":            (*tour).visitDeleteUser,
	"login":                 (*tour).visitLogin,
	"logout":                (*tour).visitLogout,
	"me":                    (*tour).visitMe,
	"node":                  (*tour).visitNode,
	"redeemScanLogin":       (*tour).visitRedeemScanLogin,
	"refreshLogin":          (*tour).visitRefreshLogin,
	"revokeSession":         (*tour).visitRevokeSession,
	"revokeUserSessions":    (*tour).visitRevokeUserSessions,
	"scanLogin":             (*tour).visitScanLogin,
	"sessionKey":            (*tour).visitSessionKey,
	"setUserRole":           (*tour).visitSetUserRole,
	"unbindPhoneNumber":     (*tour).visitUnbindPhoneNumber,
	"unbindUserPhoneNumber": (*tour).visitUnbindUserPhoneNumber,
	"unblockUser":           (*tour).visitUnblockUser,
	"updateProfile":         (*tour).visitUpdateProfile,
	"user":                  (*tour).visitUser,
	"userActivity":          (*tour).visitUserActivity,
	"userLoggedIn":          (*tour).visitUserLoggedIn,
	"users":                 (*tour).visitUsers,
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
	tr.askWhileItFails(loginPath, func() { tr.ask("", loginMutation, map[string]any{"code": tr.code("mei")}) })
	tr.relay.babble.Store(true)
	tr.login("babble") // net/http complains of what follows the answer
	tr.ask(tr.login("babble").AccessToken, askForKey, nil)
	tr.relay.babble.Store(false)
	tr.askWhileWeChatHangs()
}

func (tr *tour) visitRefreshLogin() {
	tokens := tr.login("mei")
	first := tokens.RefreshToken
	for range 2 {
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
	tokens, key := tr.bindPhone("mei", "13912340005"), tr.house.adminKey
	for _, bearer := range []string{
		tokens.AccessToken, key, "", key[:len(key)-1], key + "x", strings.ToLower(key),
		tokens.AccessToken + "x", tokens.RefreshToken, tokens.AccessToken[:len(tokens.AccessToken)/2], wechattest.DevAppSecret,
	} {
		tr.ask(bearer, wholeMe, nil)
	}
}

func (tr *tour) visitNode() {
	tokens := tr.bindPhone("mei", "13912340006")
	for _, bearer := range []string{tokens.AccessToken, tr.login("lin").AccessToken, tr.house.adminKey} {
		for _, id := range []string{tokens.User.ID, tokens.RefreshToken, tokens.AccessToken} {
			tr.ask(bearer, wholeNode, map[string]any{"id": id})
		}
	}
}

func (tr *tour) visitDecryptProfile() {
	tokens := tr.login("mei")
	good := tr.data("mei", wechattest.KindProfile, map[string]any{"nickName": "Mei"})
	tr.ask(tokens.AccessToken, decryptProfile, good)
	tr.ask(tokens.AccessToken, decryptProfile, with(good, map[string]any{"raw": "{}"}))
	tr.ask(tokens.AccessToken, decryptProfile, with(good, map[string]any{"raw": nil}))
	tr.ask(tokens.AccessToken, decryptProfile, tr.phoneData("mei", "13912340007"))
	tr.ask(tr.house.adminKey, decryptProfile, good)
}

func (tr *tour) visitDecryptOpenData() {
	tokens := tr.login("mei")
	const number, group, other = "13912345678", "tGcanary0123456789abcdefghij", "canary-of-another-shape"
	tr.vault.addOf("mei", "open data", group)
	tr.vault.addOf("mei", "open data", other)
	phone := tr.phoneData("mei", number)
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
	for c := range tr.vault.known() { // a client that sends what it must not have
		tr.ask(tokens.AccessToken, decryptOpenData, map[string]any{"data": c.text, "iv": c.text})
	}
}
