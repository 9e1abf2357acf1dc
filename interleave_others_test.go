package main_test

import (
	"context"
	"slices"

	"menshen/wechat/wechattest"
)

// administer is what an administrator does to the user of an id, which may have
// become another's; NOT_FOUND when there is none.
func (c *client) administer(id, mutation string, change func(life, *townUser) life) act {
	return func(ctx context.Context) (explanation, error) {
		code, err := c.ask(ctx, c.house.adminKey, mutation, map[string]any{"id": id}, nil)
		return func(l life) []life {
			u := l.user(id)
			if u == nil {
				return l.only(code == "NOT_FOUND")
			}
			return change(l, u).only(code == "")
		}, err
	}
}

func (c *client) block(id string) act {
	return c.administer(id, `mutation($id: ID!) { blockUser(id: $id, reason: "spam") { user { id } } }`, func(l life, u *townUser) life {
		u.blocked = true
		l.end(u.id, sessionShut)
		return l
	})
}

func (c *client) unblock(id string) act {
	return c.administer(id, `mutation($id: ID!) { unblockUser(id: $id) { user { id } } }`, func(l life, u *townUser) life {
		u.blocked = false
		return l
	})
}

func (c *client) setRole(id string, admin bool) act {
	mutation := `mutation($id: ID!) { setUserRole(id: $id, role: USER) { user { id } } }`
	if admin {
		mutation = `mutation($id: ID!) { setUserRole(id: $id, role: ADMIN) { user { id } } }`
	}
	return c.administer(id, mutation, func(l life, u *townUser) life {
		u.admin = admin
		return l
	})
}

func (c *client) revoke(id string) act {
	return c.administer(id, `mutation($id: ID!) { revokeUserSessions(id: $id) { user { id } } }`, func(l life, u *townUser) life {
		l.end(u.id, sessionEnded)
		return l
	})
}

func (c *client) delete(id string) act {
	return c.administer(id, `mutation($id: ID!) { deleteUser(id: $id) { id } }`, func(l life, u *townUser) life {
		return l.erase(*u)
	})
}

// seenUser is a user as an administrator sees them.
type seenUser struct {
	ID, Status, Role string
	UnionID          string
	LoginCount       int
	Profile          struct{ NickName string }
	PhoneNumber      *struct{ PhoneNumber string }
}

const seenUserFields = `{ id status role unionId loginCount profile { nickName } phoneNumber { phoneNumber } }`

// look compares what an administrator sees of a user.
func (c *client) look(id string) act {
	return func(ctx context.Context) (explanation, error) {
		var data struct{ User *seenUser }
		code, err := c.ask(ctx, c.house.adminKey, `query($id: ID) { user(id: $id) `+seenUserFields+` }`, map[string]any{"id": id}, &data)
		return func(l life) []life {
			u := l.user(id)
			if u == nil || data.User == nil {
				return l.only(code == "" && u == nil && data.User == nil)
			}
			return l.only(u.seenAs(*data.User))
		}, err
	}
}

func (u townUser) seenAs(seen seenUser) bool {
	phone := ""
	if seen.PhoneNumber != nil {
		phone = seen.PhoneNumber.PhoneNumber
	}
	return seen.ID == u.id && (seen.Status == "BLOCKED") == u.blocked && (seen.Role == "ADMIN") == u.admin &&
		(seen.UnionID != "") == u.named && seen.LoginCount == u.logins && seen.Profile.NickName == u.name && phone == u.phone
}

// push is that WeChat tells of something the person withdrew.
func (c *client) push(p *person, app string, event townEvent) act {
	return func(ctx context.Context) (explanation, error) {
		reply, err := c.sim.Push(ctx, wechattest.Push{
			AppID: app, User: p.name, Event: event.name, To: c.server.url + "/wechat/push/" + app, Mode: "secure",
			Payload: map[string]any{"MsgId": c.messages.Add(1), "RevokeInfo": event.revoked},
		})
		mayTell := c.binding.Load() && app != appOutside
		return func(l life) (lives []life) {
			if reply != (wechattest.PushReply{Status: 200, Body: "success"}) {
				return nil
			}
			lives = append(lives, l.push(app, false, event))
			if mayTell {
				lives = append(lives, l.push(app, true, event))
			}
			return lives
		}, err
	}
}

// push is what a message makes of a life, if it told the unionid or did not. The
// unionid is asked where the openid names nobody.
func (l life) push(app string, told bool, event townEvent) life {
	l.users, l.sessions = slices.Clone(l.users), slices.Clone(l.sessions)
	u := l.userIn(app)
	if u == nil {
		u = l.find(func(u townUser) bool { return told && u.named })
	}
	if u == nil {
		return l
	}
	return event.effect(l, u)
}

// townEvent is an event of WeChat's and what it makes of its user.
type townEvent struct {
	name, revoked string
	effect        func(life, *townUser) life
}

var townEvents = []townEvent{
	{"user_authorization_revoke", "8", func(l life, u *townUser) life { u.phone = ""; return l }},
	{"user_authorization_revoke", "1", func(l life, u *townUser) life { return l }},
	{"user_info_modified", "", func(l life, u *townUser) life { u.name = ""; return l }},
	{"user_authorization_cancellation", "", func(l life, u *townUser) life { return l.erase(*u) }},
}
