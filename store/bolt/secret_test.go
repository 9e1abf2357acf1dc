package bolt

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"

	"menshen/store"
)

func TestFileHoldsNoSecret(t *testing.T) {
	s := openTest(t, testOptions())
	useEverything(t, s)
	renewSealing(t, s)
	file, err := os.ReadFile(s.file.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{"union-alice", "alice", app} {
		if !bytes.Contains(file, []byte(plain)) {
			t.Fatalf("%s is not in the file: this test looks at the wrong bytes", plain)
		}
	}
	secrets := []string{secretKey, secretKeyRaw, secretPhone, secretKeys}
	for _, secret := range append(secrets, keySecrets(t, s)...) {
		if bytes.Contains(file, []byte(secret)) {
			t.Errorf("%q is in the file", secret)
		}
	}
}

// keySecrets returns what the key file holds, in its text and bare.
func keySecrets(t *testing.T, s *Store) []string {
	t.Helper()
	text, err := os.ReadFile(string(keyFileOf(s.file.Path())))
	if err != nil {
		t.Fatal(err)
	}
	_, encoded, _ := strings.Cut(strings.TrimSpace(string(text)), "menshen-key-1:")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) != 32 {
		t.Fatalf("a key of %d bytes, %v", len(key), err)
	}
	return []string{encoded, string(key)}
}

// copies put a sealed value where it does not belong, and read it there.
var copies = []struct {
	name string
	copy func(t *tx, alice, bob store.User) error
	read func(ctx context.Context, s *Store, bob store.User) error
}{
	{"session_keys of another identity", copySessionKeys,
		func(ctx context.Context, s *Store, _ store.User) error {
			return errorOf(s.SessionKeys(ctx, app, "bob"))
		}},
	{"the phone number of another user", copyPhone,
		func(ctx context.Context, s *Store, bob store.User) error { return errorOf(s.User(ctx, bob.ID)) }},
	{"a secret of another name", copySecret,
		func(ctx context.Context, s *Store, _ store.User) error { return errorOf(s.Secret(ctx, "other")) }},
}

func copySessionKeys(t *tx, _, bob store.User) error {
	d := openRecord(t.get(bucketIdentities, identityKey(app, "alice")))
	d.id()
	sealed := d.bytes()
	raw := rawUser(bob.ID)
	e := newRecord(256)
	e.raw(raw[:])
	e.bytes(sealed)
	return t.put(bucketIdentities, identityKey(app, "bob"), e)
}

func copyPhone(t *tx, alice, bob store.User) error {
	raw := rawUser(bob.ID)
	record := t.get(bucketUsers, raw[:])
	_, own, err := decodeUserSealed(raw, record)
	if err != nil {
		return err
	}
	sealed, err := t.sealPhone(alice.Phone, alice.ID) // as long as bob's
	return errors.Join(err, t.put(bucketUsers, raw[:], bytes.Replace(record, own, sealed, 1)))
}

func copySecret(t *tx, _, _ store.User) error {
	return t.put(bucketKeys, []byte("other"), t.get(bucketKeys, []byte("token")))
}

func TestSealedValueOpensInItsRecordOnly(t *testing.T) {
	for _, test := range copies {
		t.Run(test.name, func(t *testing.T) {
			s := openUnchecked(t)
			alice := useEverything(t, s).User
			bob := mustLogin(t, s, login("bob")).User
			number := store.Phone{Number: "+8613900139000", PureNumber: "13900139000", CountryCode: "86"}
			if _, err := s.BindPhone(t.Context(), bob.ID, number, store.Actor{}); err != nil {
				t.Fatal(err)
			}
			if err := test.read(t.Context(), s, bob); err != nil {
				t.Fatal(err)
			}
			if err := s.update(t.Context(), "copy", func(t *tx) error { return test.copy(t, alice, bob) }); err != nil {
				t.Fatal(err)
			}
			if err := test.read(t.Context(), s, bob); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("error %v, want ErrDamaged", err)
			}
		})
	}
}
