package store_test

import (
	"slices"
	"testing"
	"time"

	"menshen/store"
)

func TestDayOf(t *testing.T) {
	east := time.FixedZone("UTC+8", 8*60*60)
	west := time.FixedZone("UTC-8", -8*60*60)
	for _, test := range []struct {
		name string
		at   time.Time
		zone *time.Location
		want string
	}{
		{"the epoch", time.Unix(0, 0), nil, "1970-01-01"},
		{"the last instant of a day", time.Date(2026, 11, 21, 23, 59, 59, 999_999_999, time.UTC), time.UTC, "2026-11-21"},
		{"before midnight in the east", time.Date(2026, 11, 21, 15, 59, 59, 0, time.UTC), east, "2026-11-21"},
		{"midnight in the east", time.Date(2026, 11, 21, 16, 0, 0, 0, time.UTC), east, "2026-11-22"},
		{"midnight in the west", time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC), west, "2026-11-21"},
		{"before midnight in the west", time.Date(2026, 11, 21, 7, 59, 59, 0, time.UTC), west, "2026-11-20"},
		{"the end of a leap year", time.Date(2028, 12, 31, 0, 0, 0, 0, time.UTC), nil, "2028-12-31"},
	} {
		t.Run(test.name, func(t *testing.T) {
			day := store.DayOf(test.at, test.zone)
			if day.String() != test.want {
				t.Errorf("day %s, want %s", day, test.want)
			}
			if again, err := store.ParseDay(test.want); err != nil || again != day {
				t.Errorf("%s reads as %s, %v", test.want, again, err)
			}
		})
	}
}

func TestParseDayRefuses(t *testing.T) {
	for _, text := range []string{
		"", "2026", "2026-11", "2026-13-01", "2026-02-29", "2026-11-21T00:00:00Z", "26-11-21", "2026-1-1",
		"1969-12-31", "10000-01-01", " 2026-11-21", "-001-01-01",
	} {
		if day, err := store.ParseDay(text); err == nil {
			t.Errorf("%q reads as %s", text, day)
		}
	}
}

func TestActiveWith(t *testing.T) {
	const today = store.Day(20_000)
	user := store.User{Identities: []store.Identity{
		{AppID: "app", OpenID: "a", ActiveOn: today - 1}, {AppID: "app", OpenID: "b"}, {AppID: "other", OpenID: "c"},
	}}
	steps := []struct {
		name          string
		appID, openID string
		day           store.Day
		first, inApp  bool
	}{
		{"the first of the day", "app", "a", today, true, true},
		{"again", "app", "a", today, false, false},
		{"another identity of the app", "app", "b", today, false, false},
		{"another app", "other", "c", today, false, true},
		{"the day before, by a clock set back", "app", "a", today - 1, false, false},
		{"the next day", "other", "c", today + 1, true, true},
	}
	for _, step := range steps {
		before := slices.Clone(user.Identities)
		after, first, inApp := user.ActiveWith(step.appID, step.openID, step.day)
		if first != step.first || inApp != step.inApp {
			t.Errorf("%s: first %v, in the app %v", step.name, first, inApp)
		}
		if !slices.Equal(user.Identities, before) {
			t.Errorf("%s: the user before has changed", step.name)
		}
		user = after
	}
	for i, want := range []store.Day{today, today, today + 1} {
		if got := user.Identities[i].ActiveOn; got != want {
			t.Errorf("identity %d was active on %s, want %s", i, got, want)
		}
	}
}
