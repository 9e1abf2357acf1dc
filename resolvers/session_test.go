package resolvers_test

import (
	"testing"
	"time"
)

type ended struct{ EndedSessions int }

func TestLogout(t *testing.T) {
	s := start(t)
	phone, tablet := s.login("mei"), s.login("mei")
	s.same("logout", ask[ended](s, phone.AccessToken, logoutDocument, nil), ended{1})
	s.refused("UNAUTHENTICATED", phone.AccessToken, meDocument, nil)
	s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": phone.RefreshToken})
	s.same("sessions", len(ask[user](s, tablet.AccessToken, meDocument, nil).Sessions), 1)
}

func TestLogoutEverywhere(t *testing.T) {
	s := start(t)
	phone, tablet, other := s.login("mei"), s.login("mei"), s.login("hua")
	s.same("logout", ask[ended](s, phone.AccessToken, logoutDocument, variables{"everywhere": true}), ended{2})
	for _, in := range []payload{phone, tablet} {
		s.refused("UNAUTHENTICATED", in.AccessToken, meDocument, nil)
		s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": in.RefreshToken})
	}
	s.same("another's sessions", len(ask[user](s, other.AccessToken, meDocument, nil).Sessions), 1)
}

func TestRevokeSession(t *testing.T) {
	s := start(t)
	phone, tablet, other := s.login("mei"), s.login("mei"), s.login("hua")
	id, others := phone.User.Sessions[0].ID, other.User.Sessions[0].ID
	for name, id := range map[string]string{
		"another's":         others,
		"absent":            "ses_00000000000000000000000000",
		"not a session":     tablet.User.ID,
		"garbage":           "garbage",
		"nothing":           "",
		"in capital letter": "SES_" + id[4:],
	} {
		s.run(name, func(s *server) {
			got := s.refused("NOT_FOUND", tablet.AccessToken, revokeDocument, variables{"id": id})
			s.same("message", got.Message, message("NOT_FOUND"))
		})
	}
	s.same("revoked", ask[named](s, tablet.AccessToken, revokeDocument, variables{"id": id}).ID, id)
	s.refused("UNAUTHENTICATED", phone.AccessToken, meDocument, nil)
	s.refused("NOT_FOUND", tablet.AccessToken, revokeDocument, variables{"id": id}) // it is no more
	ask[user](s, other.AccessToken, meDocument, nil)

	own, err := s.tokens.Verify(tablet.AccessToken)
	s.need(err)
	s.same("revoked", ask[named](s, tablet.AccessToken, revokeDocument, variables{"id": own.SessionID}).ID, own.SessionID)
	s.refused("UNAUTHENTICATED", tablet.AccessToken, meDocument, nil)
}

func TestSessions(t *testing.T) {
	s := start(t)
	first := s.login("mei")
	s.clock.Advance(time.Minute)
	second := s.login("mei")
	s.clock.Advance(time.Minute)
	s.login("hua")
	list := ask[user](s, first.AccessToken, meDocument, nil).Sessions
	if len(list) != 2 {
		t.Fatalf("%d sessions, want 2: %+v", len(list), list)
	}
	s.same("newest", list[0].CreatedAt, second.User.LastLoginAt)
	s.same("newest is current", list[0].Current, false)
	s.same("oldest is current", list[1].Current, true)

	end := first.RefreshExpiresAt
	s.clock.Advance(end.Add(-time.Millisecond).Sub(s.clock.Now()))
	token := s.refresh(second.RefreshToken).AccessToken
	s.same("sessions before the first ends", len(ask[user](s, token, meDocument, nil).Sessions), 2)
	s.clock.Advance(time.Millisecond)
	s.same("sessions when it ends", len(ask[user](s, token, meDocument, nil).Sessions), 1)
}
