package main_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"menshen/wechat/wechattest"
)

// keyMemory is how many session_keys of an identity are remembered: the current
// one and two earlier.
const keyMemory = 3

// TestDataFetchedBeforeALogin sends data that WeChat encrypted before it replaced
// the session_key, as a mini program does that calls wx.login at the wrong moment.
func TestDataFetchedBeforeALogin(t *testing.T) {
	sim := wechattest.New(t)
	server := install(t, sim.URL()).serve()
	const persons, rounds = 10, 10 // WeChat allows a person 100 logins a minute
	for n := range persons {
		name := fmt.Sprint("person ", n)
		rotate(t, server, sim, name)
		for range rounds {
			data := profileOf(t, sim, name)
			if err := decrypt(server, rotate(t, server, sim, name), data); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDataOlderThanTheMemory counts how many logins data outlives.
func TestDataOlderThanTheMemory(t *testing.T) {
	sim := wechattest.New(t)
	server := install(t, sim.URL()).serve()
	token := rotate(t, server, sim, "mei")
	data := profileOf(t, sim, "mei")
	for logins := range keyMemory + 2 {
		want := error(nil)
		if logins >= keyMemory {
			want = refused("SESSION_KEY_STALE")
		}
		if err := decrypt(server, token, data); err != want {
			t.Errorf("after %d logins: %v, want %v", logins, err, want)
		}
		token = rotate(t, server, sim, "mei")
	}
}

// rotate logs in with a new session_key and returns the access token.
func rotate(t *testing.T, server *running, sim *wechattest.Simulator, name string) (token string) {
	t.Helper()
	phone, err := sim.LoginRotating(wechattest.DevAppID, name, true)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := server.login(t.Context(), phone.Code)
	if err != nil {
		t.Fatalf("login: %v\n%s", err, server.output())
	}
	return tokens.AccessToken
}

func profileOf(t *testing.T, sim *wechattest.Simulator, name string) wechattest.OpenData {
	t.Helper()
	data, err := sim.Data(wechattest.DevAppID, name, wechattest.KindProfile, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decrypt(server *running, token string, data wechattest.OpenData) error {
	errs, err := server.ask(server.t.Context(), token, decryptProfile, map[string]any{
		"data": data.EncryptedData, "iv": data.IV, "raw": data.RawData, "signature": data.Signature,
	}, nil)
	return failure(errs, err)
}

// TestOneAccessTokenForAllNeeds has many users bind their numbers at once, first
// without an access_token and then with one that somebody else has made invalid.
func TestOneAccessTokenForAllNeeds(t *testing.T) {
	const path, users = "/cgi-bin/stable_token", 64
	sim := wechattest.New(t)
	server := install(t, sim.URL()).serve()
	tokens := make([]pair, users)
	for n := range tokens {
		tokens[n] = server.loginAs(sim, fmt.Sprint("user ", n))
	}
	bindAll(t, server, sim, tokens, "1380000%04d")
	if calls := sim.Calls()[path]; calls != 1 {
		t.Errorf("%d needs made %d calls of %s, want 1", users, calls, path)
	}
	forceRefresh(t, sim)
	before := sim.Calls()[path]
	bindAll(t, server, sim, tokens, "1390000%04d")
	if calls := sim.Calls()[path] - before; calls != 1 {
		t.Errorf("an invalid access_token cost %d calls of %s, want 1", calls, path)
	}
}

// bindAll binds a number to each user, all at once.
func bindAll(t *testing.T, server *running, sim *wechattest.Simulator, tokens []pair, number string) {
	t.Helper()
	var all errgroup.Group
	for n, tokens := range tokens {
		code, err := sim.PhoneCode(wechattest.DevAppID, fmt.Sprint("user ", n), fmt.Sprintf(number, n))
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() error { return bindNumber(t.Context(), server, tokens.AccessToken, code) })
	}
	if err := all.Wait(); err != nil {
		t.Fatalf("bindPhoneNumber: %v\n%s", err, server.output())
	}
}

func bindNumber(ctx context.Context, server *running, token, code string) error {
	errs, err := server.ask(ctx, token, `mutation($code: String) { bindPhoneNumber(code: $code) { user { id } } }`, map[string]any{"code": code}, nil)
	return failure(errs, err)
}

// forceRefresh is what another program with the same AppSecret does.
func forceRefresh(t *testing.T, sim *wechattest.Simulator) {
	t.Helper()
	body := `{"grant_type":"client_credential","appid":"` + wechattest.DevAppID + `","secret":"` + wechattest.DevAppSecret + `","force_refresh":true}`
	response, err := http.Post(sim.URL()+"/cgi-bin/stable_token", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("stable_token: status %d", response.StatusCode)
	}
}
