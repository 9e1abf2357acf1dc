package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Merging is two users who turn out to be one person.
type Merging struct {
	User     User   // what they become
	Vanished string // the id that is no user's own any more; it keeps answering
	Released *Phone // the number that is free from now on, if both had one
	lowered  bool
	moved    []Identity
}

// Merge makes one user of two. The older one's id stays. Of the profiles the
// newer wins, of two phone numbers the one bound later. The user is blocked if
// either was, and an administrator only if both were: nobody gains a role, or
// loses a block, by being somebody else too.
func Merge(a, b User) Merging {
	older, newer := a, b
	if b.ID < a.ID { // ids begin with the time
		older, newer = b, a
	}
	m := Merging{User: older, Vanished: newer.ID, moved: newer.Identities}
	u := &m.User
	u.FormerIDs = slices.Concat(older.FormerIDs, []string{newer.ID}, newer.FormerIDs)
	for _, unionID := range slices.Backward(newer.UnionIDs()) {
		*u = u.LearnUnionID(Optional(unionID))
	}
	u.Identities = slices.Concat(older.Identities, newer.Identities)
	slices.SortStableFunc(u.Identities, func(i, j Identity) int { return i.LinkedAt.Compare(j.LinkedAt) })
	u.Profile = mergeProfiles(older.Profile, newer.Profile)
	u.Phone, m.Released = laterPhone(older.Phone, newer.Phone)
	if older.Role != newer.Role {
		u.Role, m.lowered = RoleUser, true
	}
	if newer.Blocked() && (!older.Blocked() || newer.BlockedAt.Before(older.BlockedAt)) {
		u.BlockedAt, u.BlockedReason = newer.BlockedAt, newer.BlockedReason
	}
	if newer.LastLoginAt.After(older.LastLoginAt) {
		u.LastLoginAt = newer.LastLoginAt
	}
	u.LoginCount += newer.LoginCount
	return m
}

func mergeProfiles(a, b Profile) Profile {
	if a.UpdatedAt.After(b.UpdatedAt) {
		a, b = b, a
	}
	if b.UpdatedAt.IsZero() {
		return a
	}
	return a.Merge(b, b.UpdatedAt)
}

func laterPhone(a, b *Phone) (kept, released *Phone) {
	if a == nil || b == nil {
		return cmp.Or(a, b), nil
	}
	if b.BoundAt.After(a.BoundAt) {
		return b, a
	}
	return a, b
}

// Detail is the merge in words, for the audit: ids, apps and numbers, no
// personal data.
func (m Merging) Detail(sessions int) Optional {
	var apps []string
	for _, i := range m.moved {
		apps = append(apps, i.AppID)
	}
	text := fmt.Sprintf("%s became %s; moved: identities in %s, %d sessions", m.Vanished, m.User.ID, strings.Join(apps, ", "), sessions)
	if m.Released != nil {
		text += "; the phone number bound earlier was released"
	}
	if m.lowered {
		text += "; the role is USER, as one of them had it"
	}
	if m.User.Blocked() {
		text += "; the user is blocked, as one of them was"
	}
	return Optional(text)
}
