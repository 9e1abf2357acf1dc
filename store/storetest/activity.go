package storetest

import (
	"testing"
	"time"

	"menshen/store"
)

var activityLaws = []law{
	{"logins and users are counted by day and by app", testActivity},
	{"days begin and end in the time zone", testActivityTimeZone},
	{"a refresh makes a user active once a day", testActivityRefresh},
	{"a login that is refused counts nowhere", testActivityRefused},
	{"users who became one are active once", testActivityMerge},
	{"days without figures are zero", testActivityEmpty},
}

// figures checks those of one day, of all apps when appID is empty.
func (f *fixture) figures(at time.Time, appID string, newUsers, active, logins int) {
	f.Helper()
	day := store.DayOf(at, nil)
	rows, err := f.store.Activity(f.Context(), day, day, appID)
	f.need(err)
	f.same("figures of "+appID, rows, []store.Activity{{Day: day, NewUsers: newUsers, ActiveUsers: active, Logins: logins}})
}

func testActivity(t *testing.T, h Harness) {
	f := open(t, h)
	f.login(f.comingTo(app, "alice", "union-alice"))
	f.enter("alice")
	f.enter("bob")
	f.login(f.comingTo(otherApp, "alice-there", "union-alice"))
	f.figures(begin, "", 2, 2, 4)
	f.figures(begin, app, 2, 2, 3)
	f.figures(begin, otherApp, 1, 1, 1)
	f.figures(begin, thirdApp, 0, 0, 0)

	next := f.clock.Advance(24 * time.Hour)
	f.login(f.comingTo(otherApp, "alice-there", ""))
	f.enter("alice")
	f.enter("carol")
	f.figures(next, "", 1, 2, 3)
	f.figures(next, app, 1, 2, 2)
	f.figures(next, otherApp, 0, 1, 1)
	f.figures(begin, "", 2, 2, 4)
	f.reopen()
	f.figures(next, "", 1, 2, 3)
}

func testActivityTimeZone(t *testing.T, h Harness) {
	f := openWith(t, h, func(o *store.Options) { o.TimeZone = shanghai })
	midnight := time.Date(2026, 11, 22, 0, 0, 0, 0, shanghai)
	f.clock.Advance(midnight.Sub(begin) - instant)
	f.enter("alice")
	f.clock.Advance(instant)
	f.enter("alice")
	f.enter("bob")

	day := store.DayOf(midnight, shanghai)
	f.same("the day", day.String(), "2026-11-22")
	rows, err := f.store.Activity(t.Context(), day-1, day, app)
	f.need(err)
	f.same("figures", rows, []store.Activity{
		{Day: day - 1, NewUsers: 1, ActiveUsers: 1, Logins: 1},
		{Day: day, NewUsers: 1, ActiveUsers: 2, Logins: 2},
	})
}

func testActivityRefresh(t *testing.T, h Harness) {
	f := open(t, h)
	in := f.login(f.comingTo(app, "alice", "union-alice"))
	there := f.login(f.comingTo(otherApp, "alice-there", "union-alice"))
	second := f.login(f.comingTo(app, "alice-again", "union-alice"))
	f.refresh(in.Session.ID, 0)
	f.figures(begin, "", 1, 1, 3)

	next := f.clock.Advance(24 * time.Hour)
	f.refresh(in.Session.ID, 1)
	f.figures(next, "", 0, 1, 0)
	f.figures(next, app, 0, 1, 0)
	f.refresh(in.Session.ID, 1) // a repeat
	f.refresh(in.Session.ID, 2)
	f.enter("alice")
	f.refresh(second.Session.ID, 0) // by another identity of the app
	f.figures(next, app, 0, 1, 1)
	f.refresh(there.Session.ID, 0)
	f.figures(next, otherApp, 0, 1, 0)
	f.figures(next, "", 0, 1, 1)
	for _, identity := range f.user(in.User.ID).Identities {
		f.same("the last active day of "+identity.OpenID, identity.ActiveOn, store.DayOf(next, nil))
	}
	_, _, err := f.store.Refresh(t.Context(), presented(in.Session.ID, 9))
	f.refused(err, store.ErrSessionEnded)
	f.figures(next, "", 0, 1, 1)
}

func testActivityRefused(t *testing.T, h Harness) {
	f := open(t, h)
	alice := f.login(f.comingTo(app, "alice", "union-alice")).User
	f.need(f.refuse("alice", f.key("kept")))
	f.block(alice.ID, "spam")
	f.refusedLogin(f.coming("alice"))
	f.refusedLogin(f.comingTo(otherApp, "alice-there", "union-alice"))
	f.figures(begin, "", 1, 1, 1)
	f.figures(begin, otherApp, 0, 0, 0)
	next := f.clock.Advance(24 * time.Hour)
	f.refusedLogin(f.coming("alice"))
	f.figures(next, "", 0, 0, 0)
}

func testActivityMerge(t *testing.T, h Harness) {
	bothWays(t, h, func(p *pair) {
		p.figures(begin, "", 2, 2, 2)
		p.meet()
		p.figures(begin, "", 2, 2, 3) // what was counted stays counted
		next := p.clock.Advance(24 * time.Hour)
		p.refresh(p.older.Session.ID, 0)
		p.refresh(p.newer.Session.ID, 0)
		p.figures(next, "", 0, 1, 0)
		p.figures(next, app, 0, 1, 0)
		p.figures(next, otherApp, 0, 1, 0)
	})
}

func testActivityEmpty(t *testing.T, h Harness) {
	f := open(t, h)
	f.enter("alice")
	day := store.DayOf(begin, nil)
	rows, err := f.store.Activity(t.Context(), day-1, day+1, "")
	f.need(err)
	f.same("figures", rows, []store.Activity{{Day: day - 1}, {Day: day, NewUsers: 1, ActiveUsers: 1, Logins: 1}, {Day: day + 1}})
	rows, err = f.store.Activity(t.Context(), day+1, day, "")
	f.need(err)
	f.same("figures of no day", len(rows), 0)
}
