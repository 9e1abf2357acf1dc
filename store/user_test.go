package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
)

func TestMerge(t *testing.T) {
	now := begin.Add(time.Hour)
	known := store.Profile{
		NickName: "爱丽丝", AvatarURL: "https://example.com/a", Gender: store.GenderFemale, Language: "zh_CN",
		City: "Shenzhen", Province: "Guangdong", Country: "China", UpdatedAt: begin,
	}
	fresh := store.Profile{
		NickName: "b", AvatarURL: "c", Gender: store.GenderMale, Language: "d",
		City: "e", Province: "f", Country: "g", UpdatedAt: begin,
	}
	with := func(p store.Profile, change func(*store.Profile)) store.Profile { change(&p); return p }
	placeholder := store.Profile{NickName: "微信用户", AvatarURL: "https://example.com/grey"}
	tests := []struct {
		name               string
		known, fresh, want store.Profile
	}{
		{"the first", store.Profile{}, known, with(known, func(p *store.Profile) { p.UpdatedAt = now })},
		{"an empty one", known, store.Profile{}, with(known, func(p *store.Profile) { p.UpdatedAt = now })},
		{"a new name", known, store.Profile{NickName: "Alice"}, with(known, func(p *store.Profile) { p.NickName, p.UpdatedAt = "Alice", now })},
		{"everything new", known, fresh, with(fresh, func(p *store.Profile) { p.UpdatedAt = now })},
		{"a placeholder on a chosen name", known, placeholder, known},
		{"a placeholder in hiding", known, with(placeholder, func(p *store.Profile) { p.NickName = "微信\u200d用户\ufe0f" }), known},
		{"a placeholder on nothing", store.Profile{}, placeholder, with(placeholder, func(p *store.Profile) { p.UpdatedAt = now })},
		{"a placeholder on a placeholder", with(placeholder, func(p *store.Profile) { p.AvatarURL = "old" }), placeholder,
			with(placeholder, func(p *store.Profile) { p.UpdatedAt = now })},
		{"a chosen name on a placeholder", placeholder, known, with(known, func(p *store.Profile) { p.UpdatedAt = now })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.known.Merge(test.fresh, now)); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProfileChange(t *testing.T) {
	known := store.Profile{NickName: "爱丽丝", City: "Shenzhen", Gender: store.GenderFemale, UpdatedAt: begin}
	name, placeholder, none, unknown := store.Optional("Alice"), store.Optional("微信用户"), store.Optional(""), store.GenderUnknown
	hidden := store.Optional("微信用户\u200d")
	for _, test := range []struct {
		name   string
		known  store.Profile
		change store.ProfileChange
		want   store.Profile
	}{
		{"nothing", known, store.ProfileChange{}, known},
		{"a name", known, store.ProfileChange{NickName: &name}, store.Profile{NickName: "Alice", City: "Shenzhen", Gender: store.GenderFemale}},
		{"no name", known, store.ProfileChange{NickName: &none}, store.Profile{City: "Shenzhen", Gender: store.GenderFemale}},
		{"a placeholder on a chosen name", known, store.ProfileChange{NickName: &placeholder, City: &none},
			store.Profile{NickName: "爱丽丝", Gender: store.GenderFemale}},
		{"a placeholder in hiding", known, store.ProfileChange{NickName: &hidden}, known},
		{"a placeholder on nothing", store.Profile{}, store.ProfileChange{NickName: &placeholder}, store.Profile{NickName: "微信用户"}},
		{"everything", known,
			store.ProfileChange{NickName: &name, AvatarURL: &name, Gender: &unknown, Language: &name, City: &name, Province: &name, Country: &name},
			store.Profile{NickName: name, AvatarURL: name, Language: name, City: name, Province: name, Country: name}},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := begin.Add(time.Hour)
			test.want.UpdatedAt = now
			if diff := cmp.Diff(test.want, test.change.Apply(test.known, now)); diff != "" {
				t.Errorf("changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCanonical(t *testing.T) {
	one := store.Phone{Number: "13800138000", PureNumber: "13800138000", CountryCode: "86"}
	for name, same := range map[string]store.Phone{
		"with the country code before it": {Number: "+8613800138000", PureNumber: "13800138000", CountryCode: "86"},
		"with a plus":                     {Number: "13800138000", PureNumber: "13800138000", CountryCode: "+86"},
		"with spaces and dashes":          {Number: "13800138000", PureNumber: "138 0013-8000", CountryCode: " 86"},
	} {
		if same.Canonical() != one.Canonical() {
			t.Errorf("a number %s is another: %q", name, same.Canonical())
		}
	}
	for name, other := range map[string]store.Phone{
		"of another country":                {Number: "13800138000", PureNumber: "13800138000", CountryCode: "1"},
		"with a digit more":                 {PureNumber: "138001380001", CountryCode: "86"},
		"whose country code took a digit":   {PureNumber: "3800138000", CountryCode: "861"},
		"in digits that are not of ASCII's": {PureNumber: "１３８００１３８０００", CountryCode: "86"},
	} {
		if other.Canonical() == one.Canonical() {
			t.Errorf("a number %s is the same", name)
		}
	}
}

func TestHasIdentity(t *testing.T) {
	user := store.User{Identities: []store.Identity{{AppID: "app", OpenID: "alice"}, {AppID: "other", OpenID: "bob"}}}
	for _, i := range user.Identities {
		if !user.HasIdentity(i.AppID, i.OpenID) {
			t.Errorf("%s %s is not theirs", i.AppID, i.OpenID)
		}
	}
	if user.HasIdentity("app", "bob") || user.HasIdentity("", "") {
		t.Error("an identity of nobody is theirs")
	}
}
