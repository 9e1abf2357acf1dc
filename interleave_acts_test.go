package main_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ask sends an operation and returns the code of its refusal, "" without one.
func (w *town) ask(ctx context.Context, bearer, query string, variables map[string]any, data any) (code string, err error) {
	errs, err := w.server.ask(ctx, bearer, query, variables, data)
	var no refused
	if errors.As(failure(errs, err), &no) {
		return string(no), nil
	}
	return "", err
}

// someAct chooses what a person does, or what is done to them, in a life.
func (c *client) someAct(p *person, l life) act {
	if len(l.sessions) == 0 || c.random.IntN(3) > 0 {
		return c.someAtomicAct(p, l)
	}
	s := pick(c.random, l.sessions)
	switch c.random.IntN(8) {
	case 0, 1, 2:
		return c.bindPhone(p, s)
	case 3, 4, 5:
		return c.rename(s, fmt.Sprintf("name %d", c.random.IntN(1000)))
	case 6:
		return c.deleteMe(s)
	}
	return c.me(s)
}

// someAtomicAct chooses among what is one transaction, so that two of them at once
// come to the same as one after the other.
func (c *client) someAtomicAct(p *person, l life) act {
	app := pick(c.random, p.apps)
	if len(l.users) == 0 {
		return c.login(p, app)
	}
	id := pick(c.random, l.ids())
	if len(l.gone) > 0 && c.random.IntN(8) == 0 {
		id = pick(c.random, l.gone)
	}
	switch c.random.IntN(20) {
	case 0:
		return c.block(id)
	case 1, 2:
		return c.unblock(id)
	case 3:
		return c.setRole(id, c.random.IntN(3) > 0)
	case 4:
		return c.revoke(id)
	case 5:
		return c.delete(id)
	case 6, 7:
		return c.push(p, app, pick(c.random, townEvents))
	case 8, 9, 10, 11, 12:
		if len(l.sessions) > 0 {
			return c.refresh(pick(c.random, l.sessions))
		}
	}
	return c.login(p, app)
}

// ids are all that name a user.
func (l life) ids() (ids []string) {
	for _, u := range l.users {
		ids = append(append(ids, u.id), u.former...)
	}
	return ids
}

// townLogin is what a login answers.
type townLogin struct {
	pair
	UnionID   string
	IsNewUser bool
}

const townLoginMutation = `mutation($code: String!, $app: ID) {
	login(code: $code, appId: $app) { accessToken refreshToken unionId isNewUser user { id } }
}`

func (c *client) login(p *person, app string) act {
	return func(ctx context.Context) (explanation, error) {
		phone, err := c.sim.Login(app, p.name)
		if err != nil {
			return nil, err
		}
		var data struct{ Login townLogin }
		c.logins.sent.Add(1)
		code, err := c.ask(ctx, "", townLoginMutation, map[string]any{"code": phone.Code, "app": app}, &data)
		if err != nil {
			return nil, err
		}
		c.logins.note(code, data.Login)
		mayTell := c.binding.Load()
		return func(l life) (lives []life) {
			if phone.UnionID == "" { // when the code was made; the apps may have been bound since
				lives = l.login(app, false, code, data.Login)
			}
			if mayTell {
				lives = append(lives, l.login(app, true, code, data.Login)...)
			}
			return lives
		}, nil
	}
}

func (n *loginTally) note(code string, in townLogin) {
	switch {
	case code != "":
		n.refused.Add(1)
	case in.IsNewUser:
		n.newUsers.Add(1)
		fallthrough
	default:
		n.answered.Add(1)
	}
}

// login is what a login makes of a life, if WeChat told the unionid or did not.
func (l life) login(app string, told bool, code string, in townLogin) (lives []life) {
	l.users = slices.Clone(l.users)
	own, holder := l.userIn(app), l.find(func(u townUser) bool { return told && u.named })
	candidates, isNew := []life{l}, false
	switch {
	case own == nil && holder == nil:
		isNew = true
		candidates[0].users = append(l.users, townUser{id: in.User.ID, apps: []string{app}})
	case own == nil:
		holder.apps = slices.Sorted(slices.Values(slices.Concat(holder.apps, []string{app})))
	case holder != nil && holder.id != own.id:
		candidates = l.merge(*own, *holder)
	}
	for _, l := range candidates {
		u := l.userIn(app)
		u.named = u.named || told
		if u.blocked && code == "USER_BLOCKED" {
			lives = append(lives, l)
		}
		if !u.blocked && code == "" && in.IsNewUser == isNew && in.User.ID == u.id && u.named == (in.UnionID != "") {
			u.logins++
			l.sessions = append(slices.Clone(l.sessions), townSession{app: app, owner: u.id, access: in.AccessToken, refresh: in.RefreshToken})
			lives = append(lives, l)
		}
	}
	return lives
}

// maxExchanges is how many refreshes of a session are answered within the grace.
const maxExchanges = 8

func (c *client) refresh(s townSession) act {
	if s.exchanges >= maxExchanges-1 { // one is for after the kill
		return c.me(s)
	}
	return func(ctx context.Context) (explanation, error) {
		var data struct{ RefreshLogin pair }
		code, err := c.ask(ctx, "", refreshMutation, map[string]any{"token": s.refresh}, &data)
		return func(l life) []life { return l.exchange(s.refresh, code, data.RefreshLogin) }, err
	}
}

// exchange is what a refresh makes of a life. A token that was just exchanged gets
// the same successor again.
func (l life) exchange(presented, code string, next pair) []life {
	s := l.session(presented)
	if want := l.fate(*s); want != "" || code != "" {
		return l.only(want == code)
	}
	if s.used == presented {
		return l.only(next.RefreshToken == s.refresh && next.User.ID == s.owner)
	}
	s.access, s.refresh, s.used = next.AccessToken, next.RefreshToken, presented
	s.exchanges++
	return l.only(next.User.ID == s.owner)
}

// signedIn is an act in a session: change tells what it makes of its user, when
// the session lives.
func (c *client) signedIn(s townSession, query string, variables map[string]any, change func(l life, u *townUser, code string) []life) act {
	return func(ctx context.Context) (explanation, error) {
		code, err := c.ask(ctx, s.access, query, variables, nil)
		return func(l life) []life {
			now := l.session(s.refresh)
			if want := l.fate(*now); want != "" {
				return l.only(code == want)
			}
			return change(l, l.user(now.owner), code)
		}, err
	}
}

func (c *client) me(s townSession) act {
	return c.signedIn(s, meQuery, nil, func(l life, _ *townUser, code string) []life { return l.only(code == "") })
}

func (c *client) deleteMe(s townSession) act {
	return c.signedIn(s, `mutation { deleteMe { id } }`, nil, func(l life, u *townUser, code string) []life {
		return l.erase(*u).only(code == "")
	})
}

func (c *client) rename(s townSession, name string) act {
	return c.signedIn(s, `mutation($name: String) { updateProfile(input: {nickName: $name}) { user { id } } }`, map[string]any{"name": name},
		func(l life, u *townUser, code string) []life {
			u.name = name
			return l.only(code == "")
		})
}

// sharedNumbers are what persons fight for.
const sharedNumbers = 4

// bindPhone binds the account's own number or one that others want too.
func (c *client) bindPhone(p *person, s townSession) act {
	shared := c.random.IntN(2) == 0
	number := fmt.Sprintf("1380000%04d", 10*p.number+slices.Index(p.apps, s.app))
	if shared {
		number = fmt.Sprintf("1390000%04d", c.random.IntN(sharedNumbers))
	}
	return func(ctx context.Context) (explanation, error) {
		phoneCode, err := c.sim.PhoneCode(s.app, p.name, number)
		if err != nil {
			return nil, err
		}
		return c.signedIn(s, `mutation($code: String) { bindPhoneNumber(code: $code) { user { id } } }`, map[string]any{"code": phoneCode},
			func(l life, u *townUser, code string) []life {
				if code == "CONFLICT" {
					return l.only(shared && u.phone != number)
				}
				u.phone = number
				return l.only(code == "")
			})(ctx)
	}
}
