package resolvers_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"menshen/store"
)

func (s *server) createScan() ticket {
	s.Helper()
	return ask[ticket](s, "", createScanDocument, nil)
}

func (s *server) claimScan(bearer string, t ticket) scanLogin {
	s.Helper()
	return ask[scanLogin](s, bearer, claimScanDocument, variables{"id": t.ID})
}

func (s *server) answerScan(bearer string, t ticket, approve bool) scanLogin {
	s.Helper()
	return ask[scanLogin](s, bearer, answerScanDocument, variables{"id": t.ID, "approve": approve})
}

func (s *server) redeemScan(t ticket) scanLogin {
	s.Helper()
	return ask[scanLogin](s, "", redeemScanDocument, presented(t))
}

// presented are the arguments of who knows a ticket's secret.
func presented(t ticket) variables { return variables{"id": t.ID, "secret": t.Secret} }

// approvedScan is a ticket that a user lets in.
func (s *server) approvedScan(bearer string) ticket {
	s.Helper()
	t := s.createScan()
	s.claimScan(bearer, t)
	s.answerScan(bearer, t, true)
	return t
}

func TestScanLogin(t *testing.T) {
	s := start(t)
	phone := s.login("mei")
	s.bindPhone(phone.AccessToken, "mei", "13800138000")
	web := s.createScan()
	if !regexp.MustCompile(`^[0-9A-Za-z_-]{1,32}$`).MatchString(web.ID) || len(web.Secret) < 43 {
		t.Errorf("id %q and a secret of %d characters", web.ID, len(web.Secret))
	}
	want := scanLogin{
		ID: web.ID, Status: "PENDING", IPAddress: address, UserAgent: userAgent,
		CreatedAt: begin, ExpiresAt: begin.Add(store.ScanLoginLife),
	}
	s.same("ticket's end", web.ExpiresAt, want.ExpiresAt)
	s.same("opened", s.redeemScan(web), want)
	want.Status = "SCANNED"
	s.same("claimed", s.claimScan(phone.AccessToken, web), want)
	s.same("claimed again", s.claimScan(phone.AccessToken, web), want)
	s.same("waiting for the answer", s.redeemScan(web), want)
	want.Status = "APPROVED"
	s.same("approved", s.answerScan(phone.AccessToken, web, true), want)

	now := s.clock.Advance(time.Minute)
	got := s.redeemScan(web)
	want.Status, want.Login = "REDEEMED", got.Login
	s.same("redeemed", got, want)
	if got.Login == nil {
		t.Fatal("no login")
	}
	s.same("user", got.Login.User.ID, phone.User.ID)
	s.same("openId", got.Login.OpenID, phone.OpenID)
	s.same("is new", got.Login.IsNewUser, false)
	s.same("logins", got.Login.User.LoginCount, 2)
	s.same("last login", got.Login.User.LastLoginAt, now)
	s.same("own number", got.Login.User.PhoneNumber.PhoneNumber, "13800138000")
	s.same("sessions", len(ask[user](s, got.Login.AccessToken, meDocument, nil).Sessions), 2)
	s.refresh(got.Login.RefreshToken)

	want.Login = nil
	s.same("redeemed again", s.redeemScan(web), want)
	s.same("claimed too late", s.claimScan(phone.AccessToken, web), want)
}

// bindPhone gives a user a number.
func (s *server) bindPhone(bearer, name, number string) {
	s.Helper()
	code, err := s.sim.PhoneCode(app, name, number)
	s.need(err)
	ask[changed](s, bearer, bindDocument, variables{"code": code})
}

func TestScanLoginOfSeveralApps(t *testing.T) {
	s := start(t, twoApps)
	mei, hua := s.loginTo(app, "mei"), s.loginTo(otherApp, "hua")
	for _, v := range []variables{nil, {"appId": "wxunknown"}, {"appId": ""}} {
		s.same("field", s.refused("BAD_USER_INPUT", "", createScanDocument, v).Extensions.Field, "appId")
	}
	web := ask[ticket](s, "", createScanDocument, variables{"appId": app})
	s.refused("NOT_FOUND", hua.AccessToken, claimScanDocument, variables{"id": web.ID})
	s.same("claimed", s.claimScan(mei.AccessToken, web).Status, "SCANNED")
}

// TestTheIDIsNotEnough plays somebody who has seen the code, which everybody near
// the screen has.
func TestTheIDIsNotEnough(t *testing.T) {
	s := start(t)
	web, other := s.approvedScan(s.login("mei").AccessToken), s.createScan()
	for name, v := range map[string]variables{
		"no secret":           {"id": web.ID, "secret": ""},
		"the id":              {"id": web.ID, "secret": web.ID},
		"another's secret":    {"id": web.ID, "secret": other.Secret},
		"a part of it":        {"id": web.ID, "secret": web.Secret[1:]},
		"more than it":        {"id": web.ID, "secret": web.Secret + "="},
		"an id of nothing":    {"id": "scn_00000000000000000000000000", "secret": web.Secret},
		"something not an id": {"id": "x", "secret": web.Secret},
	} {
		s.run(name, func(s *server) {
			s.refused("NOT_FOUND", "", redeemScanDocument, v)
			s.refused("NOT_FOUND", adminKey, redeemScanDocument, v)
			s.failure("NOT_FOUND", s.listen("", onScanDocument, v).begun())
		})
	}
	s.same("the page", s.redeemScan(web).Status, "REDEEMED")
}

func TestOneUserAnswers(t *testing.T) {
	s := start(t)
	mei, hua := s.login("mei"), s.login("hua")
	web := s.createScan()
	s.refused("CONFLICT", mei.AccessToken, answerScanDocument, variables{"id": web.ID, "approve": true}) // not scanned
	s.claimScan(mei.AccessToken, web)
	got := s.refused("CONFLICT", hua.AccessToken, claimScanDocument, variables{"id": web.ID})
	s.same("message", strings.Contains(got.Message, "scanned"), true)
	s.refused("CONFLICT", hua.AccessToken, answerScanDocument, variables{"id": web.ID, "approve": true})
	s.same("still waiting", s.redeemScan(web).Status, "SCANNED")
	s.same("approved from her other phone", s.answerScan(s.login("mei").AccessToken, web, true).Status, "APPROVED")
}

func TestDenial(t *testing.T) {
	s := start(t)
	mei := s.login("mei").AccessToken
	asked, approved := s.createScan(), s.approvedScan(mei)
	s.claimScan(mei, asked)
	for name, web := range map[string]ticket{"when asked": asked, "after all": approved} {
		s.run(name, func(s *server) {
			s.same("denied", s.answerScan(mei, web, false).Status, "DENIED")
			s.same("approved afterwards", s.answerScan(mei, web, true).Status, "DENIED")
			got := s.redeemScan(web)
			if got.Status != "DENIED" || got.Login != nil {
				s.Errorf("redeemed: %+v", got)
			}
		})
	}
}

func TestScanLoginExpires(t *testing.T) {
	s := start(t)
	mei := s.login("mei").AccessToken
	waiting, approved := s.createScan(), s.approvedScan(mei)
	s.clock.Advance(store.ScanLoginLife - time.Millisecond)
	s.same("at the last moment", s.claimScan(mei, waiting).Status, "SCANNED")
	s.clock.Advance(time.Millisecond)
	for _, web := range []ticket{waiting, approved} {
		s.same("claimed", s.claimScan(mei, web).Status, "EXPIRED")
		s.same("answered", s.answerScan(mei, web, true).Status, "EXPIRED")
		got := s.redeemScan(web)
		if got.Status != "EXPIRED" || got.Login != nil {
			t.Errorf("redeemed: %+v", got)
		}
	}
}

// TestApprovalLastsAsLongAsItsSession proves that who is out lets nobody in.
func TestApprovalLastsAsLongAsItsSession(t *testing.T) {
	s := start(t)
	for code, end := range map[string]func(s *server, in payload){
		"NOT_FOUND":    func(s *server, in payload) { ask[ended](s, in.AccessToken, logoutDocument, nil) },
		"USER_BLOCKED": func(s *server, in payload) { s.block(in.User.ID, "spam") },
	} {
		s.run(code, func(s *server) {
			in := s.login(code)
			web := s.approvedScan(in.AccessToken)
			end(s, in)
			s.refused(code, "", redeemScanDocument, presented(web))
		})
	}
}

func TestManyRedeemAtOnce(t *testing.T) {
	const many = 32
	s := start(t)
	in := s.login("mei")
	web := s.approvedScan(in.AccessToken)
	answers := make(chan answer, many)
	var group sync.WaitGroup
	for range many {
		group.Go(func() {
			a, err := s.post(t.Context(), "", redeemScanDocument, presented(web))
			if err != nil {
				t.Error(err)
			}
			answers <- a
		})
	}
	group.Wait()
	close(answers)
	logins := 0
	for a := range answers {
		var got scanLogin
		if err := json.Unmarshal(a.Data["redeemScanLogin"], &got); err != nil || got.Status != "REDEEMED" {
			t.Errorf("%v: %s", err, a.body)
		}
		if got.Login != nil {
			logins++
		}
	}
	s.same("logins", logins, 1)
	s.same("sessions", len(ask[user](s, in.AccessToken, meDocument, nil).Sessions), 2)
}
