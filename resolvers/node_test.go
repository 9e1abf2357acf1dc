package resolvers_test

import (
	"strings"
	"testing"
)

// named is what a node tells of itself.
type named struct {
	Typename string `json:"__typename"`
	ID       string
}

// node asks for a node; nil is null.
func (s *server) node(bearer, id string) *named {
	s.Helper()
	return ask[*named](s, bearer, nodeDocument, variables{"id": id})
}

func TestNode(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	user, session := mei.User.ID, mei.User.Sessions[0].ID
	s.same("own user", s.node(mei.AccessToken, user), &named{"User", user})
	s.same("own session", s.node(mei.AccessToken, session), &named{"Session", session})
	s.same("any user for the admin", s.node(adminKey, user), &named{"User", user})
	s.same("any session for the admin", s.node(adminKey, session), &named{"Session", session})

	for name, id := range map[string]string{
		"another's user":     user,
		"another's session":  session,
		"an absent user":     "usr_00000000000000000000000000",
		"an absent session":  "ses_00000000000000000000000000",
		"an event":           "evt_00000000000000000000000000",
		"a prefix":           "usr_",
		"nothing":            "",
		"garbage":            "garbage\x00",
		"much garbage":       strings.Repeat("usr_", 1000),
		"own id spelt large": strings.ToUpper(hua.User.ID),
		"own id with a tail": hua.User.ID + "0",
		"user id as session": "ses_" + hua.User.ID[4:],
	} {
		s.run(name, func(s *server) {
			s.same("node", s.node(hua.AccessToken, id), (*named)(nil))
		})
	}
	s.same("an absent user for the admin", s.node(adminKey, "usr_00000000000000000000000000"), (*named)(nil))
	s.same("garbage for the admin", s.node(adminKey, "garbage"), (*named)(nil))
}

// TestNodeOfAnother proves that what is another's is answered in the same bytes
// as what is not there.
func TestNodeOfAnother(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	absent, err := s.post(t.Context(), hua.AccessToken, nodeDocument, variables{"id": "usr_00000000000000000000000000"})
	s.need(err)
	for _, id := range []string{mei.User.ID, mei.User.Sessions[0].ID} {
		a, err := s.post(t.Context(), hua.AccessToken, nodeDocument, variables{"id": id})
		s.need(err)
		s.same("answer", a.body, absent.body)
	}
}

func TestNodeOfAnEvent(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	id := s.events(adminKey, nil).Edges[0].Node.ID
	s.same("for the admin key", s.node(adminKey, id), &named{"AuditEvent", id})
	s.same("for its user", s.node(hua.AccessToken, id), (*named)(nil))
	ask[changed](s, adminKey, roleDocument, variables{"id": mei.User.ID, "role": "ADMIN"})
	s.same("for an administrator", s.node(mei.AccessToken, id), &named{"AuditEvent", id})
}

func TestNodeOfAnEndedSession(t *testing.T) {
	s := start(t)
	phone, tablet := s.login("mei"), s.login("mei")
	ask[struct{}](s, phone.AccessToken, logoutDocument, nil)
	id := phone.User.Sessions[0].ID
	s.same("for its owner", s.node(tablet.AccessToken, id), (*named)(nil))
	s.same("for the admin", s.node(adminKey, id), (*named)(nil))
}

// TestWhatTheAdminSeesOfASession proves that the admin key, which has no
// session, is in none of a user's.
func TestWhatTheAdminSeesOfASession(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	got := ask[session](s, adminKey, `query($id: ID!) { node(id: $id) { ... on Session { `+sessionFields+` } } }`,
		variables{"id": in.User.Sessions[0].ID})
	s.same("session", got, in.User.Sessions[0])
}
