package resolvers_test

import (
	"testing"

	"menshen/wechat/wechattest"
)

// phoneCode is what the phone button gives to a user of the first app.
func (s *server) phoneCode(name, number string) string {
	s.Helper()
	code, err := s.sim.PhoneCode(app, name, number)
	s.need(err)
	return code
}

// bind binds a number by code.
func (s *server) bind(in payload, code string) *phone {
	s.Helper()
	return ask[changed](s, in.AccessToken, bindDocument, variables{"code": code}).User.PhoneNumber
}

var (
	domestic = &phone{PhoneNumber: "13800138000", PurePhoneNumber: "13800138000", CountryCode: "86"}
	foreign  = &phone{PhoneNumber: "+447700900123", PurePhoneNumber: "7700900123", CountryCode: "44"}
)

func TestBindPhoneNumberByCode(t *testing.T) {
	s := start(t)
	mei := s.login("mei")
	code := s.phoneCode("mei", "13800138000")
	s.same("bound", s.bind(mei, code), domestic)
	s.refused("PHONE_CODE_INVALID", mei.AccessToken, bindDocument, variables{"code": code}) // it was spent
	s.same("rebound", s.bind(mei, s.phoneCode("mei", "+44 7700900123")), foreign)
	s.same("unbound", ask[changed](s, mei.AccessToken, unbindDocument, nil).User.PhoneNumber, (*phone)(nil))
}

func TestPhoneCodesOfOthers(t *testing.T) {
	s := start(t)
	mei := s.login("mei")
	s.login("hua")
	for name, code := range map[string]string{
		"a stranger's": s.phoneCode("hua", ""), "invented": "x", "empty": "", "endless": string(make([]byte, 2000)),
	} {
		s.run(name, func(s *server) {
			got := s.refused("PHONE_CODE_INVALID", mei.AccessToken, bindDocument, variables{"code": code})
			s.same("message", got.Message, message("PHONE_CODE_INVALID"))
		})
	}
	s.same("phone", ask[user](s, mei.AccessToken, meDocument, nil).PhoneNumber, (*phone)(nil))
}

func TestBindPhoneNumberFromOpenData(t *testing.T) {
	s := start(t)
	mei := s.login("mei")
	for name, test := range map[string]struct {
		number *phone
		patch  map[string]any
	}{
		"at home":                  {domestic, map[string]any{"phoneNumber": "13800138000", "purePhoneNumber": "13800138000"}},
		"from abroad":              {foreign, map[string]any{"phoneNumber": "+447700900123", "purePhoneNumber": "7700900123", "countryCode": 44}},
		"from abroad without code": {&phone{"91234567", "91234567", "852", nil}, map[string]any{"phoneNumber": "91234567", "purePhoneNumber": "91234567", "countryCode": "852"}},
	} {
		s.run(name, func(s *server) {
			data := sealedOnly(s.openData("mei", wechattest.KindPhone, test.patch))
			s.same("bound", ask[changed](s, mei.AccessToken, bindDocument, data).User.PhoneNumber, test.number)
		})
	}
}

func TestBindPhoneNumberRefuses(t *testing.T) {
	s := start(t)
	mei := s.login("mei")
	data := func(kind string, patch map[string]any) variables { return sealedOnly(s.openData("mei", kind, patch)) }
	good := data(wechattest.KindPhone, nil)
	for name, test := range map[string]struct {
		field string
		v     variables
	}{
		"nothing":             {"code", nil},
		"code and data":       {"code", variables{"code": "x", "encryptedData": good["encryptedData"], "iv": good["iv"]}},
		"code and iv":         {"code", variables{"code": "x", "iv": good["iv"]}},
		"data without iv":     {"iv", with("iv", nil)(good)},
		"iv without data":     {"encryptedData", with("encryptedData", nil)(good)},
		"half a block":        {"encryptedData", with("encryptedData", "AAAAAAAAAAA=")(good)},
		"a profile":           {"encryptedData", data(wechattest.KindProfile, nil)},
		"two numbers":         {"encryptedData", data(wechattest.KindPhone, map[string]any{"phoneNumber": "13800138000", "purePhoneNumber": "13900139000"})},
		"a bent beginning":    {"encryptedData", data(wechattest.KindPhone, map[string]any{"phoneNumber": "99138001380", "purePhoneNumber": "13800138000"})},
		"a bent country":      {"encryptedData", data(wechattest.KindPhone, map[string]any{"phoneNumber": "+447700900123", "purePhoneNumber": "7700900123", "countryCode": "49"})},
		"a number of letters": {"encryptedData", data(wechattest.KindPhone, map[string]any{"phoneNumber": "none", "purePhoneNumber": "none"})},
	} {
		s.run(name, func(s *server) {
			got := s.refused("BAD_USER_INPUT", mei.AccessToken, bindDocument, test.v)
			s.same("field", got.Extensions.Field, test.field)
		})
	}
	s.refused("WRONG_APP", mei.AccessToken, bindDocument, data(wechattest.KindPhone, map[string]any{"watermark": nil}))
}

func TestANumberHasOneHolder(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	s.bind(mei, s.phoneCode("mei", "13800138000"))
	take := func() variables { return variables{"code": s.phoneCode("hua", "+86 13800138000")} }
	got := s.refused("CONFLICT", hua.AccessToken, bindDocument, take())
	s.same("message", got.Message, message("CONFLICT"))

	freed := ask[changed](s, adminKey, unbindUserDocument, variables{"id": mei.User.ID}).User
	s.same("unbound by the admin", freed.PhoneNumber, (*phone)(nil))
	s.same("bound", ask[changed](s, hua.AccessToken, bindDocument, take()).User.PhoneNumber, domestic)
	s.same("unbound", ask[changed](s, hua.AccessToken, unbindDocument, nil).User.PhoneNumber, (*phone)(nil))
	s.same("bound again", s.bind(mei, s.phoneCode("mei", "13800138000")), domestic)
}

func TestWhoSeesANumber(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	s.bind(mei, s.phoneCode("mei", "13800138000"))
	s.same("its owner", ask[user](s, mei.AccessToken, meDocument, nil).PhoneNumber, domestic)
	s.same("its owner at login", s.login("mei").User.PhoneNumber, domestic)
	s.same("its owner at refresh", s.refresh(mei.RefreshToken).User.PhoneNumber, domestic)
	byID := variables{"id": mei.User.ID}
	s.same("the admin key", ask[user](s, adminKey, userDocument, byID).PhoneNumber, domestic)
	s.same("the admin key, as a node", s.phoneOfNode(adminKey, mei.User.ID), domestic)
	s.refused("FORBIDDEN", hua.AccessToken, userDocument, byID)
	s.same("a stranger", s.phoneOfNode(hua.AccessToken, mei.User.ID), (*phone)(nil))

	ask[changed](s, adminKey, roleDocument, variables{"id": hua.User.ID, "role": "ADMIN"})
	s.same("a user who became an administrator", s.phoneOfNode(hua.AccessToken, mei.User.ID), domestic)
}

func (s *server) phoneOfNode(bearer, id string) *phone {
	s.Helper()
	got := ask[*user](s, bearer, `query($id: ID!) { node(id: $id) { ... on User { `+phoneFields+` } } }`, variables{"id": id})
	if got == nil {
		return nil
	}
	return got.PhoneNumber
}

// TestALoginShowsWhoLogsIn proves that a login shows the number of who logs in,
// whoever's bearer token the request carries.
func TestALoginShowsWhoLogsIn(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	s.bind(mei, s.phoneCode("mei", "13800138000"))
	got := ask[payload](s, hua.AccessToken, loginDocument, variables{"code": s.code("mei")})
	s.same("phone", got.User.PhoneNumber, domestic)
}

func TestUserByPhone(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	s.bind(mei, s.phoneCode("mei", "13800138000"))
	s.bind(hua, s.phoneCode("hua", "+44 7700900123"))
	for text, want := range map[string]string{
		"13800138000": mei.User.ID, "+86 138-0013-8000": mei.User.ID, "008613800138000": mei.User.ID,
		"+44 7700 900123": hua.User.ID, "447700900123": hua.User.ID, "7700900123": "", "nobody's": "", "": "",
	} {
		got := ask[user](s, adminKey, userDocument, variables{"phoneNumber": text})
		s.same(text, got.ID, want)
	}
}
