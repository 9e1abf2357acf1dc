package store

import (
	"fmt"
	"slices"
	"time"
)

// Day is a calendar day: how many days after 1970-01-01 it is.
type Day int32

const secondsPerDay = 24 * 60 * 60

// DayOf returns the day of an instant in a time zone; nil means UTC.
func DayOf(t time.Time, zone *time.Location) Day {
	if zone == nil {
		zone = time.UTC
	}
	year, month, day := t.In(zone).Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// ParseDay reads a day of the years 1970 to 9999 as String writes it.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1970 {
		return 0, fmt.Errorf("store: %q is not a day like 2026-11-21", text)
	}
	return DayOf(t, time.UTC), nil
}

// String writes the day as 2026-11-21.
func (d Day) String() string {
	return time.Unix(int64(d)*secondsPerDay, 0).UTC().Format(time.DateOnly)
}

// Activity is the figures of one day. What was counted stays counted: users who
// become one later, or are deleted, are not taken back.
type Activity struct {
	Day         Day
	NewUsers    int // in an app: those who logged in to it for the first time
	ActiveUsers int // who logged in or refreshed
	Logins      int
}

// Add returns the sum of the figures; the day stays.
func (a Activity) Add(b Activity) Activity {
	a.NewUsers += b.NewUsers
	a.ActiveUsers += b.ActiveUsers
	a.Logins += b.Logins
	return a
}

// ActiveWith returns the user after an identity of theirs was used on a day. It
// reports whether they are active for the first time on that day, in all apps and
// in that one. A day before the noted one, by a clock set back, counts as active
// already.
func (u User) ActiveWith(appID, openID string, day Day) (_ User, first, firstInApp bool) {
	u.Identities = slices.Clone(u.Identities)
	first, firstInApp = true, true
	for i := range u.Identities {
		identity := &u.Identities[i]
		if identity.ActiveOn >= day {
			first = false
			firstInApp = firstInApp && identity.AppID != appID
		}
		if identity.AppID == appID && identity.OpenID == openID {
			identity.ActiveOn = max(identity.ActiveOn, day)
		}
	}
	return u, first, firstInApp
}
