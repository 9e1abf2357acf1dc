package resolvers_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"menshen/wechat/wechattest"
)

// malformed are ways to spoil arguments that are refused before any key is
// tried.
var malformed = map[string]struct {
	field string
	spoil func(good variables) variables
}{
	"no base64":                 {"encryptedData", with("encryptedData", "===")},
	"base64 with a line break":  {"encryptedData", with("encryptedData", "AAAAAAAAAAAAAAAAAAAA\nAA==")},
	"no block":                  {"encryptedData", with("encryptedData", "")},
	"half a block":              {"encryptedData", with("encryptedData", "AAAAAAAAAAA=")},
	"an iv of 15 bytes":         {"iv", with("iv", "AAAAAAAAAAAAAAAAAAAA")},
	"no iv":                     {"iv", with("iv", "")},
	"an iv that is no base64":   {"iv", with("iv", "canary-of-the-iv")},
	"rawData without signature": {"rawData", with("signature", nil)},
	"signature without rawData": {"rawData", with("rawData", nil)},
}

// with returns good arguments with one that is not.
func with(name string, value any) func(variables) variables {
	return func(good variables) variables {
		spoilt := maps.Clone(good)
		spoilt[name] = value
		return spoilt
	}
}

func TestDecryptProfile(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	type answer struct {
		Profile profile
		User    user
	}
	got := ask[answer](s, in.AccessToken, profileDocument, input(s.openData("mei", wechattest.KindProfile, chosen)))
	shown := chosenProfile
	shown.UpdatedAt = time.Time{} // as decrypted, it has no history
	s.same("profile as decrypted", got.Profile, shown)
	s.same("profile as kept", got.User.Profile, chosenProfile)

	s.clock.Advance(time.Minute)
	anonymous := s.openData("mei", wechattest.KindProfile, nil)
	got = ask[answer](s, in.AccessToken, profileDocument, input(anonymous))
	s.same("the placeholder as decrypted", got.Profile.NickName, "微信用户")
	s.same("profile as kept after the placeholder", got.User.Profile, chosenProfile)
	s.same("me", ask[user](s, in.AccessToken, meDocument, nil).Profile, chosenProfile)
}

func TestDecryptProfileWithoutRawData(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	data := s.openData("mei", wechattest.KindProfile, chosen)
	data.RawData, data.Signature = "", ""
	ask[struct{}](s, in.AccessToken, profileDocument, input(data))
	s.same("me", ask[user](s, in.AccessToken, meDocument, nil).Profile, chosenProfile)
}

func TestDecryptProfileRefuses(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	good := input(s.openData("mei", wechattest.KindProfile, chosen))
	for name, test := range malformed {
		s.run(name, func(s *server) {
			got := s.refused("BAD_USER_INPUT", in.AccessToken, profileDocument, test.spoil(good))
			if got.Extensions.Field != test.field || strings.Contains(got.Message, "canary") {
				s.Errorf("field %q, message %q, want %s", got.Extensions.Field, got.Message, test.field)
			}
		})
	}
	for _, kind := range []string{wechattest.KindPhone, wechattest.KindWeRun, wechattest.KindShare} {
		s.run(kind, func(s *server) {
			got := s.refused("BAD_USER_INPUT", in.AccessToken, profileDocument, input(s.openData("mei", kind, nil)))
			if got.Extensions.Field != "encryptedData" {
				s.Errorf("field %q, want encryptedData", got.Extensions.Field)
			}
		})
	}
	for name, raw := range map[string]string{"another rawData": "{}", "rawData with a space more": good["rawData"].(string) + " "} {
		s.run(name, func(s *server) {
			s.refused("SIGNATURE_MISMATCH", in.AccessToken, profileDocument, with("rawData", raw)(good))
		})
	}
	s.same("profile", ask[user](s, in.AccessToken, meDocument, nil).Profile, in.User.Profile)
}

func TestDecryptOpenData(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	mark := &watermark{app, begin}
	shown := chosenProfile
	shown.UpdatedAt = time.Time{}
	for name, test := range map[string]struct {
		kind  string
		patch map[string]any
		want  openData
	}{
		"user info": {wechattest.KindProfile, chosen,
			openData{Typename: "UserInfo", Profile: &shown, OpenID: in.OpenID, Mark: mark}},
		"user info without openId": {wechattest.KindProfile, map[string]any{"openId": nil, "nickName": "小梅", "avatarUrl": nil, "language": nil},
			openData{Typename: "UserInfo", Profile: &profile{NickName: "小梅", Gender: "UNKNOWN"}, Mark: mark}},
		"a phone number": {wechattest.KindPhone, map[string]any{"phoneNumber": "+447700900123", "purePhoneNumber": "7700900123", "countryCode": "44"},
			openData{Typename: "PhoneNumber", PhoneNumber: "+447700900123", PurePhoneNumber: "7700900123", CountryCode: "44", Watermark: mark}},
		"steps": {wechattest.KindWeRun, map[string]any{"stepInfoList": []any{map[string]any{"timestamp": begin.Unix(), "step": 4711}}},
			openData{Typename: "WeRunData", Steps: []day{{begin, 4711}}, Watermark: mark}},
		"steps without a watermark": {wechattest.KindWeRun, map[string]any{"stepInfoList": []any{}, "watermark": nil},
			openData{Typename: "WeRunData", Steps: []day{}}},
		"a group": {wechattest.KindShare, map[string]any{"openGId": "tG-1"},
			openData{Typename: "ShareInfo", OpenGID: "tG-1", Watermark: mark}},
	} {
		s.run(name, func(s *server) {
			got := ask[openData](s, in.AccessToken, openDataDocument, sealedOnly(s.openData("mei", test.kind, test.patch)))
			s.same("open data", got, test.want)
		})
	}
	s.same("what is kept", ask[user](s, in.AccessToken, meDocument, nil).Profile, in.User.Profile)
}

// sealedOnly leaves out what only a profile has.
func sealedOnly(d wechattest.OpenData) variables {
	return variables{"encryptedData": d.EncryptedData, "iv": d.IV}
}

func TestDecryptOpenDataOfNewKind(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	data := s.openData("mei", wechattest.KindShare, map[string]any{"openGId": nil, "novelty": []any{1, "二"}})
	got := ask[openData](s, in.AccessToken, openDataDocument, sealedOnly(data))
	s.same("type", got.Typename, "OtherOpenData")
	var object struct {
		Novelty   []any
		Watermark struct{ AppID string }
	}
	s.need(json.Unmarshal([]byte(got.JSON), &object))
	s.same("novelty", object.Novelty, []any{1.0, "二"})
	s.same("watermark inside", object.Watermark.AppID, app)
	s.same("watermark", got.Watermark, &watermark{app, begin})
}

func TestDecryptOpenDataRefuses(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	other := map[string]any{"watermark": map[string]any{"appid": otherApp}}
	for name, test := range map[string]struct {
		kind  string
		patch map[string]any
	}{
		"a profile of another app":           {wechattest.KindProfile, other},
		"a phone of another app":             {wechattest.KindPhone, other},
		"steps of another app":               {wechattest.KindWeRun, other},
		"a group of another app":             {wechattest.KindShare, other},
		"a phone without a watermark":        {wechattest.KindPhone, map[string]any{"watermark": nil}},
		"a profile of another user":          {wechattest.KindProfile, map[string]any{"openId": "o-of-another"}},
		"steps with a broken watermark":      {wechattest.KindWeRun, map[string]any{"watermark": "canary"}},
		"a phone with another user's name":   {wechattest.KindPhone, map[string]any{"openId": "o-of-another"}},
		"a profile whose openId is a number": {wechattest.KindProfile, map[string]any{"openId": 4711}},
	} {
		s.run(name, func(s *server) {
			s.refused("WRONG_APP", in.AccessToken, openDataDocument, sealedOnly(s.openData("mei", test.kind, test.patch)))
		})
	}
	good := sealedOnly(s.openData("mei", wechattest.KindShare, nil))
	for name, test := range malformed {
		if test.field == "rawData" {
			continue // it takes none
		}
		s.run(name, func(s *server) {
			spoilt := test.spoil(good)
			if got := s.refused("BAD_USER_INPUT", in.AccessToken, openDataDocument, spoilt); got.Extensions.Field != test.field {
				s.Errorf("field %q, want %s", got.Extensions.Field, test.field)
			}
		})
	}
}

// TestDecryptOpenDataOfAnotherUser proves that nobody opens what is another's,
// nor learns more than that it does not open.
func TestDecryptOpenDataOfAnotherUser(t *testing.T) {
	s := start(t)
	s.login("hua")
	in := s.login("mei")
	s.refused("SESSION_KEY_STALE", in.AccessToken, openDataDocument, sealedOnly(s.openData("hua", wechattest.KindPhone, nil)))
}

func TestKeysThatWereReplaced(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	data := sealedOnly(s.openData("mei", wechattest.KindShare, nil))
	for range 2 {
		ask[payload](s, "", loginDocument, variables{"code": s.rotatedCode("mei")})
		s.same("type", ask[openData](s, in.AccessToken, openDataDocument, data).Typename, "ShareInfo")
	}
	ask[payload](s, "", loginDocument, variables{"code": s.rotatedCode("mei")})
	s.refused("SESSION_KEY_STALE", in.AccessToken, openDataDocument, data)
}

// TestDataFetchedBeforeALogin plays the client that fetches data, logs in, which
// rotates the key, and only then sends the data.
func TestDataFetchedBeforeALogin(t *testing.T) {
	s := start(t)
	s.login("mei")
	for range 5 {
		data := sealedOnly(s.openData("mei", wechattest.KindShare, nil))
		in := ask[payload](s, "", loginDocument, variables{"code": s.rotatedCode("mei")})
		s.same("type", ask[openData](s, in.AccessToken, openDataDocument, data).Typename, "ShareInfo")
	}
}

func TestKeysThatWereReplacedLongAgo(t *testing.T) {
	s := start(t)
	s.login("mei")
	data := sealedOnly(s.openData("mei", wechattest.KindShare, nil))
	in := ask[payload](s, "", loginDocument, variables{"code": s.rotatedCode("mei")})
	s.clock.Advance(72*time.Hour + time.Second)
	token := ask[payload](s, "", refreshDocument, variables{"token": in.RefreshToken}).AccessToken
	s.refused("SESSION_KEY_STALE", token, openDataDocument, data)
}
