package main_test

import (
	"context"

	"menshen/wechat/wechattest"
)

// wholeTicket is all that a ticket shows on its way.
const wholeTicket = ` fragment wholeTicket on ScanLogin { id status expiresAt createdAt ipAddress userAgent
	login { accessToken refreshToken openId user { ...whole } } }` + whole

const (
	openTicket   = `mutation($app: ID) { createScanLogin(appId: $app) { id secret qrCode expiresAt } }`
	claimTicket  = `mutation($id: ID!) { claimScanLogin(id: $id) { ...wholeTicket } }` + wholeTicket
	answerTicket = `mutation($id: ID!, $approve: Boolean!) { answerScanLogin(id: $id, approve: $approve) { ...wholeTicket } }` + wholeTicket
	redeemTicket = `mutation($id: ID!, $secret: String!) { redeemScanLogin(id: $id, secret: $secret) { ...wholeTicket } }` + wholeTicket
)

// ticket is what a web page gets that wants its visitor to sign in.
type ticket struct{ ID, Secret string }

// open plays the web page.
func (tr *tour) open() ticket {
	tr.t.Helper()
	var data struct{ CreateScanLogin ticket }
	tr.find("", openTicket, nil, &data)
	if data.CreateScanLogin.ID == "" {
		tr.t.Fatalf("no ticket\n%s", tr.server.output())
	}
	return data.CreateScanLogin
}

// variables are those of the page's operations.
func (t ticket) variables() map[string]any { return map[string]any{"id": t.ID, "secret": t.Secret} }

// claim plays the mini program of a user who scans.
func (tr *tour) claim(t ticket, user pair) {
	tr.t.Helper()
	tr.ask(user.AccessToken, claimTicket, map[string]any{"id": t.ID})
}

// answer plays the mini program of a user who is asked.
func (tr *tour) answer(t ticket, user pair, approve bool) {
	tr.t.Helper()
	tr.ask(user.AccessToken, answerTicket, map[string]any{"id": t.ID, "approve": approve})
}

// redeem plays the web page on which a user signs in. The answer is theirs to read.
func (tr *tour) redeem(t ticket, user string) (in pair) {
	tr.t.Helper()
	ctx := context.WithValue(tr.t.Context(), readerKey{}, user)
	var data struct{ RedeemScanLogin struct{ Login pair } }
	if _, err := tr.server.ask(ctx, "", redeemTicket, t.variables(), &data); err != nil {
		tr.t.Fatalf("%v\n%s", err, tr.server.output())
	}
	in = data.RedeemScanLogin.Login
	tr.readAs(user, in.AccessToken)
	return in
}

func (tr *tour) visitCreateScanLogin() {
	for _, bearer := range []string{"", tr.stranger.AccessToken, tr.house.adminKey, tr.house.adminKey + "x"} {
		tr.ask(bearer, openTicket, nil)
	}
	for _, secret := range tr.vault.samples() {
		tr.ask("", openTicket, map[string]any{"app": secret})
	}
}

func (tr *tour) visitClaimScanLogin() {
	mei, lin, page := tr.bindPhone("mei", "13912340041"), tr.login("lin"), tr.open()
	for _, bearer := range []string{"", tr.house.adminKey, mei.AccessToken, mei.AccessToken, lin.AccessToken} {
		for _, id := range []string{page.Secret, page.ID} {
			tr.ask(bearer, claimTicket, map[string]any{"id": id})
		}
	}
}

func (tr *tour) visitAnswerScanLogin() {
	mei, lin, page := tr.bindPhone("mei", "13912340042"), tr.login("lin"), tr.open()
	tr.answer(page, mei, true) // nobody has claimed it
	tr.claim(page, mei)
	for _, bearer := range []string{"", tr.house.adminKey, lin.AccessToken, mei.AccessToken} {
		for _, id := range []string{page.Secret, page.ID} {
			for _, approve := range []bool{true, false} {
				tr.ask(bearer, answerTicket, map[string]any{"id": id, "approve": approve})
			}
		}
	}
	tr.redeem(page, "mei") // it was denied
}

func (tr *tour) visitRedeemScanLogin() {
	const number = "13912340043"
	mei, page, other := tr.bindPhone("mei", number), tr.open(), tr.open()
	tr.redeem(page, "mei") // too early
	tr.claim(page, mei)
	tr.answer(page, mei, true)
	for _, wrong := range []ticket{{page.ID, other.Secret}, {page.ID, page.Secret + "x"}, {page.Secret, page.ID}, {other.ID, page.Secret}} {
		tr.redeem(wrong, "mei")
	}
	in := tr.redeem(page, "mei")
	tr.redeem(page, "mei") // once is all
	tr.ask(in.AccessToken, wholeMe, nil)
	tr.ask("", refreshMutation, map[string]any{"token": in.RefreshToken})
	tr.visitBlockedPage()
}

// visitBlockedPage blocks a user between the phone and the page.
func (tr *tour) visitBlockedPage() {
	ben, page := tr.bindPhone("ben", "13912340044"), tr.open()
	tr.claim(page, ben)
	tr.answer(page, ben, true)
	tr.ask(tr.house.adminKey, block, map[string]any{"id": ben.User.ID, "reason": "Between two screens."})
	tr.redeem(page, "ben")
}

// visitScanPage has WeChat draw the codes of tickets, well and badly. Each page is
// somewhere else, since one address opens so many tickets a minute.
func (tr *tour) visitScanPage() {
	body := bodyOf(openTicket, map[string]any{"app": wechattest.DevAppID})
	open := func() { tr.post(body, forwarded(tr.elsewhere(), "")) }
	open()
	tr.askWhileItFails(codePath, open)
}
