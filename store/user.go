package store

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// User is one person, however many mini programs they come from.
type User struct {
	ID          string
	UnionID     Optional // unknown until WeChat tells it
	Identities  []Identity
	Profile     Profile
	Phone       *Phone // nil when none is bound
	CreatedAt   time.Time
	LastLoginAt time.Time
	LoginCount  int
}

// Identity is a person as one mini program knows them. (AppID, OpenID) is
// unique: it names one user.
type Identity struct {
	AppID    string
	OpenID   string
	LinkedAt time.Time
}

// Linked reports whether the user has the identity.
func (u User) Linked(appID, openID string) bool {
	return slices.ContainsFunc(u.Identities, func(i Identity) bool {
		return i.AppID == appID && i.OpenID == openID
	})
}

// Role is what a caller may do.
type Role string

// The roles.
const (
	RoleUser  Role = "USER"
	RoleAdmin Role = "ADMIN"
)

// Gender as WeChat counts it: 0 unknown, 1 male, 2 female.
type Gender int

// The genders that WeChat knows.
const (
	GenderUnknown Gender = iota
	GenderMale
	GenderFemale
)

// Optional is a text that may be unknown; then it is empty, and null to a client.
type Optional string

// Profile is what a user shows of themselves.
type Profile struct {
	NickName  Optional
	AvatarURL Optional
	Gender    Gender
	Language  Optional
	City      Optional
	Province  Optional
	Country   Optional
	UpdatedAt time.Time // zero when there never was a profile
}

// anonymousNickName is the name in WeChat's placeholder: wx.getUserInfo gives
// the placeholder since 2021-04-28, wx.getUserProfile since 2022-11-08 for most apps.
const anonymousNickName = "微信用户"

// Anonymous reports whether the profile is WeChat's placeholder.
func (p Profile) Anonymous() bool { return p.NickName == anonymousNickName }

// Merge returns the profile after WeChat gave fresh: what fresh says replaces
// what was known, what it leaves empty stays, and a placeholder never replaces
// what a person chose.
func (p Profile) Merge(fresh Profile, now time.Time) Profile {
	if chosen := p.NickName != "" && !p.Anonymous(); chosen && fresh.Anonymous() {
		return p
	}
	return Profile{
		NickName:  cmp.Or(fresh.NickName, p.NickName),
		AvatarURL: cmp.Or(fresh.AvatarURL, p.AvatarURL),
		Gender:    cmp.Or(fresh.Gender, p.Gender),
		Language:  cmp.Or(fresh.Language, p.Language),
		City:      cmp.Or(fresh.City, p.City),
		Province:  cmp.Or(fresh.Province, p.Province),
		Country:   cmp.Or(fresh.Country, p.Country),
		UpdatedAt: now,
	}
}

// Phone is a phone number as WeChat writes it. It does not print.
type Phone struct {
	Number      string // with the country code for foreign numbers
	PureNumber  string // without country code
	CountryCode string // "86"
}

// Canonical is the one form in which numbers are compared and found: country
// code and pure number, digits only.
func (p Phone) Canonical() string {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s)
	}
	return digits(p.CountryCode) + " " + digits(p.PureNumber)
}

// String hides the number: it is "[phone number]".
func (p Phone) String() string { return "[phone number]" }

// Format hides the number under every verb of fmt.
func (p Phone) Format(s fmt.State, _ rune) { io.WriteString(s, p.String()) }

// LogValue hides the number from log/slog.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText hides the number from encoding/json and its like.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
