package main_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"testing"

	"menshen/wechat/wechattest"
)

// installation is what outlives a process: a store, its key file, the settings.
type installation struct {
	t        testing.TB
	dir      string
	adminKey string
	settings []string // variables
}

// install prepares an installation that asks the WeChat at url for the
// simulator's own app.
func install(t testing.TB, url string) installation {
	dir, adminKey := t.TempDir(), rand.Text()+rand.Text()
	return installation{t, dir, adminKey, []string{
		"MENSHEN_ADDR=127.0.0.1:0",
		"MENSHEN_METRICS_ADDR=127.0.0.1:0", // the same as MENSHEN_ADDR: on the main address
		"MENSHEN_STORE=bolt:" + filepath.Join(dir, "menshen.db"),
		"MENSHEN_KEY_FILE=" + filepath.Join(dir, "menshen.key"),
		"MENSHEN_APPS=" + wechattest.DevAppID + "=" + wechattest.DevAppSecret,
		"MENSHEN_ADMIN_KEY=" + adminKey,
		"MENSHEN_WECHAT_URL=" + url,
		"MENSHEN_RATE_LIMIT=0", // tests send more than people do
		"MENSHEN_RATE_LIMIT_USER=0",
		"MENSHEN_LOGIN_FAILURES=0",
	}}
}

func (i installation) store() string  { return filepath.Join(i.dir, "menshen.db") }
func (i installation) socket() string { return i.store() + ".sock" }

// run carries a command out with the installation's settings.
func (i installation) run(args ...string) finished {
	i.t.Helper()
	return run(i.t, i.settings, args...)
}

// serve starts a server and waits until it listens.
func (i installation) serve(flags ...string) *running {
	i.t.Helper()
	return listening(start(i.t, i.settings, append([]string{program(i.t), "serve"}, flags...)...))
}

// running is a server that listens.
type running struct {
	*process
	url  string
	http *http.Client
}

// listening waits until a process says in its log where it listens.
func listening(p *process) *running {
	p.t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	p.t.Cleanup(transport.CloseIdleConnections)
	addr := p.logLine("listening")["addr"].(string)
	return &running{p, "http://" + addr, &http.Client{Transport: transport, Timeout: patience}}
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request and reads the answer whole.
func (r *running) send(request *http.Request) (reply, error) {
	response, err := r.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(body)}, err
}

// get fetches a path; the test fails when nothing comes back.
func (r *running) get(path, bearer string) reply {
	r.t.Helper()
	answer, err := r.send(newRequest(r.t.Context(), http.MethodGet, r.url+path, bearer, ""))
	if err != nil {
		r.t.Fatalf("GET %s: %v\n%s", path, err, r.output())
	}
	return answer
}

func newRequest(ctx context.Context, method, url, bearer, body string) *http.Request {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		panic(err) // the test's own mistake
	}
	request.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	return request
}

// graphQLError is one of an answer's errors.
type graphQLError struct {
	Message    string
	Extensions struct {
		Code      string
		RequestID string
	}
}

// ask sends an operation. The data of the answer is decoded into data; err is
// about the transport alone.
func (r *running) ask(ctx context.Context, bearer, query string, variables map[string]any, data any) ([]graphQLError, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	answer, err := r.send(newRequest(ctx, http.MethodPost, r.url+"/graphql", bearer, string(body)))
	if err != nil {
		return nil, err
	}
	whole := struct {
		Data   any
		Errors []graphQLError
	}{Data: data}
	if err := json.Unmarshal([]byte(answer.body), &whole); err != nil {
		return nil, fmt.Errorf("status %d: %w: %s", answer.status, err, answer.body)
	}
	return whole.Errors, nil
}

// pair is what a login or a refresh hands out.
type pair struct {
	AccessToken  string
	RefreshToken string
	User         struct{ ID string }
}

const (
	loginMutation   = `mutation($code: String!) { login(code: $code) { accessToken refreshToken user { id } } }`
	refreshMutation = `mutation($token: String!) { refreshLogin(refreshToken: $token) { accessToken refreshToken user { id } } }`
	meQuery         = `{ me { id sessions { id current } } }`
)

func (r *running) login(ctx context.Context, code string) (pair, error) {
	var data struct{ Login pair }
	errs, err := r.ask(ctx, "", loginMutation, map[string]any{"code": code}, &data)
	return data.Login, failure(errs, err)
}

func (r *running) refresh(ctx context.Context, token string) (pair, error) {
	var data struct{ RefreshLogin pair }
	errs, err := r.ask(ctx, "", refreshMutation, map[string]any{"token": token}, &data)
	return data.RefreshLogin, failure(errs, err)
}

// me returns the id of the user that an access token speaks for.
func (r *running) me(ctx context.Context, token string) (string, error) {
	var data struct{ Me struct{ ID string } }
	errs, err := r.ask(ctx, token, meQuery, nil, &data)
	return data.Me.ID, failure(errs, err)
}

// refused is an answer that names a code.
type refused string

// Error is the code.
func (e refused) Error() string { return string(e) }

func failure(errs []graphQLError, err error) error {
	if err == nil && len(errs) > 0 {
		return refused(errs[0].Extensions.Code)
	}
	return err
}

// loginAs plays wx.login and logs in; the test fails when it is refused.
func (r *running) loginAs(sim *wechattest.Simulator, user string) pair {
	r.t.Helper()
	phone, err := sim.Login(wechattest.DevAppID, user)
	if err != nil {
		r.t.Fatal(err)
	}
	tokens, err := r.login(r.t.Context(), phone.Code)
	if err != nil {
		r.t.Fatalf("login: %v\n%s", err, r.output())
	}
	return tokens
}

// expectUser fails the test unless the access token speaks for the user.
func (r *running) expectUser(token, userID string) {
	r.t.Helper()
	if got, err := r.me(r.t.Context(), token); err != nil || got != userID {
		r.t.Fatalf("me = %q, %v, want %q\n%s", got, err, userID, r.output())
	}
}
