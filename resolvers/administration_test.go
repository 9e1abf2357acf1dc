package resolvers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// block blocks a user in the name of the admin key.
func (s *server) block(id, reason string) user {
	s.Helper()
	return ask[changed](s, adminKey, blockDocument, variables{"id": id, "reason": reason}).User
}

func TestBlock(t *testing.T) {
	s := start(t)
	in, other := s.login("mei"), s.login("mei")
	got := s.block(in.User.ID, "  sells\nspam ")
	want := other.User
	want.Status, want.BlockedAt, want.BlockedReason, want.Sessions = "BLOCKED", begin, "sells\nspam", []session{}
	s.same("blocked user", got, want)

	for _, bearer := range []string{in.AccessToken, other.AccessToken} {
		if e := s.refused("USER_BLOCKED", bearer, meDocument, nil); e.Message != message("USER_BLOCKED") {
			t.Errorf("message %q", e.Message)
		}
	}
	s.refused("USER_BLOCKED", "", refreshDocument, variables{"token": in.RefreshToken})
	s.refused("USER_BLOCKED", "", loginDocument, variables{"code": s.code("mei")})

	open := ask[changed](s, adminKey, unblockDocument, variables{"id": in.User.ID}).User
	want.Status, want.BlockedAt, want.BlockedReason = "ACTIVE", time.Time{}, ""
	s.same("unblocked user", open, want)
	for _, bearer := range []string{in.AccessToken, other.AccessToken} { // what ended stays ended
		s.refused("UNAUTHENTICATED", bearer, meDocument, nil)
	}
	s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": in.RefreshToken})
	s.same("login after the block", s.login("mei").User.ID, in.User.ID)
}

// TestABlockedLoginKeepsTheKey proves that data fetched while the user was
// blocked opens afterwards: WeChat rotates the key whether we like the user or
// not.
func TestABlockedLoginKeepsTheKey(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	s.block(in.User.ID, "spam")
	s.refused("USER_BLOCKED", "", loginDocument, variables{"code": s.rotatedCode("mei")})
	data := sealedOnly(s.openData("mei", "share", nil))
	ask[changed](s, adminKey, unblockDocument, variables{"id": in.User.ID})
	ask[payload](s, "", loginDocument, variables{"code": s.rotatedCode("mei")})
	again := ask[payload](s, "", loginDocument, variables{"code": s.rotatedCode("mei")})
	s.same("type", ask[openData](s, again.AccessToken, openDataDocument, data).Typename, "ShareInfo")
}

func TestBlockReasons(t *testing.T) {
	s := start(t)
	id := s.login("mei").User.ID
	for name, reason := range map[string]string{
		"nothing": "", "white space": " \n\t", "too long": strings.Repeat("字", 501), "a control character": "a\x07b",
		"a direction override": "a\u202eb", "nothing to be seen": "\u3164\u200d",
	} {
		s.run(name, func(s *server) {
			got := s.refused("BAD_USER_INPUT", adminKey, blockDocument, variables{"id": id, "reason": reason})
			s.same("field", got.Extensions.Field, "reason")
		})
	}
	s.same("reason", s.block(id, strings.Repeat("字", 500)).BlockedReason, strings.Repeat("字", 500))
}

func TestRoles(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	setRole := func(bearer, id, role string) user {
		s.Helper()
		return ask[changed](s, bearer, roleDocument, variables{"id": id, "role": role}).User
	}
	s.refused("FORBIDDEN", mei.AccessToken, roleDocument, variables{"id": mei.User.ID, "role": "ADMIN"})
	s.same("role", setRole(adminKey, mei.User.ID, "ADMIN").Role, "ADMIN")
	s.same("another's user", s.node(mei.AccessToken, hua.User.ID), &named{"User", hua.User.ID})
	s.same("own user", ask[user](s, mei.AccessToken, meDocument, nil).Role, "ADMIN")
	s.same("role by an administrator", setRole(mei.AccessToken, hua.User.ID, "ADMIN").Role, "ADMIN")

	setRole(hua.AccessToken, mei.User.ID, "USER")
	s.refused("FORBIDDEN", mei.AccessToken, blockDocument, variables{"id": hua.User.ID, "reason": "revenge"})
	s.same("another's user", s.node(mei.AccessToken, hua.User.ID), (*named)(nil))
}

func TestRevokeUserSessions(t *testing.T) {
	s := start(t)
	phone, tablet := s.login("mei"), s.login("mei")
	got := ask[changed](s, adminKey, revokeAllDocument, variables{"id": phone.User.ID}).User
	s.same("sessions", got.Sessions, []session{})
	for _, in := range []payload{phone, tablet} {
		s.refused("UNAUTHENTICATED", in.AccessToken, meDocument, nil)
		s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": in.RefreshToken})
	}
	s.same("login after it", s.login("mei").User.ID, phone.User.ID)
}

func TestAdministrationOfNobody(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	for _, document := range []string{
		blockDocument, unblockDocument, roleDocument, revokeAllDocument, unbindUserDocument, deleteDocument,
	} {
		for _, id := range []string{"usr_00000000000000000000000000", in.User.Sessions[0].ID, "garbage", ""} {
			s.refused("NOT_FOUND", adminKey, document, variables{"id": id, "reason": "none", "role": "USER"})
		}
	}
}

func TestDeleteUser(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	deleted := ask[named](s, adminKey, deleteDocument, variables{"id": mei.User.ID})
	s.same("deleted", deleted.ID, mei.User.ID)
	s.same("deleted", ask[named](s, hua.AccessToken, deleteMeDocument, nil).ID, hua.User.ID)
	for _, in := range []payload{mei, hua} {
		s.refused("UNAUTHENTICATED", in.AccessToken, meDocument, nil)
		s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": in.RefreshToken})
		s.same("user", ask[*user](s, adminKey, userDocument, variables{"id": in.User.ID}), (*user)(nil))
		s.same("user", ask[*user](s, adminKey, userDocument, variables{"openId": in.OpenID}), (*user)(nil))
		s.refused("NOT_FOUND", adminKey, deleteDocument, variables{"id": in.User.ID})
	}
	again := s.login("mei")
	if !again.IsNewUser || again.User.ID == mei.User.ID {
		t.Errorf("login after the deletion: %s", cmp.Diff(mei.User, again.User))
	}
}
