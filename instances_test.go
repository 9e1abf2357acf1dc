package main_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"menshen/store/mysql/mysqltest"
	"menshen/wechat/wechattest"
)

// installShared prepares an installation whose store is a new database on the nodes,
// so that any number of servers may run.
func installShared(t testing.TB, wechat string, nodes ...*mysqltest.Node) installation {
	t.Helper()
	house := install(t, wechat)
	keyFile := filepath.Join(house.dir, "shared.key")
	if got := house.run("keys", "create", keyFile); got.code != 0 {
		t.Fatalf("keys create: %s", got.stderr)
	}
	house.settings = append(house.settings,
		"MENSHEN_STORE="+mysqltest.URL(nodes[0].NewDatabase(t), nodes...), "MENSHEN_KEY_FILE="+keyFile)
	return house
}

// mustAsk is ask for what is not refused.
func (r *running) mustAsk(bearer, query string, variables map[string]any, data any) {
	r.t.Helper()
	errs, err := r.ask(r.t.Context(), bearer, query, variables, data)
	if err := failure(errs, err); err != nil {
		r.t.Fatalf("%v\n%s", err, r.output())
	}
}

// listen subscribes with server-sent events and hands over each result as JSON. The
// subscription has begun when it returns.
func (r *running) listen(bearer, query string, variables map[string]any) (results <-chan string) {
	r.t.Helper()
	post := newRequest(r.t.Context(), http.MethodPost, r.url+"/graphql", bearer, bodyOf(query, variables))
	post.Header.Set("Accept", "text/event-stream")
	response, err := r.http.Do(post)
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.output())
	}
	r.t.Cleanup(func() { response.Body.Close() })
	heard := make(chan string, 16)
	go func() {
		defer close(heard)
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if data, isData := strings.CutPrefix(lines.Text(), "data: "); isData && data != "" {
				heard <- data
			}
		}
	}()
	return heard
}

// TestInstancesAreOne goes from one instance to the other with each request.
func TestInstancesAreOne(t *testing.T) {
	sim := wechattest.New(t)
	house := installShared(t, sim.URL(), mysqltest.Shared(t))
	one, two := house.serve(), house.serve()
	in := one.loginAs(sim, "mei")
	two.expectUser(in.AccessToken, in.User.ID)
	next, err := two.refresh(t.Context(), in.RefreshToken)
	if err != nil {
		t.Fatalf("refreshLogin on another instance: %v\n%s", err, two.output())
	}
	if again, err := one.refresh(t.Context(), in.RefreshToken); err != nil || again.RefreshToken != next.RefreshToken {
		t.Errorf("the same refresh token on both: %v, and the same successor: %t", err, again.RefreshToken == next.RefreshToken)
	}
	one.mustAsk(next.AccessToken, `mutation { logout { endedSessions } }`, nil, nil)
	if _, err := two.me(t.Context(), next.AccessToken); err != refused("UNAUTHENTICATED") {
		t.Errorf("me on one instance after logout on another: %v", err)
	}
	if again := two.loginAs(sim, "mei"); again.User.ID != in.User.ID {
		t.Errorf("mei is %s on one instance and %s on another", in.User.ID, again.User.ID)
	}
}

// TestEventsReachOtherInstances has the page on one instance, the phone on another and
// the dashboard on a third.
func TestEventsReachOtherInstances(t *testing.T) {
	sim := wechattest.New(t)
	house := installShared(t, sim.URL(), mysqltest.Shared(t))
	page, phone, dashboard := house.serve(), house.serve(), house.serve()
	logins := dashboard.listen(house.adminKey, `subscription { userLoggedIn { id } }`, nil)
	mei := phone.loginAs(sim, "mei")
	if got := <-logins; !strings.Contains(got, mei.User.ID) {
		t.Errorf("the dashboard hears %s, want %s", got, mei.User.ID)
	}
	var opened struct{ CreateScanLogin ticket }
	page.mustAsk("", openTicket, nil, &opened)
	ticket := opened.CreateScanLogin
	states := page.listen("", `subscription($id: ID!, $secret: String!) { scanLogin(id: $id, secret: $secret) { status } }`, ticket.variables())
	expect := func(status string) {
		t.Helper()
		if got := <-states; !strings.Contains(got, `"`+status+`"`) {
			t.Fatalf("the page hears %s, want %s", got, status)
		}
	}
	expect("PENDING")
	phone.mustAsk(mei.AccessToken, claimTicket, map[string]any{"id": ticket.ID}, nil)
	expect("SCANNED")
	phone.mustAsk(mei.AccessToken, answerTicket, map[string]any{"id": ticket.ID, "approve": true}, nil)
	expect("APPROVED")
	var redeemed struct{ RedeemScanLogin struct{ Login pair } }
	page.mustAsk("", redeemTicket, ticket.variables(), &redeemed)
	dashboard.expectUser(redeemed.RedeemScanLogin.Login.AccessToken, mei.User.ID)
}

// TestOneAccessTokenForAllInstances has three instances need it at once.
func TestOneAccessTokenForAllInstances(t *testing.T) {
	sim := wechattest.New(t)
	house := installShared(t, sim.URL(), mysqltest.Shared(t))
	var instances []*running
	for range 3 {
		instances = append(instances, house.serve("--scan-page", "pages/scan/index"))
	}
	var pages errgroup.Group
	for range 10 {
		for _, instance := range instances {
			pages.Go(func() error { return failure(instance.ask(t.Context(), "", openTicket, nil, nil)) })
		}
	}
	if err := pages.Wait(); err != nil {
		t.Errorf("createScanLogin: %v", err)
	}
	if calls := sim.Calls()["/cgi-bin/stable_token"]; calls != 1 {
		t.Errorf("three instances called stable_token %d times, want once", calls)
	}
}

// TestKeysReachOtherInstances changes the keys by command while two instances serve.
func TestKeysReachOtherInstances(t *testing.T) {
	t.Parallel()
	sim := wechattest.New(t)
	house := installShared(t, sim.URL(), mysqltest.Shared(t))
	one, two := house.serve(), house.serve()
	first := one.loginAs(sim, "mei")
	kids := map[string]bool{}
	for range 3 {
		keyTable(t, house, "rotate")
		for range 5 { // whoever knows the new keys first, the other accepts what they sign
			in := one.loginAs(sim, "mei")
			two.expectUser(in.AccessToken, in.User.ID)
			if keys := two.get("/.well-known/jwks.json", "").body; !strings.Contains(keys, kidOf(t, in.AccessToken)) {
				t.Fatalf("an instance does not publish a key that another signs with: %s", keys)
			}
			next, err := two.refresh(t.Context(), in.RefreshToken)
			if err != nil {
				t.Fatalf("refreshLogin after a rotation: %v", err)
			}
			one.expectUser(next.AccessToken, in.User.ID)
			kids[kidOf(t, in.AccessToken)], kids[kidOf(t, next.AccessToken)] = true, true
		}
	}
	if len(kids) < 2 {
		t.Error("no rotation was seen")
	}
	two.expectUser(first.AccessToken, first.User.ID)
	begun, prune := time.Now(), start(t, house.settings, program(t), "keys", "prune")
	for _, instance := range []*running{one, two} {
		eventually(t, "a pruned key is refused", func() bool {
			_, err := instance.me(t.Context(), first.AccessToken)
			return err == refused("UNAUTHENTICATED")
		})
	}
	t.Logf("a pruned key is refused everywhere %v after the command began", time.Since(begun).Round(time.Millisecond))
	if code := prune.exit(); code != 0 {
		t.Errorf("keys prune: exit code %d\n%s", code, prune.output())
	}
	for _, instance := range []*running{one, two} {
		if _, err := instance.refresh(t.Context(), first.RefreshToken); err != nil {
			t.Errorf("refreshLogin after rotate and prune: %v", err)
		}
	}
}

// kidOf is the key id in the header of an access token.
func kidOf(t *testing.T, accessToken string) string {
	t.Helper()
	encoded, _, _ := strings.Cut(accessToken, ".")
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	var header struct{ KID string }
	if err = errors.Join(err, json.Unmarshal(text, &header)); err != nil || header.KID == "" {
		t.Fatalf("the header of an access token is %s: %v", text, err)
	}
	return header.KID
}

// TestCommandsBesideServers runs every command that needs the store.
func TestCommandsBesideServers(t *testing.T) {
	sim := wechattest.New(t)
	house := installShared(t, sim.URL(), mysqltest.Shared(t))
	server := house.serve()
	mei := server.loginAs(sim, "mei")
	for command, want := range map[string]string{
		"check":                 "checked 1 users, 1 identities, 1 sessions, 1 audit events",
		"export " + mei.User.ID: `"id": "` + mei.User.ID + `"`,
		"keys list":             "access   active",
	} {
		if got := house.run(strings.Fields(command)...); got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("%s: exit code %d\n%s%s, want %s", command, got.code, got.stdout, got.stderr, want)
		}
	}
	expectRefusal(t, house.run("compact"), "only a bolt file is compacted")
	expectRefusal(t, house.run("keys", "create", filepath.Join(house.dir, "shared.key")), "shared.key is there already")
	if mode := modeOf(t, filepath.Join(house.dir, "shared.key")); mode != 0o600 {
		t.Errorf("the key file has mode %v", mode)
	}
	server.expectUser(mei.AccessToken, mei.User.ID)
}
