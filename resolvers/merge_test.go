package resolvers_test

import (
	"testing"
	"time"
)

// byID asks for a user in the name of the admin key.
func (s *server) byID(id string) user {
	s.Helper()
	return ask[user](s, adminKey, userDocument, variables{"id": id})
}

// TestALateUnionID plays a person in two apps that come under one Open Platform
// account only afterwards.
func TestALateUnionID(t *testing.T) {
	s := start(t, twoApps)
	older := s.loginTo(app, "mei")
	s.clock.Advance(time.Minute)
	newer := s.loginTo(otherApp, "mei")
	if older.User.ID == newer.User.ID {
		t.Fatal("one user without a unionid")
	}
	s.need(s.sim.Bind(app, otherApp))
	s.loginTo(otherApp, "mei")
	merged := s.loginTo(app, "mei")
	s.same("who remains", merged.User.ID, older.User.ID)
	s.same("is new", merged.IsNewUser, false)
	s.same("logins", merged.User.LoginCount, 4)
	s.same("identities", merged.User.Identities, []identity{
		{app, older.OpenID, begin}, {otherApp, newer.OpenID, begin.Add(time.Minute)},
	})

	s.same("user by the vanished id", s.byID(newer.User.ID).ID, older.User.ID)
	s.same("node of the vanished id", s.node(adminKey, newer.User.ID), &named{"User", older.User.ID})
	for _, in := range []payload{older, newer} {
		s.same("me", ask[user](s, in.AccessToken, meDocument, nil).ID, older.User.ID)
		s.same("refreshed", s.refresh(in.RefreshToken).User.ID, older.User.ID)
		s.same("own node by the vanished id", s.node(in.AccessToken, newer.User.ID), &named{"User", older.User.ID})
	}
	s.same("logout", ask[ended](s, newer.AccessToken, logoutDocument, variables{"everywhere": true}), ended{4})
}

func TestAMergedUserIsAdministeredByEitherID(t *testing.T) {
	s := start(t, twoApps)
	older, newer := s.loginTo(app, "mei"), s.loginTo(otherApp, "mei")
	s.need(s.sim.Bind(app, otherApp))
	s.loginTo(otherApp, "mei")
	s.loginTo(app, "mei")
	for _, id := range []string{older.User.ID, newer.User.ID} {
		want := s.byID(id).ID
		s.same("blocked", s.block(id, "spam").ID, want)
		s.same("unblocked", ask[changed](s, adminKey, unblockDocument, variables{"id": id}).User.ID, want)
		s.same("role", ask[changed](s, adminKey, roleDocument, variables{"id": id, "role": "USER"}).User.ID, want)
		s.same("revoked", ask[changed](s, adminKey, revokeAllDocument, variables{"id": id}).User.ID, want)
		s.same("unbound", ask[changed](s, adminKey, unbindUserDocument, variables{"id": id}).User.ID, want)
	}
}
