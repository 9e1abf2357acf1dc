package main_test

import (
	"strings"
	"time"

	"menshen/wechat/wechattest"
)

const (
	block        = `mutation($id: ID!, $reason: String!) { blockUser(id: $id, reason: $reason) { user { ...whole } } }` + whole
	unblock      = `mutation($id: ID!) { unblockUser(id: $id) { user { ...whole } } }` + whole
	setRole      = `mutation($id: ID!, $role: Role!) { setUserRole(id: $id, role: $role) { user { ...whole } } }` + whole
	endSessions  = `mutation($id: ID!) { revokeUserSessions(id: $id) { user { ...whole } } }` + whole
	unbindOthers = `mutation($id: ID!) { unbindUserPhoneNumber(id: $id) { user { ...whole } } }` + whole
	deleteOne    = `mutation($id: ID!) { deleteUser(id: $id) { id } }`

	findUser = `query($id: ID, $union: String, $phone: String, $open: String, $app: ID) {
		user(id: $id, unionId: $union, phoneNumber: $phone, openId: $open, appId: $app) { ...whole } }` + whole
	listUsers = `query($after: String, $filter: UserFilter) { users(first: 100, after: $after, filter: $filter) {
		totalCount pageInfo { endCursor } edges { cursor node { ...whole } } } }` + whole
	activityOf = `query($from: Date!, $to: Date!, $app: ID) {
		userActivity(from: $from, to: $to, appId: $app) { day newUsers activeUsers logins } }`
	wholeAudit = `query($after: String, $filter: AuditEventFilter) { auditEvents(first: 100, after: $after, filter: $filter) {
		totalCount pageInfo { endCursor } edges { cursor node { id at action actor userId ipAddress detail } } } }`
)

// asked lets those ask who may not, and an administrator twice.
func (tr *tour) asked(query string, variables map[string]any) {
	tr.t.Helper()
	for _, bearer := range []string{"", tr.stranger.AccessToken, tr.house.adminKey, tr.house.adminKey} {
		tr.ask(bearer, query, variables)
	}
}

func (tr *tour) visitBlockUser() {
	tokens := tr.bindPhone("bao", "13912340011")
	tr.asked(block, map[string]any{"id": tokens.User.ID, "reason": "Too many complaints."})
	tr.ask(tr.house.adminKey, block, map[string]any{"id": tokens.User.ID, "reason": ""})
	tr.ask(tr.house.adminKey, block, map[string]any{"id": tokens.RefreshToken, "reason": "No such user."})
	tr.ask(tokens.AccessToken, wholeMe, nil)
	tr.ask("", refreshMutation, map[string]any{"token": tokens.RefreshToken})
	tr.ask("", loginMutation, map[string]any{"code": tr.code("bao")})
	tr.ask("", profileLogin, with(tr.data("bao", wechattest.KindProfile, nil), map[string]any{"code": tr.code("bao")}))
}

func (tr *tour) visitUnblockUser() {
	tokens := tr.bindPhone("ube", "13912340012")
	tr.ask(tr.house.adminKey, block, map[string]any{"id": tokens.User.ID, "reason": "By mistake."})
	tr.asked(unblock, map[string]any{"id": tokens.User.ID})
	tr.ask(tr.login("ube").AccessToken, wholeMe, nil)
}

// visitSetUserRole makes an administrator, who then sees the others.
func (tr *tour) visitSetUserRole() {
	ada, mei := tr.bindPhone("ada", "13912340013"), tr.login("mei")
	tr.asked(setRole, map[string]any{"id": ada.User.ID, "role": "ADMIN"})
	tr.readAs(administrator, ada.AccessToken)
	tr.ask(ada.AccessToken, wholeNode, map[string]any{"id": mei.User.ID})
	tr.ask(ada.AccessToken, listUsers, nil)
	tr.asked(setRole, map[string]any{"id": ada.User.ID, "role": "USER"})
	tr.readAs("ada", ada.AccessToken)
	tr.ask(ada.AccessToken, wholeNode, map[string]any{"id": mei.User.ID})
	tr.ask(ada.AccessToken, wholeMe, nil)
}

func (tr *tour) visitRevokeUserSessions() {
	tokens := tr.bindPhone("rui", "13912340014")
	tr.asked(endSessions, map[string]any{"id": tokens.User.ID})
	tr.ask(tokens.AccessToken, wholeMe, nil)
}

func (tr *tour) visitUnbindUserPhoneNumber() {
	const number = "13912340015"
	tokens := tr.bindPhone("uma", number)
	tr.asked(unbindOthers, map[string]any{"id": tokens.User.ID})
	tr.bindPhone("lin", number) // it is free
	tr.ask(tokens.AccessToken, wholeMe, nil)
}

func (tr *tour) visitDeleteUser() {
	tokens := tr.bindPhone("del", "13912340016")
	tr.asked(deleteOne, map[string]any{"id": tokens.User.ID})
	tr.ask(tokens.AccessToken, wholeMe, nil)
}

func (tr *tour) visitUser() {
	const number = "13912340017"
	tokens := tr.bindPhone("fay", number)
	for _, variables := range []map[string]any{
		{"id": tokens.User.ID}, {"phone": number}, {"phone": "+86 139 1234 0017"}, {"phone": "0086-139-1234-0017"}, {"phone": number + number},
		{"id": number}, {"union": number}, {"open": number}, {"open": number, "app": number}, {"open": tr.openID("fay")}, {"id": number, "phone": number}, {},
	} {
		tr.asked(findUser, variables)
	}
}

func (tr *tour) visitUsers() {
	const number = "13912340018"
	tokens := tr.bindPhone("gus", number)
	for _, filter := range []map[string]any{
		nil, {"search": number}, {"search": "+86 139 1234 0018"}, {"search": tokens.User.ID}, {"search": "u"}, {"search": number + "\x00"},
		{"appId": number}, {"status": number}, {"createdFrom": number}, {"role": "ADMIN", "lastLoginTo": number}, {number: number},
	} {
		tr.asked(listUsers, map[string]any{"filter": filter})
	}
	tr.asked(listUsers, map[string]any{"after": number})
	tr.asked(`{ a: users(filter: {search: "`+number+`"}) { ...n } b: users(filter: {search: "b"}) { ...n }
		c: users(filter: {search: "c"}) { ...n } d: users(filter: {search: "d"}) { ...n } } fragment n on UserConnection { totalCount }`, nil)
}

func (tr *tour) visitUserActivity() {
	today := time.Now().Format(time.DateOnly)
	for _, variables := range []map[string]any{
		{"from": today, "to": today}, {"from": today, "to": "2999-01-01"},
		{"from": "13912340001", "to": today}, {"from": today, "to": today, "app": wechattest.DevAppSecret},
	} {
		tr.asked(activityOf, variables)
	}
}

// visitAuditEvents reads what the visits before it have left in the audit.
func (tr *tour) visitAuditEvents() {
	tr.asked(wholeAudit, nil)
	for _, variables := range []map[string]any{
		{"after": "13912340001"}, {"filter": map[string]any{"userId": "13912340001"}},
		{"filter": map[string]any{"action": "13912340001"}}, {"filter": map[string]any{"from": "13912340001"}},
	} {
		tr.asked(wholeAudit, variables)
	}
}

// auditActions reads the whole audit and counts what happened.
func (tr *tour) auditActions() map[string]int {
	type page struct {
		Edges    []struct{ Node struct{ Action string } }
		PageInfo struct{ EndCursor *string }
	}
	count := map[string]int{}
	for after, more := (*string)(nil), true; more; more = after != nil {
		var data struct{ AuditEvents page }
		tr.find(tr.house.adminKey, wholeAudit, map[string]any{"after": after}, &data)
		for _, edge := range data.AuditEvents.Edges {
			count[edge.Node.Action]++
		}
		after = data.AuditEvents.PageInfo.EndCursor
	}
	return count
}

// visitMisplaced lets clients and administrators give one of each secret for
// something else.
func (tr *tour) visitMisplaced() {
	tokens, key := tr.login("mei"), tr.house.adminKey
	for _, secret := range tr.vault.samples() {
		for _, name := range []string{"id", "union", "phone", "open", "app"} {
			tr.ask(key, findUser, map[string]any{name: secret})
		}
		for _, bearer := range []string{tokens.AccessToken, key, secret, strings.ToLower(secret)} {
			tr.ask(bearer, wholeNode, map[string]any{"id": secret})
		}
		tr.ask(key, listUsers, map[string]any{"after": secret})
		tr.ask(key, listUsers, map[string]any{"filter": map[string]any{"search": secret}})
		tr.ask(key, wholeAudit, map[string]any{"after": secret})
		tr.ask(key, wholeAudit, map[string]any{"filter": map[string]any{"userId": secret, "action": secret}})
		tr.ask(key, setRole, map[string]any{"id": secret, "role": "ADMIN"})
		tr.ask(key, setRole, map[string]any{"id": tokens.User.ID, "role": secret})
		tr.ask(key, deleteOne, map[string]any{"id": secret})
		tr.ask(tokens.AccessToken, bindByCode, map[string]any{"code": secret})
		tr.ask(tokens.AccessToken, bindByData, map[string]any{"data": secret, "iv": secret})
		tr.ask("", refreshMutation, map[string]any{"token": secret})
		tr.ask("", loginMutation, map[string]any{"code": secret})
		tr.ask("", redeemTicket, map[string]any{"id": secret, "secret": secret})
		tr.ask(tokens.AccessToken, claimTicket, map[string]any{"id": secret})
		tr.ask(tokens.AccessToken, answerTicket, map[string]any{"id": secret, "approve": true})
		tr.overhear(secret, watchTicket, map[string]any{"id": secret, "secret": secret})
		tr.overhear(key, watchLogins, map[string]any{"app": secret})
	}
}
