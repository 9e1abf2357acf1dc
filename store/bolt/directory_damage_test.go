package bolt

import (
	"errors"
	"testing"

	"go.etcd.io/bbolt"

	"menshen/store"
)

// vanished is the id of a user who was absorbed.
var vanished = store.RawID{1}.Text(store.UserPrefix)

var (
	everybody = store.UserFilter{}
	byName    = store.UserFilter{Search: "ali"}
	byDay     = store.UserFilter{LastLogin: store.TimeRange{From: begin, To: begin.Add(1)}}
)

// misleadings break what leads to a user, one thing at a time.
var misleadings = []struct {
	name   string
	filter store.UserFilter
	damage func(tx *bbolt.Tx, user store.RawID) error
}{
	{"a user is missing", everybody, removeUser},
	{"a user of that name is missing", byName, removeUser},
	{"a user of that day is missing", byDay, removeUser},
	{"a user does not read", store.UserFilter{Role: store.RoleUser}, func(tx *bbolt.Tx, user store.RawID) error {
		return tx.Bucket(bucketUsers).Put(user[:], []byte("?"))
	}},
	{"a key of the directory is too long", everybody, func(tx *bbolt.Tx, user store.RawID) error {
		return tx.Bucket(bucketDirectory).Put(append(directoryKey(store.FacetEverybody, store.ByCreatedAt, begin, user), 0), nil)
	}},
	{"a key of the directory is too short", byDay, func(tx *bbolt.Tx, _ store.RawID) error {
		return tx.Bucket(bucketDirectory).Put(append(directoryPrefix(store.FacetEverybody, store.ByLastLoginAt), at(begin, nil)...), nil)
	}},
	{"a key of the names has no id", byName, func(tx *bbolt.Tx, _ store.RawID) error {
		return tx.Bucket(bucketNickNames).Put([]byte("ali"), nil)
	}},
	{"a former id leads nowhere", store.UserFilter{Search: vanished}, func(tx *bbolt.Tx, _ store.RawID) error {
		former := rawUser(vanished)
		return tx.Bucket(bucketFormerIDs).Put(former[:], former[:])
	}},
	{"an identity does not read", store.UserFilter{Search: "alice"}, func(tx *bbolt.Tx, _ store.RawID) error {
		return tx.Bucket(bucketIdentities).Put(identityKey(app, "alice"), []byte("?"))
	}},
}

func removeUser(tx *bbolt.Tx, user store.RawID) error { return tx.Bucket(bucketUsers).Delete(user[:]) }

func TestDirectoryDamaged(t *testing.T) {
	for _, test := range misleadings {
		t.Run(test.name, func(t *testing.T) {
			s := openUnchecked(t)
			in := login("alice")
			in.Profile = &store.Profile{NickName: "Alice"}
			user := rawUser(mustLogin(t, s, in).User.ID)
			q := store.UserQuery{Filter: test.filter, Limit: 10}
			if _, err := s.Users(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			if err := s.file.Update(func(tx *bbolt.Tx) error { return test.damage(tx, user) }); err != nil {
				t.Fatal(err)
			}
			if page, err := s.Users(t.Context(), q); !errors.Is(err, store.ErrDamaged) || len(page.Users) > 0 {
				t.Errorf("%d users, %v, want ErrDamaged", len(page.Users), err)
			}
		})
	}
}
