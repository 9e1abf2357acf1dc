package storetest

import (
	"fmt"
	"slices"
	"testing"

	"menshen/store"
)

var sealingLaws = []law{
	{"a rotation adds a sealing key", testRotateSealing},
	{"a prune forgets the older sealing keys", testPruneSealing},
	{"a prune without older keys does nothing", testPruneNothing},
	{"a prune reaches every record", testPruneMany},
}

func (f *fixture) sealingKeys() []store.SealingKey {
	f.Helper()
	keys, err := f.store.SealingKeys(f.Context())
	f.need(err)
	return keys
}

// activeKey returns the id of the one active sealing key.
func (f *fixture) activeKey() string {
	f.Helper()
	var active []string
	for _, k := range f.sealingKeys() {
		if k.Active {
			active = append(active, k.ID)
		}
	}
	if len(active) != 1 {
		f.Fatalf("active sealing keys %q, want one", active)
	}
	return active[0]
}

// sealEverything leaves something of each kind that is sealed; sealed checks it.
func (f *fixture) sealEverything() (userID string) {
	f.Helper()
	in := f.coming("alice")
	in.SessionKey = f.key("first")
	alice := f.login(in).User
	f.bind(alice.ID, mobile)
	f.putSecret("token", "for tokens")
	return alice.ID
}

func (f *fixture) sealed(userID string) {
	f.Helper()
	f.same("session_keys", f.keyTexts("alice"), []string{"first"})
	f.same("phone", f.user(userID).Phone, bound(mobile, begin))
	f.holder(mobile, userID)
	f.same("the secret", f.secret("token"), "for tokens")
}

func testRotateSealing(t *testing.T, h Harness) {
	f := open(t, h)
	userID := f.sealEverything()
	f.same("sealing keys at first", len(f.sealingKeys()), 1)
	first := f.activeKey()
	f.need(f.store.RotateSealing(t.Context()))
	keys := f.sealingKeys()
	if len(keys) != 2 || f.activeKey() == first || !slices.Contains(keys, store.SealingKey{ID: first}) {
		t.Errorf("sealing keys %v after the rotation of %s", keys, first)
	}
	f.sealed(userID)
	f.reopen()
	f.same("sealing keys after reopening", f.sealingKeys(), keys)
	f.sealed(userID)
}

func testPruneSealing(t *testing.T, h Harness) {
	f := open(t, h)
	userID := f.sealEverything()
	first := f.activeKey()
	f.need(f.store.RotateSealing(t.Context()))
	second := f.activeKey()
	f.need(f.store.RotateSealing(t.Context()))
	third := f.activeKey()

	pruned, err := f.store.PruneSealing(t.Context())
	f.need(err)
	slices.Sort(pruned)
	want := []string{first, second}
	slices.Sort(want)
	f.same("pruned", pruned, want)
	f.same("sealing keys", f.sealingKeys(), []store.SealingKey{{ID: third, Active: true}})
	f.sealed(userID)
	f.reopen()
	f.same("sealing keys after reopening", f.sealingKeys(), []store.SealingKey{{ID: third, Active: true}})
	f.sealed(userID)
}

func testPruneNothing(t *testing.T, h Harness) {
	f := open(t, h)
	userID := f.sealEverything()
	before := f.sealingKeys()
	pruned, err := f.store.PruneSealing(t.Context())
	f.need(err)
	f.same("pruned", len(pruned), 0)
	f.same("sealing keys", f.sealingKeys(), before)
	f.sealed(userID)
}

// testPruneMany has more records than an engine would seal again at once.
func testPruneMany(t *testing.T, h Harness) {
	const people = 450
	f := open(t, h)
	f.together(people, f.sealOne)
	f.need(f.store.RotateSealing(t.Context()))
	f.need(errorOf(f.store.PruneSealing(t.Context())))
	f.sealedOnes(people)
}

// sealOne logs person i in, gives them a number and reads both again.
func (f *fixture) sealOne(i int) error {
	in := f.coming(fmt.Sprintf("person-%03d", i))
	in.SessionKey.Text = "key of " + in.OpenID
	out, err := f.store.Login(f.Context(), in)
	if err != nil {
		return err
	}
	if _, err = f.store.BindPhone(f.Context(), out.User.ID, numbered(i), actor); err != nil {
		return err
	}
	user, err := f.store.UserByPhone(f.Context(), numbered(i))
	if err == nil && user.Phone.Canonical() != numbered(i).Canonical() {
		err = fmt.Errorf("person %d has another's number", i)
	}
	return err
}

// sealedOnes checks what sealOne has left of the first n people.
func (f *fixture) sealedOnes(n int) {
	f.Helper()
	for i := range n {
		openID := fmt.Sprintf("person-%03d", i)
		f.same("session_keys", f.keyTexts(openID), []string{"key of " + openID})
		user, err := f.store.UserByPhone(f.Context(), numbered(i))
		f.need(err)
		f.same("phone", user.Phone, bound(numbered(i), begin))
		f.same("whose it is", user.Identities[0].OpenID, openID)
	}
}

// numbered is the phone number of person i.
func numbered(i int) store.Phone {
	number := fmt.Sprintf("138%08d", i)
	return store.Phone{Number: number, PureNumber: number, CountryCode: "86"}
}
