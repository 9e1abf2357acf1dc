package main_test

import "sync"

const (
	watchTicket = `subscription($id: ID!, $secret: String!) { scanLogin(id: $id, secret: $secret) { ...wholeTicket } }` + wholeTicket
	watchLogins = `subscription($app: ID) { userLoggedIn(appId: $app) { ...whole } }` + whole
)

// visitScanLogin watches a ticket to each of its ends.
func (tr *tour) visitScanLogin() {
	for name := range ways {
		tr.watch(name, func(page ticket, mei pair) { tr.redeem(page, "mei") })
		tr.watch(name, func(page ticket, mei pair) { tr.answer(page, mei, false) })
	}
	page := tr.open()
	for _, secret := range tr.vault.samples() {
		tr.overhear(secret, watchTicket, page.variables())
		tr.overhear("", watchTicket, map[string]any{"id": page.ID, "secret": secret})
		tr.overhear("", watchTicket, map[string]any{"id": secret, "secret": page.Secret})
	}
}

// watch follows a ticket that is claimed, approved and then ended.
func (tr *tour) watch(way string, end func(page ticket, mei pair)) {
	tr.t.Helper()
	mei, page := tr.bindPhone("mei", "13912340045"), tr.open()
	states := ways[way](tr, "", watchTicket, page.variables())
	defer states.leave()
	for i, change := range []func(){
		func() {}, func() { tr.claim(page, mei) }, func() { tr.answer(page, mei, true) }, func() { end(page, mei) },
	} {
		change()
		if !states.next() {
			tr.t.Fatalf("%s only %d states of a ticket are told\n%s", way, i, tr.server.output())
		}
	}
	if states.next() {
		tr.t.Errorf("%s more is told of a ticket that has ended", way)
	}
}

// visitUserLoggedIn watches a user log in, and asks who may not.
func (tr *tour) visitUserLoggedIn() {
	leo := tr.bindPhone("leo", "13912340046")
	for _, bearer := range []string{"", leo.AccessToken, leo.RefreshToken, tr.house.adminKey + "x"} {
		tr.overhear(bearer, watchLogins, nil)
	}
	for way, listen := range ways {
		logins := listen(tr, tr.house.adminKey, watchLogins, nil)
		heard := make(chan bool, 1)
		go func() { heard <- logins.next() }()
		if !tr.logInUntil(heard, "leo") {
			tr.t.Errorf("%s no login is told", way)
		}
		logins.leave()
	}
	tr.visitDemoted()
}

// logInUntil logs a user in until somebody has heard of it: when a subscription has
// begun, its client cannot tell.
func (tr *tour) logInUntil(heard <-chan bool, user string) bool {
	for {
		tr.login(user)
		select {
		case told := <-heard:
			return told
		default:
		}
	}
}

// visitDemoted takes an administrator's role while they watch.
func (tr *tour) visitDemoted() {
	ada := tr.bindPhone("ada", "13912340047")
	tr.ask(tr.house.adminKey, setRole, map[string]any{"id": ada.User.ID, "role": "ADMIN"})
	var watching sync.WaitGroup
	for _, listen := range ways {
		logins := listen(tr, ada.AccessToken, watchLogins, nil)
		watching.Go(func() {
			defer logins.leave()
			for logins.next() {
			}
		})
	}
	tr.ask(tr.house.adminKey, setRole, map[string]any{"id": ada.User.ID, "role": "USER"})
	watching.Wait()
}
