package resolvers_test

import (
	"strings"
	"testing"

	"menshen/wechat/wechattest"
)

const checkSession = "/wxa/checksession"

func TestSessionKey(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	s.same("after the login", ask[string](s, in.AccessToken, sessionKeyDocument, nil), "VALID")
	code := s.rotatedCode("mei")
	s.same("after WeChat rotated it", ask[string](s, in.AccessToken, sessionKeyDocument, nil), "STALE")
	ask[payload](s, "", loginDocument, variables{"code": code})
	s.same("after another login", ask[string](s, in.AccessToken, sessionKeyDocument, nil), "VALID")
	s.same("of the admin key", ask[*string](s, adminKey, sessionKeyDocument, nil), (*string)(nil))
	s.need(s.sim.Fault(wechattest.Fault{Path: checkSession, ErrCode: -1}))
	s.refused("WECHAT_UNAVAILABLE", in.AccessToken, sessionKeyDocument, nil)
}

func TestSessionKeyAsksWeChatOnce(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	a, err := s.post(t.Context(), in.AccessToken, "{ a: sessionKey b: sessionKey c: sessionKey }", nil)
	s.need(err)
	if strings.Count(a.body, `"VALID"`) != 3 {
		t.Error(a.body)
	}
	s.same("calls of WeChat", s.sim.Calls()[checkSession], 1)
}
