package store

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// User is one person, however many mini programs they come from.
type User struct {
	ID              string
	FormerIDs       []string // of the users that this one has absorbed; they keep answering
	Role            Role
	BlockedAt       time.Time // zero unless the user is blocked
	BlockedReason   Optional
	UnionID         Optional // unknown until WeChat tells it
	EarlierUnionIDs []string // from before the apps moved to another Open Platform account
	Identities      []Identity
	Profile         Profile
	Phone           *Phone // nil when none is bound
	CreatedAt       time.Time
	LastLoginAt     time.Time
	LoginCount      int
}

// Status is whether the user may log in.
type Status string

// The statuses.
const (
	StatusActive  Status = "ACTIVE"
	StatusBlocked Status = "BLOCKED"
)

// Status tells whether the user may log in.
func (u User) Status() Status {
	if u.Blocked() {
		return StatusBlocked
	}
	return StatusActive
}

// Blocked reports whether the user is blocked.
func (u User) Blocked() bool { return !u.BlockedAt.IsZero() }

// Identity is a person as one mini program knows them. (AppID, OpenID) is
// unique: it names one user.
type Identity struct {
	AppID    string
	OpenID   string
	LinkedAt time.Time
	ActiveOn Day // the last day on which it logged in or refreshed
}

// UnionIDs returns every unionid that names the user, the newest first.
func (u User) UnionIDs() []string {
	if u.UnionID == "" {
		return nil
	}
	return append([]string{string(u.UnionID)}, u.EarlierUnionIDs...)
}

// LearnUnionID returns the user with a unionid that WeChat told at a login. One
// that the user holds already changes nothing.
func (u User) LearnUnionID(told Optional) User {
	held := u.UnionIDs()
	if told == "" || slices.Contains(held, string(told)) {
		return u
	}
	u.UnionID, u.EarlierUnionIDs = told, held
	return u
}

// HasIdentity reports whether the user has the identity.
func (u User) HasIdentity(appID, openID string) bool {
	return slices.ContainsFunc(u.Identities, func(i Identity) bool {
		return i.AppID == appID && i.OpenID == openID
	})
}

// InApp reports whether the user has an identity in an app.
func (u User) InApp(appID string) bool {
	return slices.ContainsFunc(u.Identities, func(i Identity) bool { return i.AppID == appID })
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

// anonymousNickName is the name in WeChat's placeholder: wx.getUserInfo gives the
// placeholder since 2021-04-28, wx.getUserProfile since 2022-11-08 for most apps.
const anonymousNickName = "微信用户"

// Anonymous reports whether the profile is WeChat's placeholder.
func (p Profile) Anonymous() bool { return isPlaceholder(p.NickName) }

// isPlaceholder reports whether a name reads as the placeholder, whatever stands
// between its characters and leaves no mark.
func isPlaceholder(name Optional) bool {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, string(name)) == anonymousNickName
}

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

// ProfileChange is what a user typed or chose. A nil field stays as it was, an
// empty one becomes unknown.
type ProfileChange struct {
	NickName  *Optional
	AvatarURL *Optional
	Gender    *Gender
	Language  *Optional
	City      *Optional
	Province  *Optional
	Country   *Optional
}

// Apply returns the profile after the change. WeChat's placeholder, which its
// nickname input may suggest, does not replace a chosen name.
func (c ProfileChange) Apply(p Profile, now time.Time) Profile {
	set := func(field *Optional, value *Optional) {
		if value != nil {
			*field = *value
		}
	}
	if c.NickName != nil && (!isPlaceholder(*c.NickName) || p.NickName == "") {
		p.NickName = *c.NickName
	}
	set(&p.AvatarURL, c.AvatarURL)
	if c.Gender != nil {
		p.Gender = *c.Gender
	}
	set(&p.Language, c.Language)
	set(&p.City, c.City)
	set(&p.Province, c.Province)
	set(&p.Country, c.Country)
	p.UpdatedAt = now
	return p
}
