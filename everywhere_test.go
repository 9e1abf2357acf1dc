package main_test

import (
	"testing"

	"menshen/store/mysql/mysqltest"
)

// TestEndsEverywhere ends login states through one instance, in each way. They are
// over at the next request, whichever instance gets it.
func TestEndsEverywhere(t *testing.T) {
	f := newFleet(t, mysqltest.Shared(t))
	admin := f.houses[0].adminKey
	for way, end := range map[string]struct {
		bearer string // "": the user's own
		query  string
		want   refused
	}{
		"logout":     {"", `mutation { logout { endedSessions } }`, "UNAUTHENTICATED"},
		"revocation": {admin, endSessions, "UNAUTHENTICATED"},
		"block":      {admin, block, "USER_BLOCKED"},
		"deletion":   {admin, deleteOne, "UNAUTHENTICATED"},
	} {
		t.Run(way, func(t *testing.T) {
			e := f.enter("ended by " + way)
			f.expectMe(t, e.AccessToken, nil)
			if end.bearer == "" {
				end.bearer = e.AccessToken
			}
			f.instance(0).mustAsk(end.bearer, end.query, map[string]any{"id": e.User.ID, "reason": "Everywhere."}, nil)
			f.expectMe(t, e.AccessToken, end.want)
			for i := range f.instances {
				if _, err := f.instance(i).refresh(t.Context(), e.RefreshToken); err != end.want {
					t.Errorf("instance %d: refreshLogin: %v, want %v", i+1, err, end.want)
				}
			}
		})
	}
}

// expectMe asks every instance who a token speaks for.
func (f *fleet) expectMe(t *testing.T, token string, want error) {
	t.Helper()
	for i := range f.instances {
		if _, err := f.instance(i).me(t.Context(), token); err != want {
			t.Errorf("instance %d: me: %v, want %v", i+1, err, want)
		}
	}
}

// TestRoleEverywhere makes somebody an administrator through one instance, and a user
// again through another.
func TestRoleEverywhere(t *testing.T) {
	f := newFleet(t, mysqltest.Shared(t))
	ada := f.enter("ada")
	for giver, step := range []struct {
		role string
		want error
	}{{"ADMIN", nil}, {"USER", refused("FORBIDDEN")}} {
		f.instance(giver).mustAsk(f.houses[0].adminKey, setRole, map[string]any{"id": ada.User.ID, "role": step.role}, nil)
		for i := range f.instances {
			errs, err := f.instance(i).ask(t.Context(), ada.AccessToken, `{ users(first: 1) { totalCount } }`, nil, nil)
			if got := failure(errs, err); got != step.want {
				t.Errorf("instance %d: users, as %s: %v, want %v", i+1, step.role, got, step.want)
			}
		}
	}
}
