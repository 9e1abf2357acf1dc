package storetest

import (
	"errors"
	"fmt"
	"testing"
)

var secretLaws = []law{
	{"a secret is nil at first", testSecretNone},
	{"secrets are kept by name", testSecretNames},
	{"an error of the change writes nothing", testSecretError},
	{"a change sees what the last one wrote", testSecretChange},
}

// secret reads a secret as text.
func (f *fixture) secret(name string) string {
	f.Helper()
	value, err := f.store.Secret(f.Context(), name)
	f.need(err)
	return string(value)
}

func (f *fixture) putSecret(name, value string) {
	f.Helper()
	f.need(f.store.UpdateSecret(f.Context(), name, func([]byte) ([]byte, error) { return []byte(value), nil }))
}

func testSecretNone(t *testing.T, h Harness) {
	f := open(t, h)
	value, err := f.store.Secret(t.Context(), "token")
	f.need(err)
	if value != nil {
		t.Errorf("a secret %q, want nil", value)
	}
	f.need(f.store.UpdateSecret(t.Context(), "token", func(old []byte) ([]byte, error) {
		if old != nil {
			t.Errorf("the first change was given %q, want nil", old)
		}
		return []byte("first"), nil
	}))
	f.same("the secret", f.secret("token"), "first")
}

func testSecretNames(t *testing.T, h Harness) {
	f := open(t, h)
	f.putSecret("token", "for tokens")
	f.putSecret("other", "for others")
	f.same("the secret of tokens", f.secret("token"), "for tokens")
	f.same("the secret of others", f.secret("other"), "for others")
	value, err := f.store.Secret(t.Context(), "tok")
	if value != nil || err != nil {
		t.Errorf("a secret %q, %v, want none", value, err)
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
	f.same("the secret", f.secret("token"), "first")
}

func testSecretChange(t *testing.T, h Harness) {
	f := open(t, h)
	for i := range 5 {
		f.need(f.store.UpdateSecret(t.Context(), "token", func(old []byte) ([]byte, error) {
			return fmt.Appendf(nil, "%s%d", old, i), nil
		}))
	}
	f.same("the secret", f.secret("token"), "01234")
}
