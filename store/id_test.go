package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"menshen/store"
)

var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func TestIDsSortByTime(t *testing.T) {
	var ids []string
	for i := range 1000 {
		ids = append(ids, store.NewID(store.SessionPrefix, begin.Add(time.Duration(i)*time.Millisecond)))
	}
	if !slices.IsSorted(ids) {
		t.Error("ids of later milliseconds come earlier")
	}
}

func TestIDsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		seen[store.NewID(store.UserPrefix, begin)] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d ids of 1000 in one millisecond", len(seen))
	}
}

func TestIDReadsBack(t *testing.T) {
	for _, prefix := range []string{store.UserPrefix, store.SessionPrefix, store.EventPrefix} {
		id := store.NewID(prefix, begin)
		raw, ok := store.ParseID(prefix, id)
		if !ok || raw.Text(prefix) != id {
			t.Errorf("%s reads as %s, %v", id, raw.Text(prefix), ok)
		}
	}
}

func TestParseIDRefuses(t *testing.T) {
	id := store.NewID(store.UserPrefix, begin)
	digits := strings.TrimPrefix(id, store.UserPrefix)
	tests := map[string]string{
		"nothing":                     "",
		"the prefix alone":            store.UserPrefix,
		"another kind":                store.SessionPrefix + digits,
		"no prefix":                   digits,
		"a digit too few":             id[:len(id)-1],
		"a digit too many":            id + "0",
		"capitals":                    store.UserPrefix + strings.ToUpper(digits),
		"a letter that is no digit":   store.UserPrefix + "u" + digits[1:],
		"padding":                     store.UserPrefix + digits[:25] + "=",
		"a line break":                store.UserPrefix + digits[:25] + "\n",
		"a line break inside":         store.UserPrefix + digits[:12] + "\r\n" + digits[14:],
		"a space before":              " " + id,
		"what is not UTF-8":           store.UserPrefix + strings.Repeat("\xff", 26),
		"bits beyond the sixteen":     store.UserPrefix + strings.Repeat("0", 25) + "1",
		"all bits beyond the sixteen": store.UserPrefix + strings.Repeat("z", 26),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if raw, ok := store.ParseID(store.UserPrefix, text); ok {
				t.Errorf("%q reads as %x", text, raw)
			}
		})
	}
}

// FuzzParseID holds that an id has one text and that nothing panics.
func FuzzParseID(f *testing.F) {
	f.Add(store.UserPrefix, store.NewID(store.UserPrefix, begin))
	f.Add("", strings.Repeat("z", 26))
	f.Add("ses_", "ses_\n")
	f.Fuzz(func(t *testing.T, prefix, text string) {
		if raw, ok := store.ParseID(prefix, text); ok && raw.Text(prefix) != text {
			t.Errorf("%q is another text of %q", text, raw.Text(prefix))
		}
	})
}
