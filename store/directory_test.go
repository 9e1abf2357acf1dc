package store_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"menshen/store"
)

func TestFoldNickName(t *testing.T) {
	for name, want := range map[string]string{
		"":                             "",
		"Anna MARIA":                   "anna maria",
		"ЗОЯ":                          "зоя",
		"爱丽丝":                          "爱丽丝",
		"a\xffb":                       "a\uFFFDb",
		" Anna ":                       " anna ",
		strings.Repeat("a", 127) + "é": strings.Repeat("a", 127),
		strings.Repeat("丽", 100):       strings.Repeat("丽", 42),
	} {
		if got := store.FoldNickName(store.Optional(name)); got != want {
			t.Errorf("%q is folded to %q, want %q", name, got, want)
		}
	}
}

// FuzzFoldNickName sees that the start of a name is folded to the start of the
// folded name: that is how an index finds it.
func FuzzFoldNickName(f *testing.F) {
	f.Add("Anna Maria", 4)
	f.Add("İSTANBUL ΣΊΣΥΦΟΣ", 3)
	f.Add(strings.Repeat("爱", 60), 50)
	f.Fuzz(func(t *testing.T, name string, n int) {
		runes := []rune(name)
		if n < 0 || n > len(runes) || !utf8.ValidString(name) {
			t.Skip()
		}
		whole, start := store.FoldNickName(store.Optional(name)), store.FoldNickName(store.Optional(runes[:n]))
		if !strings.HasPrefix(whole, start) || !utf8.ValidString(whole) || len(whole) > 128 {
			t.Errorf("%q is folded to %q, its start to %q", name, whole, start)
		}
	})
}

func TestUserOrder(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	at := func(minutes int, id string) store.UserPosition {
		return store.UserPosition{At: noon.Add(time.Duration(minutes) * time.Minute), ID: id}
	}
	for name, test := range map[string]struct {
		a, b store.UserPosition
		want int
	}{
		"the earlier comes first":         {at(0, "b"), at(1, "a"), -1},
		"at one instant the id decides":   {at(0, "a"), at(0, "b"), -1},
		"a place is level with itself":    {at(0, "a"), at(0, "a"), 0},
		"the zone of a time says nothing": {at(0, "a"), store.UserPosition{At: noon.Local(), ID: "a"}, 0},
	} {
		up, down := store.UserOrder{}, store.UserOrder{Descending: true}
		got := [3]int{up.Compare(test.a, test.b), up.Compare(test.b, test.a), down.Compare(test.a, test.b)}
		if want := [3]int{test.want, -test.want, -test.want}; got != want {
			t.Errorf("%s: there, back and descending %v, want %v", name, got, want)
		}
	}
	user := store.User{ID: "a", CreatedAt: noon, LastLoginAt: noon.Add(time.Minute)}
	for by, want := range map[store.UserOrderField]store.UserPosition{
		store.ByCreatedAt: at(0, "a"), store.ByLastLoginAt: at(1, "a"), "": at(0, "a"),
	} {
		if got := (store.UserOrder{By: by}).PositionOf(user); got != want {
			t.Errorf("by %q the user stands at %v, want %v", by, got, want)
		}
	}
}

func TestTimeRange(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	before, after := noon.Add(-1), noon.Add(1)
	for name, test := range map[string]struct {
		r    store.TimeRange
		want [3]bool // just before noon, at noon, just after
	}{
		"unbounded": {store.TimeRange{}, [3]bool{true, true, true}},
		"from noon": {store.TimeRange{From: noon}, [3]bool{false, true, true}},
		"to noon":   {store.TimeRange{To: noon}, [3]bool{true, false, false}},
		"empty":     {store.TimeRange{From: noon, To: noon}, [3]bool{false, false, false}},
	} {
		got := [3]bool{test.r.Contains(before), test.r.Contains(noon), test.r.Contains(after)}
		if got != test.want || test.r.Bounded() != (test.want != [3]bool{true, true, true}) {
			t.Errorf("%s: contains %v, bounded %v", name, got, test.r.Bounded())
		}
	}
}

func TestUserFilter(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	alice := store.User{
		ID: "usr_alice", FormerIDs: []string{"usr_former"}, Role: store.RoleAdmin, BlockedAt: noon,
		UnionID: "union", EarlierUnionIDs: []string{"earlier"},
		Identities: []store.Identity{{AppID: "app", OpenID: "open"}, {AppID: "other", OpenID: "there"}},
		Profile:    store.Profile{NickName: "Alice"}, CreatedAt: noon, LastLoginAt: noon,
		Phone: &store.Phone{PureNumber: "13800138000", CountryCode: "86"},
	}
	later := store.TimeRange{From: noon.Add(1)}
	for _, f := range []store.UserFilter{
		{}, {Search: "aLI"}, {Search: "usr_alice"}, {Search: "usr_former"}, {Search: "union"}, {Search: "earlier"},
		{Search: "open"}, {Search: "there"}, {Search: "+86 138 0013 8000"}, {AppID: "app"}, {AppID: "other"},
		{Status: store.StatusBlocked}, {Role: store.RoleAdmin}, {Created: store.TimeRange{From: noon}},
		{Search: "open", AppID: "other", Status: store.StatusBlocked, Role: store.RoleAdmin, LastLogin: store.TimeRange{From: noon}},
	} {
		if !f.Matches(alice) {
			t.Errorf("%+v keeps Alice out", f)
		}
	}
	for _, f := range []store.UserFilter{
		{Search: "lice"}, {Search: "usr_"}, {Search: "unio"}, {Search: "ope"}, {Search: "OPEN"}, {Search: "1380013800"}, {AppID: "third"},
		{Status: store.StatusActive}, {Role: store.RoleUser}, {Created: later}, {LastLogin: later},
		{Search: "Alice", AppID: "third"}, {Search: "Bob", AppID: "app"},
	} {
		if f.Matches(alice) {
			t.Errorf("%+v lets Alice through", f)
		}
	}
	if nobody := (store.User{}); (store.UserFilter{Search: "13800138000"}).Matches(nobody) {
		t.Error("a number finds a user who has none")
	}
}
