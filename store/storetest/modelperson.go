package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"menshen/store"
)

func (w *world) login() {
	w.count++
	at := w.someAccount()
	in := w.comingTo(at.appID, at.openID, pick(w.random, []store.Optional{"", "", "", "u1", "u2", "u3", "u4", "u5"}))
	in.SessionKey = w.key(fmt.Sprintf("key %d", w.count))
	out, err := w.store.Login(w.Context(), in)
	if errors.Is(err, store.ErrUserBlocked) {
		err = nil
	}
	w.need(err)

	who, isNew := w.whoComes(at, in.UnionID)
	isNewInApp := w.link(who, at)
	w.learn(who, string(in.UnionID))
	w.keys[at] = append(w.keys[at], in.SessionKey)
	if who.Blocked() {
		w.happened[store.ActionLoginRefused]++
		w.same("what a blocked user gets", out, store.LoggedIn{})
		return
	}
	if isNew {
		who.ID = out.User.ID
	}
	who.LastLoginAt = w.clock.Now()
	who.LoginCount++
	w.use(who, at, store.Activity{NewUsers: bit(isNew), Logins: 1}, store.Activity{NewUsers: bit(isNewInApp), Logins: 1})
	w.happened[store.ActionLogin]++
	w.begin(&visit{id: in.SessionID, owner: who, at: at})
	w.same("a new user", out.IsNewUser, isNew)
	w.same("the user", out.User, who.User)
}

// whoComes is the person whom a login is about.
func (w *world) whoComes(at account, unionID store.Optional) (who *person, isNew bool) {
	who, holder := w.linked(at), w.holds(string(unionID))
	switch {
	case who == nil && holder == nil:
		who = &person{store.User{Role: store.RoleUser, CreatedAt: w.clock.Now()}}
		w.people = append(w.people, who)
		return who, true
	case who == nil:
		w.happened[store.ActionJoin]++
		return holder, false
	case holder != nil && holder != who:
		w.happened[store.ActionMerge]++
		return w.merge(who, holder), false
	}
	return who, false
}

func (w *world) linked(at account) *person {
	return w.whose(func(p *person) bool { return p.HasIdentity(at.appID, at.openID) })
}

func (w *world) holds(unionID string) *person {
	return w.whose(func(p *person) bool { return slices.Contains(p.UnionIDs(), unionID) })
}

func (w *world) whose(is func(*person) bool) *person {
	if i := slices.IndexFunc(w.people, is); i >= 0 {
		return w.people[i]
	}
	return nil
}

// link gives a person the account, and tells whether it is their first in its app.
func (w *world) link(who *person, at account) (first bool) {
	first = !slices.ContainsFunc(who.Identities, func(i store.Identity) bool { return i.AppID == at.appID })
	if !who.HasIdentity(at.appID, at.openID) {
		who.Identities = append(who.Identities, store.Identity{AppID: at.appID, OpenID: at.openID, LinkedAt: w.clock.Now()})
	}
	return first
}

func (w *world) learn(who *person, unionID string) {
	if unionID != "" && w.holds(unionID) == nil {
		who.name(append([]string{unionID}, who.UnionIDs()...))
	}
}

// name gives a person unionids, newest first.
func (p *person) name(unionIDs []string) {
	if len(unionIDs) > 0 {
		p.UnionID, p.EarlierUnionIDs = store.Optional(unionIDs[0]), append([]string(nil), unionIDs[1:]...)
	}
}

// merge makes one person of two: the older one, with all that the newer one has.
func (w *world) merge(a, b *person) *person {
	older, newer := a, b
	if slices.Index(w.people, b) < slices.Index(w.people, a) {
		older, newer = b, a
	}
	w.people = slices.DeleteFunc(w.people, func(p *person) bool { return p == newer })
	for _, v := range w.visits {
		if v.owner == newer {
			v.owner = older
		}
	}
	older.name(slices.Concat(newer.UnionIDs(), older.UnionIDs()))
	older.FormerIDs = slices.Concat(older.FormerIDs, []string{newer.ID}, newer.FormerIDs)
	older.Identities = append(older.Identities, newer.Identities...)
	slices.SortFunc(older.Identities, func(i, j store.Identity) int { return i.LinkedAt.Compare(j.LinkedAt) })
	older.Profile = laterName(older.Profile, newer.Profile)
	if p := newer.Phone; p != nil && (older.Phone == nil || p.BoundAt.After(older.Phone.BoundAt)) {
		older.Phone = p
	}
	if newer.Role == store.RoleUser {
		older.Role = store.RoleUser
	}
	if newer.Blocked() && (!older.Blocked() || newer.BlockedAt.Before(older.BlockedAt)) {
		older.BlockedAt, older.BlockedReason = newer.BlockedAt, newer.BlockedReason
	}
	older.LoginCount += newer.LoginCount
	older.LastLoginAt = slices.MaxFunc([]store.User{older.User, newer.User}, func(a, b store.User) int {
		return a.LastLoginAt.Compare(b.LastLoginAt)
	}).LastLoginAt
	w.shutOut(older)
	return older
}

const placeholder = "微信用户"

// laterName is the one of two profiles, which hold nothing but a name, that stays.
func laterName(a, b store.Profile) store.Profile {
	if a.UpdatedAt.After(b.UpdatedAt) {
		a, b = b, a
	}
	if a.NickName != "" && a.NickName != placeholder && b.NickName == placeholder {
		return a
	}
	return cmp.Or(b, a)
}

func (w *world) keepProfile() {
	if who, id := w.somebody(); who != nil {
		fresh := store.Profile{NickName: pick(w.random, []store.Optional{placeholder, "Alice", "爱丽丝"})}
		got, err := w.store.KeepProfile(w.Context(), id, fresh)
		w.need(err)
		fresh.UpdatedAt = w.clock.Now()
		who.Profile = laterName(who.Profile, fresh)
		w.same("the user", got, who.User)
	}
}

func (w *world) bindSome() {
	who, id := w.somebody()
	if who == nil {
		return
	}
	number := numbered(w.random.IntN(4))
	holder := w.whose(func(p *person) bool { return p.Phone != nil && p.Phone.Number == number.Number })
	newest := w.newestEventOf(id)
	got, err := w.store.BindPhone(w.Context(), id, number, actor)
	if holder != nil && holder != who {
		noted := newest.Action == store.ActionPhoneConflict && w.clock.Now().Sub(newest.At) < store.ConflictInterval
		w.happened[store.ActionPhoneConflict] += bit(!noted)
		w.refused(err, store.ErrPhoneTaken)
		return
	}
	w.need(err)
	if holder == nil {
		who.Phone = bound(number, w.clock.Now())
		w.happened[store.ActionBindPhone]++
	}
	w.same("the user", got, who.User)
}

func (w *world) unbindSome() {
	if who, id := w.somebody(); who != nil {
		got := w.unbind(id)
		w.happened[store.ActionUnbindPhone] += bit(who.Phone != nil)
		who.Phone = nil
		w.same("the user", got, who.User)
	}
}
