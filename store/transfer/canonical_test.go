package transfer

import (
	"bytes"
	"testing"
	"time"

	"menshen/store"
)

// TestCanonical finds out that what differs is written differently, however near it is.
func TestCanonical(t *testing.T) {
	user := func(change func(*store.KeptUser)) store.Batch {
		u := store.KeptUser{User: store.User{ID: "usr_1", UnionID: "u"}}
		change(&u)
		return store.Batch{Users: []store.KeptUser{u}}
	}
	different := map[string]store.Batch{
		"nobody":               {},
		"somebody":             user(func(*store.KeptUser) {}),
		"two":                  {Users: make([]store.KeptUser, 2)},
		"a name and no city":   user(func(u *store.KeptUser) { u.Profile.NickName = "x" }),
		"a city and no name":   user(func(u *store.KeptUser) { u.Profile.City = "x" }),
		"a phone":              user(func(u *store.KeptUser) { u.Phone = &store.Phone{Number: "1"} }),
		"another phone":        user(func(u *store.KeptUser) { u.Phone = &store.Phone{Number: "2"} }),
		"a phone of nothing":   user(func(u *store.KeptUser) { u.Phone = &store.Phone{} }),
		"a session_key":        user(func(u *store.KeptUser) { u.SessionKeys = [][]store.SessionKey{{{Text: "1"}}} }),
		"another session_key":  user(func(u *store.KeptUser) { u.SessionKeys = [][]store.SessionKey{{{Text: "2"}}} }),
		"one former id":        user(func(u *store.KeptUser) { u.FormerIDs = []string{"ab"} }),
		"two former ids":       user(func(u *store.KeptUser) { u.FormerIDs = []string{"a", "b"} }),
		"blocked in 1970":      user(func(u *store.KeptUser) { u.BlockedAt = time.UnixMilli(0) }),
		"blocked a bit later":  user(func(u *store.KeptUser) { u.BlockedAt = time.UnixMilli(1) }),
		"a session":            {Sessions: []store.Session{{ID: "usr_1"}}},
		"a session that ended": {Sessions: []store.Session{{ID: "usr_1", Blocked: true}}},
		"another hash":         {Sessions: []store.Session{{ID: "usr_1", Refresh: store.RefreshToken{Hash: [32]byte{1}}}}},
	}
	for name, one := range different {
		for otherName, other := range different {
			if same := bytes.Equal(canonical(one), canonical(other)); same != (name == otherName) {
				t.Errorf("%s and %s: same %v", name, otherName, same)
			}
		}
	}
}

// TestCanonicalIsOfTheRecords has what two engines read differently and means the same.
func TestCanonicalIsOfTheRecords(t *testing.T) {
	at := time.Date(2026, 11, 21, 8, 0, 0, 1e6, time.UTC)
	one := store.Batch{Users: []store.KeptUser{{User: store.User{Identities: []store.Identity{}, CreatedAt: at}}}, Last: []byte{1}}
	other := store.Batch{Users: []store.KeptUser{{User: store.User{CreatedAt: at.In(time.FixedZone("", 3600)).Add(time.Microsecond)}}}}
	if !bytes.Equal(canonical(one), canonical(other)) {
		t.Error("they differ")
	}
}
