package resolvers_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/resolvers"
	"menshen/wechat/wechattest"
)

// allowance lets each key do something so many times, and never again.
type allowance struct {
	most int

	mu    sync.Mutex
	spent map[string]int
}

// patience is how long an allowance has its keys wait; whole seconds would not
// show which way they are rounded.
const patience = 1500 * time.Millisecond

func (a *allowance) Wait(key string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.spent[key] < a.most {
		return 0
	}
	return patience
}

func (a *allowance) Take(key string) time.Duration {
	wait := a.Wait(key)
	if wait == 0 {
		a.Charge(key)
	}
	return wait
}

func (a *allowance) Charge(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.spent == nil {
		a.spent = map[string]int{}
	}
	a.spent[key]++
}

// left is an allowance with which nobody has done anything yet.
func left(most int) *allowance { return &allowance{most: most} }

// spends checks what an allowance has counted.
func (s *server) spends(a *allowance, want map[string]int) {
	s.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if diff := cmp.Diff(want, a.spent); diff != "" {
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

func TestRefusalsAreCounted(t *testing.T) {
	refused := left(100)
	s := start(t, limited(resolvers.Limits{Refused: refused}))
	mei := s.login("mei")
	web := s.approvedScan(mei.AccessToken)
	s.redeemScan(web)
	s.refresh(mei.RefreshToken)
	s.need(s.sim.Fault(wechattest.Fault{Path: exchange, ErrCode: -1}))
	s.refused("WECHAT_UNAVAILABLE", "", loginDocument, variables{"code": "x"})
	s.refused("BAD_USER_INPUT", "", loginDocument, variables{"code": "x", "appId": "wxunknown"})
	s.spends(refused, nil)

	s.refused("LOGIN_CODE_INVALID", "", loginDocument, variables{"code": "x"})
	s.need(s.sim.Fault(wechattest.Fault{Path: exchange, ErrCode: 40226}))
	s.refused("LOGIN_BLOCKED", "", loginDocument, variables{"code": "x"})
	s.refused("UNAUTHENTICATED", "", refreshDocument, variables{"token": "x"})
	s.refused("NOT_FOUND", "", redeemScanDocument, variables{"id": web.ID, "secret": "x"})
	s.failure("NOT_FOUND", s.listen("", onScanDocument, variables{"id": web.ID, "secret": "x"}).begun())
	s.block(mei.User.ID, "spam")
	s.refused("USER_BLOCKED", "", loginDocument, variables{"code": s.code("mei")})
	s.refused("USER_BLOCKED", "", refreshDocument, variables{"token": mei.RefreshToken})
	s.spends(refused, map[string]int{address: 7})
}

// TestNothingIsSpentOnWhoMustWait proves that a code is as good afterwards.
func TestNothingIsSpentOnWhoMustWait(t *testing.T) {
	refused := left(1)
	s := start(t, limited(resolvers.Limits{Refused: refused}))
	mei := s.login("mei")
	web := s.approvedScan(mei.AccessToken)
	code, calls := s.code("mei"), s.calls()
	refused.Charge(address)
	s.mustWait("", loginDocument, variables{"code": code})
	s.mustWait("", refreshDocument, variables{"token": mei.RefreshToken})
	s.mustWait("", redeemScanDocument, presented(web))
	s.failure("RATE_LIMITED", s.listen("", onScanDocument, presented(web)).begun())
	s.same("calls of WeChat", s.calls(), calls)
	s.liveSessions(1)
	s.spends(refused, map[string]int{address: 1})

	s.resolver.Limits = resolvers.Limits{}
	ask[payload](s, "", loginDocument, variables{"code": code})
	s.refresh(mei.RefreshToken)
	s.same("redeemed", s.redeemScan(web).Status, "REDEEMED")
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
	s.mustWait("", createScanDocument, nil)
	ask[*user](s, adminKey, meDocument, nil) // the service key is not limited
	s.spends(apps, map[string]int{app: 5})
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
