package resolvers_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"menshen/resolvers"
	"menshen/store"
)

// watchedScan is a ticket, and the page that listens to it.
func watchedScan(s *server) (ticket, *listener) {
	s.Helper()
	web := do[ticket](s, "", createScanDocument, nil)
	page := s.listen("", onScanDocument, presented(web))
	s.same("at first", hear[scanLogin](page).Status, "PENDING")
	return web, page
}

func (l *listener) hears(status string) {
	l.Helper()
	l.same("heard", hear[scanLogin](l).Status, status)
}

func TestThePageHearsOfItsTicket(t *testing.T) {
	inBubble(t, func(s *server) {
		mei, _ := s.signIn("mei")
		web, page := watchedScan(s)
		do[scanLogin](s, mei, claimScanDocument, variables{"id": web.ID})
		page.hears("SCANNED")
		do[scanLogin](s, mei, claimScanDocument, variables{"id": web.ID}) // no change, and nothing to hear
		synctest.Wait()
		do[scanLogin](s, mei, answerScanDocument, variables{"id": web.ID, "approve": true})
		page.hears("APPROVED")
		redeemed := do[scanLogin](s, "", redeemScanDocument, presented(web))
		last := hear[scanLogin](page)
		s.same("last status", last.Status, "REDEEMED")
		if redeemed.Login == nil || last.Login != nil {
			t.Error("the login is for who redeems, and for nobody else")
		}
		page.over()
		s.listen("", onScanDocument, presented(web)).hears("REDEEMED") // who comes late
	})
}

// TestASlowPageHearsTheLast plays a page that does not read while its ticket changes
// three times.
func TestASlowPageHearsTheLast(t *testing.T) {
	inBubble(t, func(s *server) {
		mei, _ := s.signIn("mei")
		web, page := watchedScan(s)
		do[scanLogin](s, mei, claimScanDocument, variables{"id": web.ID})
		synctest.Wait()
		for _, approve := range []bool{true, false} {
			do[scanLogin](s, mei, answerScanDocument, variables{"id": web.ID, "approve": approve})
		}
		page.hears("SCANNED")
		page.hears("DENIED")
		page.over()
	})
}

func TestThePageHearsOfTheEnd(t *testing.T) {
	inBubble(t, func(s *server) {
		_, page := watchedScan(s)
		began := time.Now()
		page.hears("EXPIRED")
		s.same("waited", time.Since(began), store.ScanLoginLife)
		page.over()
	})
}

// TestATicketThatIsGoneHasExpired ends the session of the phone while the page waits
// for its answer. Nobody tells the page, which is not to wait for the ticket's end.
func TestATicketThatIsGoneHasExpired(t *testing.T) {
	for name, end := range map[string]func(s *server, bearer string, mei store.User) error{
		"logout": func(s *server, bearer string, _ store.User) error {
			do[ended](s, bearer, logoutDocument, nil)
			return nil
		},
		"deletion": func(s *server, _ string, mei store.User) error {
			_, err := s.store.DeleteUser(s.Context(), mei.ID, store.Actor{})
			return err
		},
		"block": func(s *server, _ string, mei store.User) error {
			_, err := s.store.Block(s.Context(), mei.ID, "spam", store.Actor{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(s *server) {
				bearer, in := s.signIn("mei")
				web, page := watchedScan(s)
				do[scanLogin](s, bearer, claimScanDocument, variables{"id": web.ID})
				page.hears("SCANNED")
				s.need(end(s, bearer, in.User))
				ended := time.Now()
				page.hears("EXPIRED")
				s.same("waited", time.Since(ended), 5*time.Second)
				page.over()
			})
		})
	}
}

// TestWhoLeavesLeavesNothing ends with the bubble, which waits for every goroutine.
func TestWhoLeavesLeavesNothing(t *testing.T) {
	inBubble(t, func(s *server) {
		_, page := watchedScan(s)
		dashboard := s.listen(adminKey, onLoginDocument, nil)
		s.signIn("mei")
		page.leave()
		dashboard.leave()
		page.over()
		dashboard.over()
		synctest.Wait()
		s.same("log entries", len(s.log.take(t)), 0)
	})
}

func TestAStoreThatFailsEndsTheStream(t *testing.T) {
	inBubble(t, func(s *server) {
		_, page := watchedScan(s)
		s.need(s.store.Close())
		page.over()
		entries := s.log.take(t)
		if len(entries) != 1 || entries[0].Level != "ERROR" {
			t.Errorf("log entries %+v, want one error", entries)
		}
	})
}

func TestAPanicEndsTheStreamAlone(t *testing.T) {
	inBubble(t, func(s *server) {
		web, page := watchedScan(s)
		synctest.Wait()
		s.resolver.Now = func() time.Time { panic("the clock is broken") }
		s.resolver.Events.Publish("scan login "+web.ID, web.ID)
		page.over()
		entries := s.log.take(t)
		if len(entries) != 1 || entries[0].Code != "INTERNAL" {
			t.Errorf("log entries %+v, want the panic", entries)
		}
	})
}

func TestTheDashboardHearsOfLogins(t *testing.T) {
	s := start(t, twoApps)
	all := s.listen(adminKey, onLoginDocument, nil)
	one := s.listen(adminKey, onLoginDocument, variables{"appId": app})
	hua, mei := s.loginTo(otherApp, "hua"), s.loginTo(app, "mei")
	s.refresh(mei.RefreshToken) // is no login
	web := ask[ticket](s, "", createScanDocument, variables{"appId": app})
	s.claimScan(mei.AccessToken, web)
	s.answerScan(mei.AccessToken, web, true)
	s.redeemScan(web)

	for _, want := range []string{hua.User.ID, mei.User.ID, mei.User.ID} {
		s.same("of any app", hear[user](all).ID, want)
	}
	s.same("of one app", hear[user](one).ID, mei.User.ID)
	s.same("by scan", hear[user](one), user{ID: mei.User.ID, LoginCount: 2})
	got := s.failure("BAD_USER_INPUT", s.listen(adminKey, onLoginDocument, variables{"appId": ""}).begun())
	s.same("field", got.Extensions.Field, "appId")
}

// TestTheDashboardShowsWhatIs proves that no message carries a user, who may be gone.
func TestTheDashboardShowsWhatIs(t *testing.T) {
	s := start(t)
	gone := s.login("gone")
	_, err := s.store.DeleteUser(t.Context(), gone.User.ID, store.Actor{})
	s.need(err)
	dashboard := s.listen(adminKey, onLoginDocument, nil)
	s.resolver.Events.Publish("login ", gone.User.ID)
	mei := s.login("mei")
	s.same("heard", hear[user](dashboard).ID, mei.User.ID)
}

// TestADashboardIsBlindWithoutItsRole holds for a transport that is slow to end the
// subscription.
func TestADashboardIsBlindWithoutItsRole(t *testing.T) {
	inBubble(t, func(s *server) {
		bearer, boss := s.signIn("boss")
		_, mei := s.signIn("mei")
		setRole := func(role store.Role) {
			_, err := s.store.SetRole(s.Context(), boss.User.ID, role, store.Actor{})
			s.need(err)
		}
		setRole(store.RoleAdmin)
		dashboard := s.listen(bearer, onLoginDocument, nil)
		setRole(store.RoleUser)
		s.resolver.Events.Publish("login ", boss.User.ID)
		synctest.Wait()
		setRole(store.RoleAdmin)
		s.resolver.Events.Publish("login ", mei.User.ID)
		s.same("heard", hear[user](dashboard).ID, mei.User.ID)
	})
}

func TestADashboardEndsWithItsRole(t *testing.T) {
	s := start(t)
	in := s.login("boss")
	_, err := s.store.SetRole(t.Context(), in.User.ID, store.RoleAdmin, store.Actor{})
	s.need(err)
	dashboard := s.listen(in.AccessToken, onLoginDocument, nil)
	s.login("mei")
	hear[user](dashboard)
	s.need(s.resolver.Recheck(dashboard.ctx))

	for _, test := range []struct {
		code string
		do   func() error
	}{
		{"FORBIDDEN", func() error {
			_, err := s.store.SetRole(t.Context(), in.User.ID, store.RoleUser, store.Actor{})
			return err
		}},
		{"USER_BLOCKED", func() error {
			_, err := s.store.Block(t.Context(), in.User.ID, "out", store.Actor{})
			return err
		}},
		{"UNAUTHENTICATED", func() error {
			_, err := s.store.Unblock(t.Context(), in.User.ID, store.Actor{})
			return err
		}},
	} {
		s.need(test.do())
		s.same("code", s.resolver.Present(dashboard.ctx, s.resolver.Recheck(dashboard.ctx)).Extensions["code"], any(test.code))
	}
}

// TestAPageOfSomebodyEndsWithTheirLoginState proves that a subscription which needs
// no login state ends with the one that its request brought.
func TestAPageOfSomebodyEndsWithTheirLoginState(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	web := s.createScan()
	anybodys := s.listen("", onScanDocument, presented(web))
	meis := s.listen(in.AccessToken, onScanDocument, presented(web))
	stale := s.listen("garbage", onScanDocument, presented(web))
	connection, err := s.resolver.Connect(resolvers.WithRequest(t.Context(), resolvers.Request{}), in.AccessToken)
	s.need(err)
	operation := resolvers.Begin(connection)
	for _, ctx := range []context.Context{anybodys.ctx, meis.ctx, operation} {
		s.need(s.resolver.Recheck(ctx))
	}
	ask[ended](s, in.AccessToken, logoutDocument, nil)
	s.need(s.resolver.Recheck(anybodys.ctx))
	for _, ctx := range []context.Context{meis.ctx, stale.ctx, operation} {
		s.same("code", s.resolver.Present(ctx, s.resolver.Recheck(ctx)).Extensions["code"], any("UNAUTHENTICATED"))
	}
}

func TestConnect(t *testing.T) {
	s := start(t)
	in := s.login("mei")
	connect := func(header, message string) (context.Context, error) {
		return s.resolver.Connect(resolvers.WithRequest(t.Context(), resolvers.Request{Bearer: header}), message)
	}
	for name, test := range map[string]struct {
		header, message string
		ok              bool
	}{
		"nobody":                   {"", "", true},
		"by message":               {"", in.AccessToken, true},
		"by header":                {in.AccessToken, "", true},
		"the message counts":       {"garbage", in.AccessToken, true},
		"the admin key":            {"", adminKey, true},
		"garbage":                  {"", "garbage", false},
		"garbage in the header":    {"garbage", "", false},
		"garbage over a good head": {in.AccessToken, "garbage", false},
	} {
		if _, err := connect(test.header, test.message); (err == nil) != test.ok {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	ctx, err := connect("", in.AccessToken)
	s.need(err)
	s.need(s.resolver.Recheck(ctx))
	operation := resolvers.Begin(ctx)
	ask[ended](s, in.AccessToken, logoutDocument, nil)
	if s.resolver.Recheck(ctx) == nil {
		t.Error("the connection outlives its login state")
	}
	if s.resolver.IsAdmin(operation) {
		t.Error("an operation is an admin's")
	}
}
