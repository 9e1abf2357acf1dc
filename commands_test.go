package main_test

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"menshen/wechat/wechattest"
)

func TestMetricsOnTheMainAddress(t *testing.T) {
	sim := wechattest.New(t)
	t.Run("need the admin key in production", func(t *testing.T) {
		house := install(t, sim.URL())
		server := house.serve()
		tokens := server.loginAs(sim, "mei")
		for bearer, want := range map[string]int{"": 401, hush: 401, tokens.AccessToken: 401, house.adminKey: 200} {
			answer := server.get("/metrics", bearer)
			if answer.status != want || (want == 200) != strings.Contains(answer.body, "menshen_live_sessions 1") {
				t.Errorf("status %d, want %d: %.100s", answer.status, want, answer.body)
			}
		}
	})
	t.Run("are open in dev", func(t *testing.T) {
		server, _ := dev(t)
		if got := server.get("/metrics", "").status; got != http.StatusOK {
			t.Errorf("status %d", got)
		}
	})
}

// dev starts dev on free ports and returns what it printed, too.
func dev(t *testing.T) (server *running, greeting string) {
	t.Helper()
	dir := t.TempDir()
	p := start(t, nil, program(t), "dev", "--addr", "127.0.0.1:0", "--simulator-addr", "127.0.0.1:0", "--log-format", "json",
		"--store", "bolt:"+filepath.Join(dir, "menshen.db"), "--key-file", filepath.Join(dir, "menshen.key"))
	server = listening(p)
	p.await("greeting", &p.stdout, func(text string) bool { return strings.Contains(text, "log in ") && strings.HasSuffix(text, "\n\n") })
	return server, p.stdout.String()
}

func TestDevDoesWhatItPrints(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		skipOrFail(t, "curl is not here: %v", err)
	}
	server, greeting := dev(t)
	line := regexp.MustCompile(`(?m)^ +log in +(curl .*)$`).FindStringSubmatch(greeting)
	if line == nil || !strings.Contains(greeting, "NOT FOR PRODUCTION") {
		t.Fatalf("the greeting is %s", greeting)
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", line[1]).Output()
	if err != nil {
		t.Fatalf("%s: %v", line[1], err)
	}
	var answer struct{ Data struct{ Login pair } }
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	server.expectUser(answer.Data.Login.AccessToken, answer.Data.Login.User.ID)

	code := regexp.MustCompile(`(?m)^ +login code +(\S+)`).FindStringSubmatch(greeting)[1]
	again, err := server.login(t.Context(), code)
	if err != nil || again.User.ID != answer.Data.Login.User.ID {
		t.Errorf("the printed code logs in as %q, %v", again.User.ID, err)
	}
	key := regexp.MustCompile(`(?m)^ +admin key +(\S+)`).FindStringSubmatch(greeting)[1]
	errs, err := server.ask(t.Context(), key, `query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": again.User.ID}, nil)
	if err := failure(errs, err); err != nil {
		t.Errorf("the printed admin key: %v", err)
	}
	page := server.get("/playground", "")
	if page.status != http.StatusOK || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Errorf("the playground answers %d %s", page.status, page.header.Get("Content-Type"))
	}
	server.stop()
}

func TestPretendWeChatStaysOnLoopback(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0"} {
		expectRefusal(t, run(t, nil, "simulator", "--addr", addr), "the simulator listens on loopback only")
		expectRefusal(t, run(t, nil, "dev", "--addr", "127.0.0.1:0", "--simulator-addr", addr), "the simulator listens on loopback only")
		expectRefusal(t, run(t, nil, "dev", "--simulator-addr", "127.0.0.1:0", "--addr", addr), "--addr (MENSHEN_ADDR) must be a loopback address in dev")
	}
}

func TestSimulatorCommand(t *testing.T) {
	p := start(t, nil, program(t), "simulator", "--addr", "127.0.0.1:0", "--app", "wxone="+hush)
	var url string
	p.await("greeting", &p.stdout, func(text string) bool {
		m := regexp.MustCompile(`not WeChat\) listens on (http://127\.0\.0\.1:\d+)/\n`).FindStringSubmatch(text)
		if m != nil {
			url = m[1]
		}
		return m != nil
	})
	server := &running{p, url, http.DefaultClient}
	answer, err := server.send(newRequest(t.Context(), http.MethodPost, url+"/sim/login", "", `{"appId":"wxone","user":"mei"}`))
	if err != nil || answer.status != http.StatusOK || !strings.Contains(answer.body, `"code"`) {
		t.Errorf("/sim/login answers %d %s, %v", answer.status, answer.body, err)
	}
	server.stop()
	if strings.Contains(p.output(), hush) {
		t.Error("the simulator prints a secret")
	}
}

func TestVersionCommand(t *testing.T) {
	got := run(t, nil, "version")
	if !regexp.MustCompile(`^menshen \S+ commit \S+ go1\.\d+\S*\n$`).MatchString(got.stdout) || got.code != 0 {
		t.Errorf("version prints %q, exit code %d", got.stdout, got.code)
	}
}

// TestHelpHidesSecrets asks for help where the settings are at hand.
func TestHelpHidesSecrets(t *testing.T) {
	for _, command := range []string{"serve", "dev", "simulator"} {
		got := run(t, []string{"MENSHEN_ADMIN_KEY=" + hush, "MENSHEN_APPS=wxone=" + hush}, command, "--help")
		if got.code != 0 || !strings.Contains(got.stdout, "--app") || strings.Contains(got.stdout+got.stderr, hush) {
			t.Errorf("%s --help: exit code %d\n%s%s", command, got.code, got.stdout, got.stderr)
		}
	}
}
