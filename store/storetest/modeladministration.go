package storetest

import (
	"maps"
	"slices"
	"time"

	"menshen/store"
)

func (w *world) blockSome() {
	if who, id := w.somebody(); who != nil {
		got := w.block(id, id)
		if !who.Blocked() {
			who.BlockedAt = w.clock.Now()
		}
		who.BlockedReason = store.Optional(id)
		w.shutOut(who)
		w.happened[store.ActionBlock]++
		w.same("the user", got, who.User)
	}
}

// shutOut ends the sessions of a person if they are blocked.
func (w *world) shutOut(who *person) {
	if who.Blocked() {
		for _, v := range w.live(who) {
			v.blocked = true
		}
	}
}

func (w *world) unblockSome() {
	if who, id := w.somebody(); who != nil {
		got := w.unblock(id)
		w.happened[store.ActionUnblock] += bit(who.Blocked())
		who.BlockedAt, who.BlockedReason = time.Time{}, ""
		w.same("the user", got, who.User)
	}
}

func (w *world) promote() {
	if who, id := w.somebody(); who != nil {
		role := pick(w.random, []store.Role{store.RoleAdmin, store.RoleUser})
		got := w.setRole(id, role)
		w.happened[store.ActionSetRole] += bit(who.Role != role)
		who.Role = role
		w.same("the user", got, who.User)
	}
}

func (w *world) deleteSome() {
	who, id := w.somebody()
	if who == nil {
		return
	}
	got, err := w.store.DeleteUser(w.Context(), id, actor)
	w.need(err)
	w.same("who is deleted", got, who.ID)
	w.happened[store.ActionDelete]++
	theirs := func(at account) bool { return who.HasIdentity(at.appID, at.openID) }
	maps.DeleteFunc(w.keys, func(at account, _ []store.SessionKey) bool { return theirs(at) })
	maps.DeleteFunc(w.uses, func(u use, _ bool) bool { return theirs(u.at) })
	for _, v := range w.visits {
		v.ended = v.ended || v.owner == who
	}
	w.people = slices.DeleteFunc(w.people, func(p *person) bool { return p == who })
	w.gone = append(append(w.gone, who.ID), who.FormerIDs...)
}

// use is that an identity was active on a day.
type use struct {
	at  account
	day store.Day
}

// figure names the figures of a day in an app; "" is all apps.
type figure struct {
	day   store.Day
	appID string
}

// use counts that a person is active by an account, beside what else is to be
// counted in all apps and in this one.
func (w *world) use(who *person, at account, all, inApp store.Activity) {
	day := w.today()
	all.ActiveUsers, inApp.ActiveUsers = 1, 1
	for i := range who.Identities {
		identity := &who.Identities[i]
		if w.uses[use{account{identity.AppID, identity.OpenID}, day}] {
			all.ActiveUsers = 0
			if identity.AppID == at.appID {
				inApp.ActiveUsers = 0
			}
		}
		if identity.AppID == at.appID && identity.OpenID == at.openID {
			identity.ActiveOn = day
		}
	}
	w.uses[use{at, day}] = true
	w.figures[figure{day, ""}] = w.figures[figure{day, ""}].Add(all)
	w.figures[figure{day, at.appID}] = w.figures[figure{day, at.appID}].Add(inApp)
}

func (w *world) today() store.Day { return store.DayOf(w.clock.Now(), shanghai) }

func bit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// figuresAgree compares the figures of all days so far.
func (w *world) figuresAgree() {
	w.Helper()
	from, to := store.DayOf(begin, nil), store.DayOf(w.clock.Now(), nil)+1
	for _, appID := range []string{"", app, otherApp, thirdApp} {
		var want []store.Activity
		for day := from; day <= to; day++ {
			row := w.figures[figure{day, appID}]
			row.Day = day
			want = append(want, row)
		}
		got, err := w.store.Activity(w.Context(), from, to, appID)
		w.need(err)
		w.same("figures of "+appID, got, want)
	}
}
