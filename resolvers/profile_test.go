package resolvers_test

import (
	"strings"
	"testing"
	"time"

	"menshen/resolvers"
	"menshen/wechat/wechattest"
)

// update sends an UpdateProfileInput and returns the profile after it.
func (s *server) update(bearer string, input variables) profile {
	s.Helper()
	return ask[changed](s, bearer, updateDocument, variables{"input": input}).User.Profile
}

func TestUpdateProfile(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	want := profile{
		NickName: "小梅", AvatarURL: "https://cdn.example/mei.png?v=1", Gender: "FEMALE", Language: "zh_CN",
		City: "Guangzhou", Province: "Guangdong", Country: "China", UpdatedAt: begin,
	}
	s.same("everything", s.update(in.AccessToken, variables{
		"nickName": "  小梅 ", "avatarUrl": want.AvatarURL, "gender": "FEMALE", "language": "zh_CN",
		"city": "Guangzhou", "province": "Guangdong", "country": "China",
	}), want)

	want.City, want.UpdatedAt = "Shenzhen", s.clock.Advance(time.Minute)
	s.same("one field", s.update(in.AccessToken, variables{"city": "Shenzhen"}), want)
	want.AvatarURL, want.Gender, want.Language = "", "UNKNOWN", ""
	s.same("nulls", s.update(in.AccessToken, variables{"avatarUrl": nil, "gender": nil, "language": nil}), want)
	s.same("the placeholder", s.update(in.AccessToken, variables{"nickName": "微信用户"}), want)
	s.same("me", ask[user](s, in.AccessToken, meDocument, nil).Profile, want)

	ask[struct{}](s, in.AccessToken, profileDocument, input(s.openData("mei", wechattest.KindProfile, nil)))
	s.same("me after WeChat's placeholder", ask[user](s, in.AccessToken, meDocument, nil).Profile, want)
}

func TestUpdateProfileRules(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	tests := map[string]struct {
		field   string
		value   any
		message string
	}{
		"an empty name":            {"nickName", "", "1 to 64 characters"},
		"a name of white space":    {"nickName", " \u3000", "1 to 64 characters"},
		"a long name":              {"nickName", strings.Repeat("字", 65), "1 to 64 characters"},
		"a line break":             {"nickName", "a\nb", "control characters"},
		"a line separator":         {"nickName", "a\u2028b", "control characters"},
		"a paragraph separator":    {"nickName", "a\u2029b", "control characters"},
		"an escape":                {"nickName", "\x1b[31mred", "control characters"},
		"C1 control":               {"nickName", "a\u0085b", "control characters"},
		"a right-to-left override": {"nickName", "a\u202eb", "invisible ones"},
		"an isolate":               {"nickName", "a\u2067b", "invisible ones"},
		"a left-to-right mark":     {"nickName", "a\u200eb", "invisible ones"},
		"a placeholder in hiding":  {"nickName", "微信用户\u200b", "invisible ones"},
		"an Arabic letter mark":    {"nickName", "a\u061cb", "invisible ones"},
		"a soft hyphen":            {"nickName", "a\u00adb", "invisible ones"},
		"nothing to be seen":       {"nickName", "\u3164\u115f\u1160\uffa0\u2800", "one of them visible"},
		"joiners of nothing":       {"nickName", "\u200d\ufe0f\u200c", "one of them visible"},
		"the tags of no flag":      {"city", "\U000e0067\U000e007f", "one of them visible"},
		"quotes in an address":     {"avatarUrl", `https://cdn.example/"><script>`, "quotes"},
		"a port that is none":      {"avatarUrl", "https://cdn.example:99999/1.png", "port"},
		"port zero":                {"avatarUrl", "https://cdn.example:0/1.png", "port"},
		"a host of dots":           {"avatarUrl", "https://./1.png", "https"},
		"a long language":          {"language", strings.Repeat("z", 33), "1 to 32 characters"},
		"a long city":              {"city", strings.Repeat("c", 65), "1 to 64 characters"},
		"a province with a zero":   {"province", "a\x00", "control characters"},
		"an empty country":         {"country", "", "1 to 64 characters"},
		"a file of the phone":      {"avatarUrl", "wxfile://tmp_1.png", "upload it first"},
		"a file of the tools":      {"avatarUrl", "http://tmp/1.png", "upload it first"},
		"a kept file of the tools": {"avatarUrl", "http://usr/1.png", "upload it first"},
		"a file in capitals":       {"avatarUrl", "WXFILE://tmp_1.png", "upload it first"},
		"http":                     {"avatarUrl", "http://cdn.example/1.png", "https"},
		"a script":                 {"avatarUrl", "javascript:alert(1)", "https"},
		"inline data":              {"avatarUrl", "data:image/png;base64,AAAA", "https"},
		"no host":                  {"avatarUrl", "https:///1.png", "https"},
		"a port alone":             {"avatarUrl", "https://:443/1.png", "https"},
		"a user in it":             {"avatarUrl", "https://mei:pw@cdn.example/1.png", "https"},
		"a path alone":             {"avatarUrl", "/1.png", "https"},
		"no address":               {"avatarUrl", "", "https"},
		"a space":                  {"avatarUrl", "https://cdn.example/1 2.png", "spaces"},
		"a tab":                    {"avatarUrl", "https://cdn.example/1\t.png", "https"},
		"a long address":           {"avatarUrl", "https://cdn.example/" + strings.Repeat("a", 2029), "2048 bytes"},
	}
	for name, test := range tests {
		s.run(name, func(s *server) {
			got := s.refused("BAD_USER_INPUT", in.AccessToken, updateDocument, variables{"input": variables{test.field: test.value, "gender": "MALE"}})
			s.same("field", got.Extensions.Field, "input."+test.field)
			if !strings.Contains(got.Message, test.message) {
				s.Errorf("message %q, want one with %q", got.Message, test.message)
			}
		})
	}
	got := s.refused("BAD_USER_INPUT", in.AccessToken, updateDocument, variables{"input": variables{}})
	s.same("field of nothing", got.Extensions.Field, "input")
	s.same("profile", ask[user](s, in.AccessToken, meDocument, nil).Profile, in.User.Profile)
}

func TestUpdateProfileLimits(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	for field, text := range map[string]string{
		"nickName": strings.Repeat("字", 64), "language": strings.Repeat("z", 32), "city": strings.Repeat("字", 64),
		"avatarUrl": "https://cdn.example/" + strings.Repeat("a", 2028),
	} {
		s.update(in.AccessToken, variables{field: text})
	}
	for name, text := range map[string]string{
		"a family of emoji": "👩‍👩‍👧", "the flag of Scotland": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "a Persian word": "می\u200cخواهم",
	} {
		s.same(name, s.update(in.AccessToken, variables{"nickName": text}).NickName, text)
	}
	s.same("an address with Chinese in it", s.update(in.AccessToken, variables{"avatarUrl": "HTTPS://cdn.example:8443/梅.png"}).AvatarURL,
		"https://cdn.example:8443/%E6%A2%85.png")
}

func TestAvatarURLEndsNoAttribute(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	for _, c := range "\"<>\\`^{|}" {
		v := variables{"input": variables{"avatarUrl": "https://cdn.example/" + string(c) + ".png"}}
		s.same("field of "+string(c), s.refused("BAD_USER_INPUT", in.AccessToken, updateDocument, v).Extensions.Field, "input.avatarUrl")
	}
}

const textCheckPath = "/wxa/msg_sec_check"

func withTextCheck(check resolvers.TextCheck) func(*options) {
	return func(o *options) { o.resolver = func(r *resolvers.Resolver) { r.TextCheck = check } }
}

func TestTextCheck(t *testing.T) {
	for _, check := range []resolvers.TextCheck{resolvers.TextCheckOpen, resolvers.TextCheckClosed} {
		t.Run(string(check), func(t *testing.T) {
			s := start(t, withTextCheck(check))
			in := s.login("mei")
			s.same("a name that passes", s.update(in.AccessToken, variables{"nickName": "小梅"}).NickName, "小梅")
			s.update(in.AccessToken, variables{"nickName": nil, "city": "Shenzhen"})
			s.same("calls of WeChat", s.sim.Calls()[textCheckPath], 1) // to forget a name needs none
			got := s.refused("BAD_USER_INPUT", in.AccessToken, updateDocument, variables{"input": variables{"nickName": wechattest.RiskyText}})
			s.same("field", got.Extensions.Field, "input.nickName")
			s.need(s.sim.Fault(wechattest.Fault{Path: textCheckPath, Body: `{"errcode":0,"result":{"suggest":"review","label":100}}`}))
			s.same("a name to look at", s.update(in.AccessToken, variables{"nickName": "梅"}).NickName, "梅")
		})
	}
}

func TestTextCheckOff(t *testing.T) {
	for _, check := range []resolvers.TextCheck{"", resolvers.TextCheckOff} {
		s := start(t, withTextCheck(check))
		s.update(s.login("mei").AccessToken, variables{"nickName": wechattest.RiskyText})
		s.same("calls of WeChat", s.sim.Calls()[textCheckPath], 0)
	}
}

func TestTextCheckWithoutAnAnswer(t *testing.T) {
	s := start(t, withTextCheck(resolvers.TextCheckOpen))
	in := s.login("mei")
	s.need(s.sim.Fault(wechattest.Fault{Path: textCheckPath, ErrCode: 45009}))
	s.same("kept unchecked", s.update(in.AccessToken, variables{"nickName": "小梅"}).NickName, "小梅")
	if entries := s.log.take(t); len(entries) != 1 || entries[0].Level != "WARN" || entries[0].RequestID == "" {
		t.Errorf("log entries %+v, want one warning", entries)
	}
	// Two hours away from the program nobody is checked: that is an answer, which
	// whoever likes can bring about.
	s.need(s.sim.Fault(wechattest.Fault{Path: textCheckPath, ErrCode: 61010}))
	away := variables{"input": variables{"nickName": "小红"}}
	s.same("field", s.refused("BAD_USER_INPUT", in.AccessToken, updateDocument, away).Extensions.Field, "input.nickName")

	s = start(t, withTextCheck(resolvers.TextCheckClosed))
	in = s.login("mei")
	v := variables{"input": variables{"nickName": "小梅"}}
	s.need(s.sim.Fault(wechattest.Fault{Path: textCheckPath, ErrCode: 45009}))
	s.refused("RATE_LIMITED", in.AccessToken, updateDocument, v)
	s.need(s.sim.Fault(wechattest.Fault{Path: textCheckPath, ErrCode: 61010})) // the user has not been in the program for two hours
	s.same("field", s.refused("BAD_USER_INPUT", in.AccessToken, updateDocument, v).Extensions.Field, "input.nickName")
	s.same("profile", ask[user](s, in.AccessToken, meDocument, nil).Profile, in.User.Profile)
}
