package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"menshen/store"
)

// secret reads a secret as text.
func (f *fixture) secret(name string) string {
	f.Helper()
	keys, err := f.store.Secret(f.Context(), name)
	f.need(err)
	return string(keys)
}

func (f *fixture) putSecret(name, keys string) {
	f.Helper()
	f.need(f.store.UpdateSecret(f.Context(), name, func([]byte) ([]byte, error) { return []byte(keys), nil }))
}

func testSecretNone(t *testing.T, h Harness) {
	f := open(t, h)
	keys, err := f.store.Secret(t.Context(), "token")
	f.need(err)
	if keys != nil {
		t.Errorf("keys %q, want nil", keys)
	}
	f.need(f.store.UpdateSecret(t.Context(), "token", func(old []byte) ([]byte, error) {
		if old != nil {
			t.Errorf("the first change was given %q, want nil", old)
		}
		return []byte("first"), nil
	}))
	f.same("keys", f.secret("token"), "first")
}

func testSecretNames(t *testing.T, h Harness) {
	f := open(t, h)
	f.putSecret("token", "for tokens")
	f.putSecret("other", "for others")
	f.same("keys", f.secret("token"), "for tokens")
	f.same("keys", f.secret("other"), "for others")
	keys, err := f.store.Secret(t.Context(), "tok")
	if keys != nil || err != nil {
		t.Errorf("keys %q, %v, want none", keys, err)
	}
}

func testSecretError(t *testing.T, h Harness) {
	f := open(t, h)
	f.putSecret("token", "first")
	refusal := errors.New("no change")
	err := f.store.UpdateSecret(t.Context(), "token", func([]byte) ([]byte, error) { return []byte("second"), refusal })
	if err != refusal {
		t.Errorf("error %v, want the change's own", err)
	}
	f.same("keys", f.secret("token"), "first")
}

func testSecretChange(t *testing.T, h Harness) {
	f := open(t, h)
	for i := range 5 {
		f.need(f.store.UpdateSecret(t.Context(), "token", func(old []byte) ([]byte, error) {
			return fmt.Appendf(nil, "%s%d", old, i), nil
		}))
	}
	f.same("keys", f.secret("token"), "01234")
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
	f.same("keys", f.secret("token"), "for tokens")
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
	var ids [people]string
	f.together(people, func(i int) error {
		in := f.coming(fmt.Sprintf("person-%03d", i))
		in.SessionKey.Text = "key of " + in.OpenID
		out, err := f.store.Login(t.Context(), in)
		if err != nil {
			return err
		}
		ids[i] = out.User.ID
		_, err = f.store.BindPhone(t.Context(), out.User.ID, numbered(i), actor)
		return err
	})
	f.need(f.store.RotateSealing(t.Context()))
	_, err := f.store.PruneSealing(t.Context())
	f.need(err)
	for i, id := range ids {
		openID := fmt.Sprintf("person-%03d", i)
		f.same("session_keys", f.keyTexts(openID), []string{"key of " + openID})
		f.holder(numbered(i), id)
	}
}

// numbered is the phone number of person i.
func numbered(i int) store.Phone {
	number := fmt.Sprintf("138%08d", i)
	return store.Phone{Number: number, PureNumber: number, CountryCode: "86"}
}
