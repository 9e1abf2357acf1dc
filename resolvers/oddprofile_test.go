package resolvers_test

import (
	"fmt"
	"strings"
	"testing"

	"menshen/wechat/wechattest"
)

// odd is a profile of open data that nobody may type, with what is kept of it.
var odd = []struct {
	field       string
	given, kept string
}{
	{"nickName", strings.Repeat("x", 20000), ""},
	{"nickName", "a\u202eb", ""},
	{"nickName", "微信用户\u200b", ""},
	{"nickName", " 小梅\u3000", "小梅"},
	{"language", strings.Repeat("z", 33), ""},
	{"city", "\x1b[31mred", ""},
	{"avatarUrl", "javascript:alert(1)", ""},
	{"avatarUrl", "http://tmp/1.png", ""},
	{"avatarUrl", "http://cdn.example/1.png", ""},
	{"avatarUrl", "http://qlogo.cn.example/1.png", ""},
	{"avatarUrl", "http://wx.qlogo.cn:80/1.png", ""},
	{"avatarUrl", "http://wx.qlogo.cn/mmopen/1/0", "https://wx.qlogo.cn/mmopen/1/0"},
}

// TestOddProfilesAreNotKept opens each by decryptProfile and by login.
func TestOddProfilesAreNotKept(t *testing.T) {
	s := start(t)
	for n, test := range odd {
		s.run(fmt.Sprint(test.field, " ", n), func(s *server) {
			type texts map[string]any
			name := fmt.Sprint("guest ", n)
			in := s.login(name)
			data := input(s.openData(name, wechattest.KindProfile, map[string]any{"nickName": "梅", "avatarUrl": nil, test.field: test.given}))
			got := ask[struct{ Profile, User texts }](s, in.AccessToken, profileDocument, data)
			s.same("as decrypted", got.Profile[test.field], any(test.given))
			s.same("as kept", textOf(got.User["profile"], test.field), test.kept)

			name += "'s friend"
			code := s.code(name)
			data = input(s.openData(name, wechattest.KindProfile, map[string]any{"nickName": "梅", "avatarUrl": nil, test.field: test.given}))
			kept := ask[struct{ User texts }](s, "", loginDocument, variables{"code": code, "profile": data})
			s.same("as kept by login", textOf(kept.User["profile"], test.field), test.kept)
		})
	}
}

// textOf is a text of an object, "" for null.
func textOf(object any, field string) string {
	text, _ := object.(map[string]any)[field].(string)
	return text
}
