package resolvers_test

import (
	"testing"

	"menshen/wechat/wechattest"
)

// chosen is a profile that a person gave themselves.
var chosen = map[string]any{
	"nickName": "小梅", "gender": 2, "language": "zh_TW", "city": "Guangzhou", "province": "Guangdong",
	"country": "China", "avatarUrl": "https://thirdwx.qlogo.cn/mei",
}

var chosenProfile = profile{
	NickName: "小梅", Gender: "FEMALE", Language: "zh_TW", City: "Guangzhou", Province: "Guangdong",
	Country: "China", AvatarURL: "https://thirdwx.qlogo.cn/mei", UpdatedAt: begin,
}

func TestLoginWithProfile(t *testing.T) {
	s := start(t)
	code := s.code("mei")
	data := s.openData("mei", wechattest.KindProfile, chosen)
	got := ask[payload](s, "", loginDocument, variables{"code": code, "profile": input(data)})
	s.same("profile", got.User.Profile, chosenProfile)
}

func TestLoginWithProfileFetchedBefore(t *testing.T) {
	s := start(t)
	s.login("mei")
	data := s.openData("mei", wechattest.KindProfile, chosen)
	code := s.rotatedCode("mei")
	got := ask[payload](s, "", loginDocument, variables{"code": code, "profile": input(data)})
	s.same("profile", got.User.Profile, chosenProfile)
}

func TestLoginWithProfileThatDoesNotOpen(t *testing.T) {
	s := start(t)
	s.code("mei")
	stale := input(s.openData("mei", wechattest.KindProfile, chosen)) // under a key that never came here
	s.refused("SESSION_KEY_STALE", "", loginDocument, variables{"code": s.rotatedCode("mei"), "profile": stale})
	s.liveSessions(0)

	in := s.login("mei") // nobody was made before
	s.same("isNewUser", in.IsNewUser, true)
	code := s.rotatedCode("mei")
	s.refused("SESSION_KEY_STALE", "", loginDocument, variables{"code": code, "profile": stale})
	s.liveSessions(1)
	s.same("logins", ask[user](s, in.AccessToken, meDocument, nil).LoginCount, 1)

	fresh := input(s.openData("mei", wechattest.KindProfile, chosen)) // under the key of the login that failed
	ask[struct{}](s, in.AccessToken, profileDocument, fresh)
	s.refused("LOGIN_CODE_INVALID", "", loginDocument, variables{"code": code}) // it was spent
}

func (s *server) liveSessions(want int) {
	s.Helper()
	n, err := s.store.CountSessions(s.Context())
	s.need(err)
	s.same("live sessions", n, want)
}

func TestLoginWithProfileThatDoesNotHold(t *testing.T) {
	s := start(t)
	for name, test := range map[string]struct {
		code, field string
		kind        string
		patch       map[string]any
		spoil       func(variables)
	}{
		"of another app": {code: "WRONG_APP", kind: wechattest.KindProfile,
			patch: map[string]any{"watermark": map[string]any{"appid": otherApp}}},
		"of another user": {code: "WRONG_APP", kind: wechattest.KindProfile,
			patch: map[string]any{"openId": "o-of-another"}},
		"without a watermark": {code: "WRONG_APP", kind: wechattest.KindProfile,
			patch: map[string]any{"watermark": nil}},
		"signed otherwise": {code: "SIGNATURE_MISMATCH", kind: wechattest.KindProfile,
			spoil: func(v variables) { v["rawData"] = `{"nickName":"another"}` }},
		"a phone number": {code: "BAD_USER_INPUT", field: "profile.encryptedData", kind: wechattest.KindPhone},
		"WeRun data":     {code: "BAD_USER_INPUT", field: "profile.encryptedData", kind: wechattest.KindWeRun},
	} {
		s.run(name, func(s *server) {
			code := s.code(name)
			v := input(s.openData(name, test.kind, test.patch))
			if test.spoil != nil {
				test.spoil(v)
			}
			got := s.refused(test.code, "", loginDocument, variables{"code": code, "profile": v})
			if got.Extensions.Field != test.field {
				s.Errorf("field %q, want %q", got.Extensions.Field, test.field)
			}
			s.liveSessions(0)
			s.refused("LOGIN_CODE_INVALID", "", loginDocument, variables{"code": code}) // WeChat has had it
		})
	}
}

func TestLoginWithMalformedProfileSpendsNoCode(t *testing.T) {
	s := start(t)
	code := s.code("mei")
	good := input(s.openData("mei", wechattest.KindProfile, nil))
	for name, test := range malformed {
		s.run(name, func(s *server) {
			got := s.refused("BAD_USER_INPUT", "", loginDocument, variables{"code": code, "profile": test.spoil(good)})
			if got.Extensions.Field != "profile."+test.field {
				s.Errorf("field %q, want profile.%s", got.Extensions.Field, test.field)
			}
		})
	}
	s.same("calls of WeChat", s.calls(), 0)
	ask[payload](s, "", loginDocument, variables{"code": code, "profile": good})
}
