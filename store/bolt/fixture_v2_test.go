package bolt

import (
	"crypto/sha256"
	"errors"
	"testing"

	"menshen/store"
)

var fixtureWithdrawal = store.Withdrawal{
	MessageID: sha256.Sum256([]byte("message")), AppID: fixtureApp, OpenID: "carol", NickName: true, Detail: "user_info_modified",
}

// TestFixtureV2 migrates a store with what version 2 brought. Alice was two users;
// her unionid changed, and she has a phone number. Bob is blocked. Carol is an
// administrator, and took her nickname back.
func TestFixtureV2(t *testing.T) {
	s := openFixture(t, "v2")
	alice, bob, carol := fixtureUser(t, s, "alice"), fixtureUser(t, s, "bob"), fixtureUser(t, s, "carol")

	bound := fixturePhone
	bound.BoundAt = minute(6)
	same(t, "alice", alice, store.User{
		ID: alice.ID, FormerIDs: alice.FormerIDs, Role: store.RoleUser,
		UnionID: "union-moved", EarlierUnionIDs: []string{"union-alice"}, Phone: &bound,
		Identities: []store.Identity{
			{AppID: fixtureApp, OpenID: "alice", LinkedAt: minute(0), ActiveOn: today},
			{AppID: fixtureOtherApp, OpenID: "alice-there", LinkedAt: minute(1), ActiveOn: today},
		},
		Profile:   store.Profile{NickName: "爱丽丝", Gender: store.GenderFemale, City: "深圳", UpdatedAt: minute(0)},
		CreatedAt: minute(0), LastLoginAt: minute(3), LoginCount: 4,
	}, nil)
	same(t, "whom alice absorbed", mustUser(t, s, alice.FormerIDs[0]).ID, alice.ID, nil)
	same(t, "bob", bob, store.User{
		ID: bob.ID, Role: store.RoleUser, BlockedAt: minute(7), BlockedReason: "spam",
		Identities: []store.Identity{{AppID: fixtureApp, OpenID: "bob", LinkedAt: minute(4), ActiveOn: today}},
		CreatedAt:  minute(4), LastLoginAt: minute(4), LoginCount: 1,
	}, nil)
	same(t, "carol", carol, store.User{
		ID: carol.ID, Role: store.RoleAdmin,
		Identities: []store.Identity{{AppID: fixtureApp, OpenID: "carol", LinkedAt: minute(5), ActiveOn: today}},
		Profile:    store.Profile{AvatarURL: "https://example.com/carol", UpdatedAt: minute(9)},
		CreatedAt:  minute(5), LastLoginAt: minute(5), LoginCount: 1,
	}, nil)
	fixtureRest(t, s)
	fixtureTrail(t, s)
}

func fixtureUser(t *testing.T, s *Store, openID string) store.User {
	t.Helper()
	user, err := s.UserByIdentity(t.Context(), fixtureApp, openID)
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// fixtureRest looks at what is kept beside the users.
func fixtureRest(t *testing.T, s *Store) {
	t.Helper()
	if _, _, err := s.Authenticate(t.Context(), fixtureID(5)); !errors.Is(err, store.ErrUserBlocked) {
		t.Errorf("bob's session: %v, want ErrUserBlocked", err)
	}
	refreshed, err := s.Session(t.Context(), fixtureID(1))
	successor := store.RefreshToken{Generation: 1, KeyID: 6, Hash: fixtureHash, IssuedAt: minute(10)}
	same(t, "alice's session", refreshed.Refresh, successor, err)
	live, err := s.CountSessions(t.Context())
	same(t, "live sessions", live, 5, err)
	rows, err := s.Activity(t.Context(), today, today, fixtureApp)
	same(t, "figures of an app", rows, []store.Activity{{Day: today, NewUsers: 3, ActiveUsers: 3, Logins: 5}}, err)
	rows, err = s.Activity(t.Context(), today, today, "")
	same(t, "figures of all", rows, []store.Activity{{Day: today, NewUsers: 4, ActiveUsers: 4, Logins: 6}}, err)
	secret, err := s.Secret(t.Context(), "token")
	same(t, "the secret", string(secret), "keys of version 2", err)
	sealing, err := s.SealingKeys(t.Context())
	same(t, "sealing keys", len(sealing), 2, err)
}

// fixtureTrail looks at the audit, before and after a message comes again.
func fixtureTrail(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Withdraw(t.Context(), fixtureWithdrawal); err != nil {
		t.Error(err)
	}
	page, err := s.AuditEvents(t.Context(), store.AuditQuery{Limit: 100})
	var actions []string
	for _, e := range page.Events {
		actions = append(actions, e.Action)
	}
	same(t, "audit events", actions, []string{
		store.ActionPush, store.ActionSetRole, store.ActionBlock, store.ActionBindPhone,
		store.ActionLogin, store.ActionLogin, store.ActionLogin, store.ActionLogin, store.ActionMerge, store.ActionLogin, store.ActionLogin,
	}, err)
}
