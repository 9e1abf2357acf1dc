package resolvers_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"menshen/resolvers"
	"menshen/wechat/wechattest"
)

// allowance lets each key do something so many times, and never again.
type allowance struct {
	most int

	mu           sync.Mutex
	begun, spent map[string]int
}

// patience is how long an allowance has its keys wait; whole seconds would not
// show which way they are rounded.
const patience = 1500 * time.Millisecond

func (a *allowance) Wait(key string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.begun[key]+a.spent[key] < a.most {
		return 0
	}
	return patience
}

func (a *allowance) Take(key string) time.Duration {
	wait := a.Begin(key)
	if wait == 0 {
		a.End(key, true)
	}
	return wait
}

func (a *allowance) Begin(key string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.begun[key]+a.spent[key] >= a.most {
		return patience
	}
	a.begun[key]++
	return 0
}

func (a *allowance) End(key string, failed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun[key]--
	if failed {
		a.spent[key]++
	}
}

// await returns when nothing is under way.
func (a *allowance) await(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for a.underWay() != 0 {
		if ctx.Err() != nil {
			t.Fatalf("%d have not ended", a.underWay())
		}
		runtime.Gosched()
	}
}

func (a *allowance) underWay() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, begun := range a.begun {
		n += begun
	}
	return n
}

// left is an allowance with which nobody has done anything yet.
func left(most int) *allowance {
	return &allowance{most: most, begun: map[string]int{}, spent: map[string]int{}}
}

// spends checks what an allowance has counted, and that nothing is under way.
func (s *server) spends(a *allowance, want map[string]int) {
	s.Helper()
	s.same("under way", a.underWay(), 0)
	a.mu.Lock()
	defer a.mu.Unlock()
	if diff := cmp.Diff(want, a.spent, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("counted (-want +got):\n%s", diff)
	}
}

func limited(limits resolvers.Limits) func(*options) {
	return func(o *options) { o.resolver = func(r *resolvers.Resolver) { r.Limits = limits } }
}

// mustWait checks that a request is one too many.
func (s *server) mustWait(bearer, document string, v variables) {
	s.Helper()
	got := s.refused("RATE_LIMITED", bearer, document, v)
	s.same("retryAfter", got.Extensions.RetryAfter, 2)
	s.same("message", got.Message, "Too many requests. Wait before trying again.")
}

func TestFailuresAreCounted(t *testing.T) {
	failures := left(100)
	s := start(t, limited(resolvers.Limits{LoginFailures: failures}))
	mei := s.login("mei")
	web := s.approvedScan(mei.AccessToken)
	s.redeemScan(web)
	s.refresh(mei.RefreshToken)
	s.need(s.sim.Fault(wechattest.Fault{Path: exchange, ErrCode: -1}))
	s.refused("WECHAT_UNAVAILABLE", "", loginDocument, variables{"code": "x"})
	s.refused("BAD_USER_INPUT", "", loginDocument, variables{"code": "x", "appId": "wxunknown"})
	s.spends(failures, nil)

	s.refused("LOGIN_CODE_INVALID", "", loginDocument, variables{"code": "x"})
	s.need(s.sim.Fault(wechattest.Fault{Path: exchange, ErrCode: 40226}))
	s.refused("LOGIN_BLOCKED", "", loginDocument, variables{"code": "x"})
	s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": "x"})
	s.block(mei.User.ID, "spam")
	s.refused("USER_BLOCKED", "", loginDocument, variables{"code": s.code("mei")})
	s.refused("USER_BLOCKED", "", refreshDocument, variables{"token": mei.RefreshToken})
	s.spends(failures, map[string]int{address: 5})
}

// TestTicketsLockNobodyOut tries tickets, which nobody can guess, at an address from
// which others log in.
func TestTicketsLockNobodyOut(t *testing.T) {
	failures := left(1)
	s := start(t, limited(resolvers.Limits{LoginFailures: failures}))
	mei := s.login("mei")
	web := s.approvedScan(mei.AccessToken)
	guess := variables{"id": web.ID, "secret": "x"}
	for range 2 {
		s.refused("NOT_FOUND", "", redeemScanDocument, guess)
		s.failure("NOT_FOUND", s.listen("", onScanDocument, guess).begun())
	}
	s.spends(failures, nil)
	failures.Take(address)
	s.same("redeemed", s.redeemScan(web).Status, "REDEEMED")
	s.block(mei.User.ID, "spam")
	s.refused("NOT_FOUND", "", redeemScanDocument, guess)
	s.spends(failures, map[string]int{address: 1})
}

// TestNothingIsSpentOnWhoMustWait proves that a code is as good afterwards.
func TestNothingIsSpentOnWhoMustWait(t *testing.T) {
	failures := left(1)
	s := start(t, limited(resolvers.Limits{LoginFailures: failures}))
	mei := s.login("mei")
	code, calls := s.code("mei"), s.calls()
	failures.Take(address)
	s.mustWait("", loginDocument, variables{"code": code})
	s.mustWait("", refreshDocument, variables{"token": mei.RefreshToken})
	s.same("calls of WeChat", s.calls(), calls)
	s.liveSessions(1)
	s.spends(failures, map[string]int{address: 1})

	s.resolver.Limits = resolvers.Limits{}
	ask[payload](s, "", loginDocument, variables{"code": code})
	s.refresh(mei.RefreshToken)
}

func TestTicketsAreCounted(t *testing.T) {
	tickets := left(2)
	s := start(t, limited(resolvers.Limits{ScanLogins: tickets}))
	s.createScan()
	s.refused("BAD_USER_INPUT", "", createScanDocument, variables{"appId": "wxunknown"})
	s.createScan()
	s.mustWait("", createScanDocument, nil)
	s.spends(tickets, map[string]int{address: 2})
}

// TestFewTicketsOfARequest asks for one more than a request may open.
func TestFewTicketsOfARequest(t *testing.T) {
	const several = `mutation {
		a: createScanLogin { id } b: createScanLogin { id } c: createScanLogin { id } d: createScanLogin { id }
	}`
	tickets := left(100)
	s := start(t, limited(resolvers.Limits{ScanLogins: tickets}))
	a, err := s.post(t.Context(), "", several, nil)
	s.need(err)
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "QUERY_TOO_COMPLEX" || a.Errors[0].Path[0] != "d" {
		t.Errorf("want the last of four refused: %s", a.body)
	}
	s.spends(tickets, map[string]int{address: 3})
}

// TestRequestsAreCounted proves that a request counts once, however many fields it
// has and however often its caller is looked up.
func TestRequestsAreCounted(t *testing.T) {
	const several = `mutation { a: revokeSession(id: "x") { id } b: revokeSession(id: "x") { id } }`
	users, apps := left(2), left(5)
	s := start(t, limited(resolvers.Limits{Users: users, Apps: apps}))
	mei, hua := s.login("mei"), s.login("hua")
	ask[user](s, mei.AccessToken, meDocument, nil)
	if _, err := s.post(t.Context(), mei.AccessToken, several, nil); err != nil {
		t.Fatal(err)
	}
	s.spends(users, map[string]int{mei.User.ID: 2})
	s.mustWait(mei.AccessToken, meDocument, nil)
	a, err := s.post(t.Context(), mei.AccessToken, several, nil)
	s.need(err)
	if len(a.Errors) != 2 || a.Errors[1].Extensions.Code != "RATE_LIMITED" {
		t.Errorf("want both fields refused: %s", a.body)
	}
	ask[user](s, hua.AccessToken, meDocument, nil)
	s.spends(apps, map[string]int{app: 5})

	s.mustWait(hua.AccessToken, meDocument, nil)
	s.mustWait("", loginDocument, variables{"code": s.code("mei")})
	ask[*user](s, adminKey, meDocument, nil) // the service key is not limited
	s.spends(apps, map[string]int{app: 5})
}

// TestGuessesAtOnceAreAllCounted guesses while WeChat takes its time. Half of those
// who guess do not wait for the answer, which is no way to guess more.
func TestGuessesAtOnceAreAllCounted(t *testing.T) {
	const most, many = 60, 300
	failures := left(most)
	s := start(t, limited(resolvers.Limits{LoginFailures: failures}))
	release := s.wire.hold(t)
	leaving, leave := context.WithCancel(t.Context())
	codes := make(chan string, many)
	var guesses sync.WaitGroup
	for i, ctx := range slices.Repeat([]context.Context{t.Context(), leaving}, many/2) {
		guesses.Go(func() {
			a, err := s.post(ctx, "", loginDocument, variables{"code": fmt.Sprint("guess ", i)})
			if err == nil {
				codes <- a.Errors[0].Extensions.Code
			}
		})
	}
	for range many - most {
		s.same("a guess too many", <-codes, "RATE_LIMITED")
	}
	leave()
	release()
	guesses.Wait()
	failures.await(t)
	s.same("calls of WeChat", s.calls(), most)
	s.spends(failures, map[string]int{address: most})
	s.mustWait("", loginDocument, variables{"code": "one more"})
}

// TestStrangersSpendNothingOfAnApp proves that who has proved nothing does not use
// up what an app's users share.
func TestStrangersSpendNothingOfAnApp(t *testing.T) {
	apps := left(4)
	s := start(t, limited(resolvers.Limits{Apps: apps}))
	web := s.createScan()
	s.refused("LOGIN_CODE_INVALID", "", loginDocument, variables{"code": "x"})
	s.refused("NOT_FOUND", "", redeemScanDocument, variables{"id": web.ID, "secret": "x"})
	s.spends(apps, nil)

	mei := s.login("mei")
	s.claimScan(mei.AccessToken, web)
	s.answerScan(mei.AccessToken, web, true)
	s.redeemScan(web)
	s.spends(apps, map[string]int{app: 4}) // two logins, two requests
	s.mustWait("", loginDocument, variables{"code": s.code("mei")})
	s.createScan()
}

// TestRedeemingWaitsForItsApp proves that nothing is lost by it.
func TestRedeemingWaitsForItsApp(t *testing.T) {
	apps := left(3)
	s := start(t, limited(resolvers.Limits{Apps: apps}))
	web := s.approvedScan(s.login("mei").AccessToken)
	s.mustWait("", redeemScanDocument, presented(web))
	apps.most++
	s.same("later", s.redeemScan(web).Status, "REDEEMED")
}

func TestASubscriptionIsCountedOnce(t *testing.T) {
	users := left(1)
	s := start(t, limited(resolvers.Limits{Users: users}))
	in := s.login("boss")
	ask[changed](s, adminKey, roleDocument, variables{"id": in.User.ID, "role": "ADMIN"})
	dashboard := s.listen(in.AccessToken, onLoginDocument, nil)
	for range 3 {
		s.login("mei")
		s.need(s.resolver.Recheck(dashboard.ctx))
		hear[user](dashboard)
	}
	s.spends(users, map[string]int{in.User.ID: 1})
}
