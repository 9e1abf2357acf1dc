package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
)

// hour is so many hours after begin.
func hour(n int) time.Time { return begin.Add(time.Duration(n) * time.Hour) }

// twoUsers are users who turn out to be one person, the older one first.
func twoUsers() (older, newer store.User) {
	older = store.User{
		ID: store.NewID(store.UserPrefix, hour(0)), FormerIDs: []string{"usr_absorbed"}, Role: store.RoleAdmin,
		UnionID: "u1",
		Identities: []store.Identity{
			{AppID: "app", OpenID: "a", LinkedAt: hour(0)}, {AppID: "app3", OpenID: "c", LinkedAt: hour(3)},
		},
		Profile:   store.Profile{NickName: "Alice", City: "Shenzhen", UpdatedAt: hour(3)},
		Phone:     &store.Phone{PureNumber: "13800138000", CountryCode: "86", BoundAt: hour(3)},
		CreatedAt: hour(0), LastLoginAt: hour(3), LoginCount: 3,
	}
	newer = store.User{
		ID: store.NewID(store.UserPrefix, hour(1)), FormerIDs: []string{"usr_other"}, Role: store.RoleUser,
		BlockedAt: hour(4), BlockedReason: "spam",
		UnionID: "u3", EarlierUnionIDs: []string{"u2"}, Identities: []store.Identity{{AppID: "app2", OpenID: "b", LinkedAt: hour(1)}},
		Profile:   store.Profile{NickName: "爱丽丝", UpdatedAt: hour(2)},
		Phone:     &store.Phone{PureNumber: "61234567", CountryCode: "852", BoundAt: hour(2)},
		CreatedAt: hour(1), LastLoginAt: hour(2), LoginCount: 2,
	}
	return older, newer
}

func TestMergeUsers(t *testing.T) {
	older, newer := twoUsers()
	want := store.User{
		ID: older.ID, FormerIDs: []string{"usr_absorbed", newer.ID, "usr_other"}, Role: store.RoleUser,
		BlockedAt: hour(4), BlockedReason: "spam",
		UnionID: "u3", EarlierUnionIDs: []string{"u2", "u1"},
		Identities: []store.Identity{
			{AppID: "app", OpenID: "a", LinkedAt: hour(0)}, {AppID: "app2", OpenID: "b", LinkedAt: hour(1)},
			{AppID: "app3", OpenID: "c", LinkedAt: hour(3)},
		},
		Profile: older.Profile, Phone: older.Phone,
		CreatedAt: hour(0), LastLoginAt: hour(3), LoginCount: 5,
	}
	for name, got := range map[string]store.Merging{
		"the older first": store.Merge(older, newer), "the newer first": store.Merge(newer, older),
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, got.User); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
			if got.Vanished != newer.ID || got.Released != newer.Phone {
				t.Errorf("%s vanished, %v was released", got.Vanished, got.Released)
			}
		})
	}
	again, other := twoUsers()
	older.ID, newer.ID = again.ID, other.ID
	if diff := cmp.Diff([]store.User{again, other}, []store.User{older, newer}); diff != "" {
		t.Errorf("the arguments were changed:\n%s", diff)
	}
}

// TestMergeDetail holds that the audit of a merge tells all it must and nothing
// of the person.
func TestMergeDetail(t *testing.T) {
	older, newer := twoUsers()
	detail := string(store.Merge(older, newer).Detail(4))
	for _, part := range []string{newer.ID + " became " + older.ID, "app2", "4 sessions", "phone number", "released", "role is USER", "blocked"} {
		if !strings.Contains(detail, part) {
			t.Errorf("the detail does not tell %q: %s", part, detail)
		}
	}
	for _, part := range []string{"61234567", "13800138000", "Alice", "爱丽丝", "Shenzhen", "spam", "u3"} {
		if strings.Contains(detail, part) {
			t.Errorf("the detail tells %q: %s", part, detail)
		}
	}
	older.Phone, older.Role, newer.BlockedAt = nil, store.RoleUser, time.Time{}
	want := fmt.Sprintf("%s became %s; moved: identities in app2, 0 sessions", newer.ID, older.ID)
	if got := string(store.Merge(older, newer).Detail(0)); got != want {
		t.Errorf("detail %q, want %q", got, want)
	}
}

func TestMergeBlocks(t *testing.T) {
	for _, test := range []struct {
		name         string
		older, newer time.Time
		want         store.Optional
	}{
		{"neither", time.Time{}, time.Time{}, ""},
		{"the older", hour(2), time.Time{}, "older"},
		{"the newer", time.Time{}, hour(2), "newer"},
		{"the older first", hour(2), hour(3), "older"},
		{"the newer first", hour(3), hour(2), "newer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			block := func(u *store.User, at time.Time, reason store.Optional) {
				if u.BlockedAt, u.BlockedReason = at, ""; !at.IsZero() {
					u.BlockedReason = reason
				}
			}
			older, newer := twoUsers()
			block(&older, test.older, "older")
			block(&newer, test.newer, "newer")
			got := store.Merge(older, newer).User
			if got.BlockedReason != test.want || got.Blocked() != (test.want != "") {
				t.Errorf("blocked %v for %q, want %q", got.Blocked(), got.BlockedReason, test.want)
			}
		})
	}
}

func TestLearnUnionID(t *testing.T) {
	for _, test := range []struct {
		name        string
		held        []string // newest first
		told        store.Optional
		wantNewest  store.Optional
		wantEarlier []string
	}{
		{"none", nil, "", "", nil},
		{"the first", nil, "u1", "u1", nil},
		{"none when one is held", []string{"u1"}, "", "u1", nil},
		{"the same", []string{"u1"}, "u1", "u1", nil},
		{"another", []string{"u1"}, "u2", "u2", []string{"u1"}},
		{"an earlier one", []string{"u2", "u1"}, "u1", "u2", []string{"u1"}},
		{"a third", []string{"u2", "u1"}, "u3", "u3", []string{"u2", "u1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var user store.User
			if len(test.held) > 0 {
				user.UnionID, user.EarlierUnionIDs = store.Optional(test.held[0]), test.held[1:]
			}
			got := user.LearnUnionID(test.told)
			if got.UnionID != test.wantNewest || fmt.Sprint(got.EarlierUnionIDs) != fmt.Sprint(test.wantEarlier) {
				t.Errorf("unionid %q, earlier %q", got.UnionID, got.EarlierUnionIDs)
			}
		})
	}
}
