package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"menshen/store/seal"
)

var secret = []byte("session_key 1234")

func newRing(t *testing.T) *seal.Ring {
	t.Helper()
	ring, err := seal.NewRing()
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func newKey(t *testing.T) seal.Key {
	t.Helper()
	key, err := seal.KeyFile(filepath.Join(t.TempDir(), "menshen.key")).Key(true)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// must ends the test on an error of Rotate, Prune, Seal or Lookup.
func must[T any](t *testing.T, call func() (T, error)) T {
	t.Helper()
	v, err := call()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sealed(t *testing.T, ring *seal.Ring) []byte {
	t.Helper()
	return must(t, func() ([]byte, error) { return ring.Seal(secret, "record") })
}

func opens(t *testing.T, ring *seal.Ring, value []byte) {
	t.Helper()
	if got, err := ring.Open(value, "record"); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("opened %q, %v", got, err)
	}
}

func staysShut(t *testing.T, ring *seal.Ring, value []byte, record string) {
	t.Helper()
	if got, err := ring.Open(value, record); !errors.Is(err, seal.ErrOpen) || got != nil {
		t.Errorf("opened %q, %v, want ErrOpen", got, err)
	}
}

// reread marshals a ring and opens it again.
func reread(t *testing.T, ring *seal.Ring) *seal.Ring {
	t.Helper()
	key := newKey(t)
	text := must(t, func() ([]byte, error) { return ring.Marshal(key) })
	return must(t, func() (*seal.Ring, error) { return seal.OpenRing(key, text) })
}

func TestSealOpensForItsRecord(t *testing.T) {
	ring := newRing(t)
	value := sealed(t, ring)
	opens(t, ring, value)
	if bytes.Contains(value, secret) {
		t.Error("the secret stands in the sealed value")
	}
	if bytes.Equal(value, sealed(t, ring)) {
		t.Error("two sealed values of one secret are alike")
	}
	for _, record := range []string{"", "recor", "record ", "Record"} {
		staysShut(t, ring, value, record)
	}
	staysShut(t, newRing(t), value, "record")
	empty := must(t, func() ([]byte, error) { return ring.Seal(nil, "record") })
	if got, err := ring.Open(empty, "record"); err != nil || len(got) != 0 {
		t.Errorf("nothing opened as %q, %v", got, err)
	}
}

func TestOpenRefusesWhatWasChanged(t *testing.T) {
	ring := newRing(t)
	value := sealed(t, ring)
	for i := range value {
		changed := bytes.Clone(value)
		changed[i] ^= 1
		staysShut(t, ring, changed, "record")
		staysShut(t, ring, value[:i], "record")
	}
	staysShut(t, ring, append(bytes.Clone(value), 0), "record")
	staysShut(t, ring, nil, "record")
}

func TestRotate(t *testing.T) {
	first := newRing(t)
	old := sealed(t, first)
	second := must(t, first.Rotate)
	fresh := sealed(t, second)
	opens(t, second, old)
	opens(t, second, fresh)
	staysShut(t, first, fresh, "record")
	if len(first.Keys()) != 1 || !first.Keys()[0].Active {
		t.Errorf("the ring that was rotated has keys %v", first.Keys())
	}
	third := must(t, second.Rotate)
	ids := func(r *seal.Ring) (ids []string) {
		for i, k := range r.Keys() {
			ids = append(ids, k.ID)
			if k.Active != (i == len(r.Keys())-1) {
				t.Errorf("keys %v: active is not the newest alone", r.Keys())
			}
		}
		return ids
	}
	if diff := cmp.Diff(append(ids(first), ids(third)[1:]...), ids(third)); diff != "" || ids(second)[1] != ids(third)[1] {
		t.Errorf("keys are not listed oldest first: %v, %v, %v", ids(first), ids(second), ids(third))
	}
}

func TestIsCurrent(t *testing.T) {
	first := newRing(t)
	value := sealed(t, first)
	second := must(t, first.Rotate)
	for _, test := range []struct {
		name  string
		ring  *seal.Ring
		value []byte
		want  bool
	}{
		{"of the active key", first, value, true},
		{"of an older key", second, value, false},
		{"of the newest key", second, sealed(t, second), true},
		{"of a key to come", first, sealed(t, second), false},
		{"of the key that a prune left", must(t, second.Prune), sealed(t, second), true},
		{"too short", first, value[:4], false},
		{"nothing", first, nil, false},
	} {
		if got := test.ring.IsCurrent(test.value); got != test.want {
			t.Errorf("a value %s: %v", test.name, got)
		}
	}
}

func TestPrune(t *testing.T) {
	first := newRing(t)
	old := sealed(t, first)
	second := must(t, must(t, first.Rotate).Rotate)
	fresh := sealed(t, second)
	pruned := must(t, second.Prune)
	staysShut(t, pruned, old, "record")
	opens(t, pruned, fresh)
	opens(t, second, old) // which does not change
	keys := second.Keys()
	if got := pruned.Keys(); len(got) != 1 || got[0] != keys[len(keys)-1] {
		t.Errorf("keys %v after pruning %v", got, keys)
	}
	again := must(t, pruned.Prune)
	opens(t, again, fresh)
	opens(t, must(t, again.Rotate), fresh)
}

func TestLookup(t *testing.T) {
	ring := newRing(t)
	hide := func(r *seal.Ring, value string) string {
		return string(must(t, func() ([]byte, error) { return r.Lookup(value) }))
	}
	want := hide(ring, "86 13800138000")
	if len(want) != 32 {
		t.Errorf("%d bytes, want 32", len(want))
	}
	rotated := must(t, ring.Rotate)
	for name, other := range map[string]*seal.Ring{
		"itself": ring, "rotated": rotated, "pruned": must(t, rotated.Prune), "read back": reread(t, must(t, rotated.Prune)),
	} {
		if hide(other, "86 13800138000") != want {
			t.Errorf("the ring %s hides a value differently", name)
		}
	}
	if hide(ring, "86 13800138001") == want || hide(newRing(t), "86 13800138000") == want {
		t.Error("another value or another ring hides alike")
	}
}

func TestMarshal(t *testing.T) {
	ring := must(t, newRing(t).Rotate)
	again := reread(t, ring)
	opens(t, again, sealed(t, ring))
	opens(t, ring, sealed(t, again))
	if diff := cmp.Diff(fmt.Sprint(ring.Keys()), fmt.Sprint(again.Keys())); diff != "" {
		t.Errorf("keys (-written +read):\n%s", diff)
	}
}

func TestOpenRingRefuses(t *testing.T) {
	key := newKey(t)
	text := must(t, func() ([]byte, error) { return newRing(t).Marshal(key) })
	if _, err := seal.OpenRing(newKey(t), text); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("another key: %v, want ErrWrongKey", err)
	}
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		ring, err := seal.OpenRing(key, changed)
		if err == nil && len(ring.Keys()) != 1 {
			t.Errorf("byte %d of the ring changed: opened with %v", i, ring.Keys())
		}
		if _, err := seal.OpenRing(key, text[:i]); err == nil {
			t.Errorf("a ring of %d bytes opened", i)
		}
	}
	for _, text := range []string{"", "{}", "null", `{"version":2}`, `{"version":1}`, `{"version":1,"sealing":"","lookup":""}`} {
		if _, err := seal.OpenRing(key, []byte(text)); err == nil {
			t.Errorf("%s opened", text)
		}
	}
}

// TestOpenRingKnowsItsParts swaps the two keysets of a ring.
func TestOpenRingKnowsItsParts(t *testing.T) {
	key := newKey(t)
	text := must(t, func() ([]byte, error) { return newRing(t).Marshal(key) })
	swapped := bytes.Replace(bytes.Replace(bytes.Replace(text, []byte(`"sealing"`), []byte(`"x"`), 1),
		[]byte(`"lookup"`), []byte(`"sealing"`), 1), []byte(`"x"`), []byte(`"lookup"`), 1)
	if bytes.Equal(swapped, text) {
		t.Fatal("nothing was swapped")
	}
	if _, err := seal.OpenRing(key, swapped); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("error %v, want ErrWrongKey", err)
	}
}

func FuzzOpenRing(f *testing.F) {
	key, err := seal.KeyFile(filepath.Join(f.TempDir(), "menshen.key")).Key(true)
	if err != nil {
		f.Fatal(err)
	}
	ring, err := seal.NewRing()
	if err != nil {
		f.Fatal(err)
	}
	text, err := ring.Marshal(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"sealing":"AAAA","lookup":"AAAA"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if ring, err := seal.OpenRing(key, text); (ring == nil) != (err != nil) {
			t.Errorf("ring %v, %v", ring, err)
		}
	})
}
