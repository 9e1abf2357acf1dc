package resolvers_test

import (
	"fmt"
	"testing"
	"time"
)

func TestLogin(t *testing.T) {
	s := start(t)
	phone, err := s.sim.Login(app, "mei")
	s.need(err)
	got := ask[payload](s, "", loginDocument, variables{"code": phone.Code})

	claims, err := s.tokens.Verify(got.AccessToken)
	s.need(err)
	want := payload{
		AccessToken: got.AccessToken, RefreshToken: got.RefreshToken, OpenID: phone.OpenID,
		ExpiresAt: begin.Add(accessTTL), ExpiresIn: int(accessTTL / time.Second),
		RefreshExpiresAt: begin.Add(sessionLife), IsNewUser: true,
		User: user{
			ID: claims.UserID, Status: "ACTIVE", Role: "USER", CreatedAt: begin, LastLoginAt: begin, LoginCount: 1,
			Profile:    profile{Gender: "UNKNOWN"},
			Identities: []identity{{app, phone.OpenID, begin}},
			Sessions: []session{{
				ID: claims.SessionID, AppID: app, UserAgent: userAgent, IPAddress: "192.0.2.1",
				CreatedAt: begin, LastUsedAt: begin, ExpiresAt: begin.Add(sessionLife),
			}},
		},
	}
	s.same("payload", got, want)
	want.User.Sessions[0].Current = true
	s.same("me", ask[user](s, got.AccessToken, meDocument, nil), want.User)
}

func TestLoginAgain(t *testing.T) {
	s := start(t)
	first := s.login("mei")
	later := s.clock.Advance(90 * time.Second)
	s.need(s.sim.Bind(app)) // unionid appears from now on
	phone, err := s.sim.Login(app, "mei")
	s.need(err)
	second := ask[payload](s, "", loginDocument, variables{"code": phone.Code})
	if second.IsNewUser || phone.UnionID == "" || second.UnionID != phone.UnionID || second.User.UnionID != phone.UnionID {
		t.Errorf("isNewUser %t, unionId %q and %q, want that of the phone, %q", second.IsNewUser, second.UnionID, second.User.UnionID, phone.UnionID)
	}
	want := first.User
	want.LoginCount, want.LastLoginAt, want.UnionID = 2, later, phone.UnionID
	want.Sessions = second.User.Sessions
	s.same("user", second.User, want)
	if second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken {
		t.Error("two logins share a token")
	}
}

func TestLoginOfSeveralApps(t *testing.T) {
	s := start(t, twoApps)
	s.need(s.sim.Bind(app, otherApp))
	for name, v := range map[string]variables{
		"no appId":        {"code": "x"},
		"appId null":      {"code": "x", "appId": nil},
		"an unknown app":  {"code": "x", "appId": "wxunknown"},
		"no app at all":   {"code": "x", "appId": ""},
		"another's case":  {"code": "x", "appId": "WXDEV00000000000000"},
		"an app's prefix": {"code": "x", "appId": app[:5]},
	} {
		s.run(name, func(s *server) {
			if got := s.refused("BAD_USER_INPUT", "", loginDocument, v); got.Extensions.Field != "appId" {
				s.Errorf("field %q, want appId", got.Extensions.Field)
			}
		})
	}
	s.same("calls of WeChat", s.calls(), 0)

	first := s.login("mei")
	phone, err := s.sim.Login(otherApp, "mei")
	s.need(err)
	second := ask[payload](s, "", loginDocument, variables{"code": phone.Code, "appId": otherApp})
	if second.IsNewUser || second.User.ID != first.User.ID || second.OpenID == first.OpenID {
		t.Errorf("one person in two apps of one account: %+v and %+v", first.User, second.User)
	}
	s.same("identities", second.User.Identities, []identity{{app, first.OpenID, begin}, {otherApp, phone.OpenID, begin}})
	// A code of one app is nothing to another.
	s.refused("LOGIN_CODE_INVALID", "", loginDocument, variables{"code": s.code("mei"), "appId": otherApp})
}

func TestLoginCodes(t *testing.T) {
	s := start(t)
	old := s.code("mei")
	s.clock.Advance(5 * time.Minute)
	used := s.code("mei")
	ask[payload](s, "", loginDocument, variables{"code": used})
	for name, code := range map[string]string{"old": old, "used": used, "invented": "x", "empty": "", "endless": string(make([]byte, 2000))} {
		s.run(name, func(s *server) {
			s.refused("LOGIN_CODE_INVALID", "", loginDocument, variables{"code": code})
		})
	}
}

func TestMaxSessions(t *testing.T) {
	s := start(t, func(o *options) { o.maxSessions = 3 })
	var logins []payload
	for range 5 {
		s.clock.Advance(time.Second)
		logins = append(logins, s.login("mei"))
	}
	last := logins[4]
	var want []string
	for _, in := range []payload{logins[4], logins[3], logins[2]} {
		want = append(want, in.User.Sessions[0].ID)
	}
	var got []string
	for i, live := range ask[user](s, last.AccessToken, meDocument, nil).Sessions {
		got = append(got, live.ID)
		if live.Current != (i == 0) {
			t.Errorf("session %d of the newest is current: %t", i, live.Current)
		}
	}
	s.same("sessions, newest first", got, want)
	for i, in := range logins[:2] {
		s.run(fmt.Sprintf("login %d has ended", i), func(s *server) {
			s.refused("UNAUTHENTICATED", in.AccessToken, meDocument, nil)
			s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": in.RefreshToken})
		})
	}
}
