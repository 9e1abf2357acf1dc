package store

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// CountLimit is how far CountUsers and CountAuditEvents count where no counter
// is kept.
const CountLimit = 10_000

// TimeRange is the instants from From on and before To; a zero one is no bound.
type TimeRange struct{ From, To time.Time }

// Contains reports whether an instant lies in the range.
func (r TimeRange) Contains(t time.Time) bool {
	return (r.From.IsZero() || !t.Before(r.From)) && (r.To.IsZero() || t.Before(r.To))
}

// Bounded reports whether the range leaves anything out.
func (r TimeRange) Bounded() bool { return !r.From.IsZero() || !r.To.IsZero() }

// UserFilter says which users are wanted: those who meet every condition that is
// set.
type UserFilter struct {
	// Search is the start of a nickname, in any case, or the whole of an id, an
	// OpenID, a UnionID or a phone number (see PhoneCandidates).
	Search    string
	AppID     string // has an identity in it
	Status    Status
	Role      Role
	Created   TimeRange
	LastLogin TimeRange
}

// Counted reports whether a counter is kept of those whom the filter lets through:
// everybody, or those of one AppID, Status or Role.
func (f UserFilter) Counted() bool {
	return f == UserFilter{AppID: f.AppID} || f == UserFilter{Status: f.Status} || f == UserFilter{Role: f.Role}
}

// Matches reports whether the filter lets a user through.
func (f UserFilter) Matches(u User) bool {
	return (f.Search == "" || f.matchesSearch(u)) && f.MatchesButSearch(u)
}

// MatchesButSearch is Matches but for the search, which needs the phone number.
func (f UserFilter) MatchesButSearch(u User) bool {
	return (f.AppID == "" || u.InApp(f.AppID)) &&
		(f.Status == "" || u.Status() == f.Status) &&
		(f.Role == "" || u.Role == f.Role) &&
		f.Created.Contains(u.CreatedAt) && f.LastLogin.Contains(u.LastLoginAt)
}

func (f UserFilter) matchesSearch(u User) bool {
	has := func(ids []string) bool { return slices.Contains(ids, f.Search) }
	return strings.HasPrefix(FoldNickName(u.Profile.NickName), FoldNickName(Optional(f.Search))) ||
		u.ID == f.Search || has(u.FormerIDs) || has(u.UnionIDs()) ||
		slices.ContainsFunc(u.Identities, func(i Identity) bool { return i.OpenID == f.Search }) ||
		u.Phone != nil && slices.ContainsFunc(PhoneCandidates(f.Search), func(p Phone) bool {
			return p.Canonical() == u.Phone.Canonical()
		})
}

// maxFolded bounds an index of nicknames, in bytes. Nobody types more to search.
const maxFolded = 128

// FoldNickName is the form in which nicknames are compared: lower case, valid
// UTF-8, of at most 128 bytes.
func FoldNickName(name Optional) string {
	folded := strings.ToLower(strings.ToValidUTF8(string(name), "\uFFFD"))
	if len(folded) <= maxFolded {
		return folded
	}
	end := maxFolded
	for !utf8.RuneStart(folded[end]) {
		end--
	}
	return folded[:end]
}

// UserOrder is what the directory is sorted by. Users of one instant are sorted
// by id.
type UserOrder struct {
	By         UserOrderField
	Descending bool
}

// UserOrderField is a time that users are sorted by.
type UserOrderField string

// The times.
const (
	ByCreatedAt   UserOrderField = "CREATED_AT"
	ByLastLoginAt UserOrderField = "LAST_LOGIN_AT"
)

// TimeOf returns the time of a user that the field names.
func (f UserOrderField) TimeOf(u User) time.Time {
	if f == ByLastLoginAt {
		return u.LastLoginAt
	}
	return u.CreatedAt
}

// UserPosition is a place in the directory: that of a user who stands, or stood,
// there.
type UserPosition struct {
	At time.Time // by the order's field
	ID string
}

// PositionOf returns where a user stands.
func (o UserOrder) PositionOf(u User) UserPosition { return UserPosition{o.By.TimeOf(u), u.ID} }

// Compare tells the order of two places.
func (o UserOrder) Compare(a, b UserPosition) int {
	c := a.At.Compare(b.At)
	if c == 0 {
		c = strings.Compare(a.ID, b.ID)
	}
	if o.Descending {
		return -c
	}
	return c
}

// UserQuery asks for at most Limit users of a filter and an order that stand
// behind After and before Before, where these are set: the first ones, or with
// Last the last ones.
type UserQuery struct {
	Filter UserFilter
	Order  UserOrder
	After  *UserPosition
	Before *UserPosition
	Limit  int // at least 1
	Last   bool
}

// UserPage is one page of the directory, in its order.
type UserPage struct {
	Users       []User
	HasNext     bool // a user of the filter stands behind the page
	HasPrevious bool // or before it
}
