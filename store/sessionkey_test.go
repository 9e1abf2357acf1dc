package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
)

// key is a session_key given an hour after begin for each hour.
func key(text string, hour int) store.SessionKey {
	return store.SessionKey{Text: text, GivenAt: begin.Add(time.Duration(hour) * time.Hour)}
}

func TestRememberSessionKey(t *testing.T) {
	type list = []store.SessionKey
	tests := []struct {
		name  string
		keys  list
		fresh store.SessionKey
		now   int // hours after begin
		want  list
	}{
		{"the first", nil, key("a", 0), 0, list{key("a", 0)}},
		{"a newer one", list{key("a", 0)}, key("b", 1), 1, list{key("b", 1), key("a", 0)}},
		{"an older one", list{key("b", 1)}, key("a", 0), 1, list{key("b", 1), key("a", 0)}},
		{"one between", list{key("c", 2), key("a", 0)}, key("b", 1), 2, list{key("c", 2), key("b", 1), key("a", 0)}},
		{"one of the same instant goes first", list{key("a", 0)}, key("b", 0), 0, list{key("b", 0), key("a", 0)}},
		{"a fourth", list{key("c", 2), key("b", 1), key("a", 0)}, key("d", 3), 3, list{key("d", 3), key("c", 2), key("b", 1)}},
		{"a fourth that is the oldest", list{key("d", 3), key("c", 2), key("b", 1)}, key("a", 0), 3, list{key("d", 3), key("c", 2), key("b", 1)}},
		{"the newest again", list{key("b", 1), key("a", 0)}, key("b", 9), 9, list{key("b", 1), key("a", 0)}},
		{"an earlier one again", list{key("b", 1), key("a", 0)}, key("a", 9), 9, list{key("a", 9), key("b", 1)}},
		{"an earlier one again, after its memory", list{key("b", 1), key("a", 0)}, key("a", 99), 99, list{key("a", 99), key("b", 1)}},
		{"an earlier one again, by an older answer", list{key("c", 5), key("a", 0)}, key("a", 3), 6, list{key("c", 5), key("a", 0)}},
		{"one given by a clock that was ahead", list{key("b", 900), key("a", 0)}, key("c", 5), 5, list{key("c", 5), key("b", 5), key("a", 0)}},
		{"72 hours after a replacement", list{key("b", 1), key("a", 0)}, key("c", 73), 73, list{key("c", 73), key("b", 1), key("a", 0)}},
		{"longer after it", list{key("b", 1), key("a", 0)}, key("c", 74), 74, list{key("c", 74), key("b", 1)}},
		{"one so late that its memory is over", list{key("c", 2)}, key("a", 0), 75, list{key("c", 2)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := append(list(nil), test.keys...)
			got := store.RememberSessionKey(test.keys, test.fresh, key("", test.now).GivenAt)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, test.keys); diff != "" {
				t.Errorf("the argument was changed:\n%s", diff)
			}
		})
	}
}

func TestLiveSessionKeys(t *testing.T) {
	keys := []store.SessionKey{key("c", 2), key("b", 1), key("a", 0)}
	for _, test := range []struct {
		name string
		now  time.Time
		want int
	}{
		{"at once", key("", 2).GivenAt, 3},
		{"72 hours after the oldest was replaced", key("", 73).GivenAt, 3},
		{"an instant later", key("", 73).GivenAt.Add(1), 2},
		{"72 hours after the next was replaced", key("", 74).GivenAt, 2},
		{"an instant later again", key("", 74).GivenAt.Add(1), 1},
		{"ten years later", key("", 87_600).GivenAt, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(keys[:test.want], store.LiveSessionKeys(keys, test.now)); diff != "" {
				t.Errorf("live (-want +got):\n%s", diff)
			}
		})
	}
	if live := store.LiveSessionKeys(nil, begin); len(live) != 0 {
		t.Errorf("%d keys out of none", len(live))
	}
}
