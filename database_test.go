package main_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"menshen/store/mysql/mysqltest"
	"menshen/wechat/wechattest"
)

// TestDatabasePasswordStaysSecret looks for it wherever a server writes.
func TestDatabasePasswordStaysSecret(t *testing.T) {
	house := installShared(t, wechattest.New(t).URL(), mysqltest.Shared(t))
	database := house.database()
	password, _ := database.User.Password()
	shown := "mysql://" + database.Host + database.Path
	for name, flags := range map[string][]string{
		"in clear":           {"--store", database.String()},
		"in clear, joined":   {"--store=" + database.String()},
		"in a file":          {"--store", "@" + writeFile(t, database.String()+"\n")},
		"in the environment": nil,
	} {
		t.Run(name, func(t *testing.T) {
			server := house.serve(append(flags, "--log-level", "debug")...)
			var want []string
			if strings.HasPrefix(name, "in clear") {
				want = []string{"--store"}
			}
			expectWarnings(t, server, want)
			if opened := server.logLine("store opened"); opened["store"] != shown {
				t.Errorf("the log names %v, want %s", opened["store"], shown)
			}
			metrics := server.get("/metrics", house.adminKey).body
			if want := `menshen_store_server_up{server="` + database.Host + `"} 1`; !strings.Contains(metrics, want) {
				t.Errorf("the metrics lack %s", want)
			}
			if strings.Contains(server.output()+metrics, password) {
				t.Error("the password is repeated")
			}
		})
	}
	if got := run(t, []string{"MENSHEN_STORE=" + database.String()}, "serve", "--help"); strings.Contains(got.stdout+got.stderr, password) {
		t.Error("the help repeats the password")
	}
}

// TestURLInTheWrongPlace gives every command the URL of a database where something else
// belongs.
func TestURLInTheWrongPlace(t *testing.T) {
	const database = "root:" + hush + "@db/menshen"
	house := install(t, "http://127.0.0.1:1")
	for command, want := range map[string]string{
		"backup":                    "<file>: a URL stands where",
		"restore":                   "<file>: a URL stands where",
		"keys create":               "<file>: a URL stands where",
		"export":                    "there is no store",
		"check":                     "an argument stands where none is expected",
		"check --key-file":          "--key-file: a URL stands where",
		"migrate --to-key-file":     "--to-key-file: a URL stands where",
		"migrate --from-key-file":   "--from-key-file: a URL stands where",
		"serve --addr":              "--addr: a URL stands where",
		"serve --metrics-addr":      "--metrics-addr: a URL stands where",
		"serve --trusted-documents": "--trusted-documents: a URL stands where",
		"serve --wechat-url":        "--wechat-url (MENSHEN_WECHAT_URL): wechat: base URL",
		"dev --simulator-addr":      "--simulator-addr: a URL stands where",
		"simulator --addr":          "--addr: a URL stands where",
	} {
		expectRefusal(t, house.run(append(strings.Fields(command), "mysql://"+database)...), want)
	}
	expectRefusal(t, house.run("check", "--mysql://"+database), "an argument stands where none is expected")
	expectRefusal(t, house.run("check", "--store", "bolt://"+database), "--store (MENSHEN_STORE) must be bolt:PATH")
}

// database is the URL of the store.
func (i installation) database() *url.URL {
	i.t.Helper()
	for _, setting := range i.settings {
		if text, found := strings.CutPrefix(setting, "MENSHEN_STORE=mysql:"); found {
			parsed, err := url.Parse("mysql:" + text)
			if err != nil {
				i.t.Fatal(err)
			}
			return parsed
		}
	}
	i.t.Fatal("the store is no database")
	return nil
}

// TestADatabaseThatIsAway stops the database under a server and lets it go on.
func TestADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	sim, node := wechattest.New(t), mysqltest.Start(t)
	house := installShared(t, sim.URL(), node)
	server := house.serve()
	mei := server.loginAs(sim, "mei")
	node.Kill()
	var waiting sync.WaitGroup
	for body, bearer := range map[string]string{
		bodyOf(meQuery, nil): mei.AccessToken,
		bodyOf(refreshMutation, map[string]any{"token": mei.RefreshToken}): "",
		bodyOf(loginMutation, map[string]any{"code": loginCode(t, sim)}):   "",
	} {
		waiting.Go(func() { server.expectAway(bearer, body) })
	}
	waiting.Wait()
	if got := server.get("/readyz", ""); got.status != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d", got.status)
	}
	if err := node.Rejoin(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server is ready again", func() bool { return server.get("/readyz", "").status == http.StatusOK })
	server.expectUser(mei.AccessToken, mei.User.ID)
	server.logLine("events reach the other instances again")
	if told := strings.Count(server.output(), "events do not reach the other instances"); told != 1 {
		t.Errorf("one outage is told %d times", told)
	}
}

// expectAway fails the test unless a request is answered 503 and nothing else.
func (r *running) expectAway(bearer, body string) {
	r.t.Helper()
	got, err := r.send(newRequest(r.t.Context(), http.MethodPost, r.url+"/graphql", bearer, body))
	if err != nil || got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		r.t.Errorf("%.40s: %v, %d, Retry-After %q", body, err, got.status, got.header.Get("Retry-After"))
	}
	if !strings.Contains(got.body, `"code":"INTERNAL"`) || strings.Contains(got.body, `"accessToken":"`) {
		r.t.Errorf("%.40s is answered %s", body, got.body)
	}
}

func loginCode(t *testing.T, sim *wechattest.Simulator) string {
	t.Helper()
	phone, err := sim.Login(wechattest.DevAppID, "mei")
	if err != nil {
		t.Fatal(err)
	}
	return phone.Code
}

// TestServeAwaitsItsDatabase starts the server first.
func TestServeAwaitsItsDatabase(t *testing.T) {
	t.Parallel()
	node := mysqltest.Start(t)
	house := installShared(t, wechattest.New(t).URL(), node)
	node.Kill()
	p := start(t, house.settings, program(t), "serve")
	p.logLine("the database does not answer yet")
	if err := node.Rejoin(); err != nil {
		t.Fatal(err)
	}
	listening(p).stop()
}

// TestSharedKeyFile starts a second instance with a key file of its own.
func TestSharedKeyFile(t *testing.T) {
	house := installShared(t, wechattest.New(t).URL(), mysqltest.Shared(t))
	house.serve()
	other := filepath.Join(t.TempDir(), "other.key")
	if got := house.run("keys", "create", other); got.code != 0 {
		t.Fatal(got.stderr)
	}
	expectRefusal(t, house.run("serve", "--key-file", other), "seal: the key file does not open this store")
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	expectRefusal(t, house.run("serve", "--key-file", other), "the key file does not exist: "+other)
}

// TestCommandsMakeNoStore runs commands on an empty database, such as a mistyped name
// leads to.
func TestCommandsMakeNoStore(t *testing.T) {
	node := mysqltest.Shared(t)
	house := installShared(t, wechattest.New(t).URL(), node)
	for _, command := range []string{"check", "keys rotate", "export nobody", "backup " + filepath.Join(house.dir, "backup")} {
		expectRefusal(t, house.run(strings.Fields(command)...), "there is no store in the database mysql://"+house.database().Host)
	}
	var tables int
	err := node.DB(t, strings.TrimPrefix(house.database().Path, "/")).QueryRowContext(t.Context(),
		"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&tables)
	if err != nil || tables > 0 {
		t.Errorf("the commands made %d tables, %v", tables, err)
	}
}

// TestGrants carries out the statements of docs/operations.md, and then whatever needs
// the rights that they give.
func TestGrants(t *testing.T) {
	sim, node := wechattest.New(t), mysqltest.Start(t)
	house := installShared(t, sim.URL(), node)
	text, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)<!-- grants -->\n```sql\n(.*?)```\n<!-- end -->").FindSubmatch(text)
	if block == nil {
		t.Fatal("docs/operations.md does not tell which rights the database's user needs")
	}
	db := node.DB(t, "")
	for statement := range strings.Lines(strings.ReplaceAll(string(block[1]), "'menshen'", "'operator'")) {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	house.settings = append(house.settings, "MENSHEN_STORE=mysql://operator:PASSWORD@"+node.Addr()+"/menshen")
	server := house.serve()
	mei := server.loginAs(sim, "mei")
	for _, command := range []string{"check", "keys rotate", "export " + mei.User.ID} {
		if got := house.run(strings.Fields(command)...); got.code != 0 {
			t.Errorf("%s: %s", command, got.stderr)
		}
	}
	server.mustAsk(mei.AccessToken, `mutation { deleteMe { id } }`, nil, nil)
}

// TestOperationsNamesTests holds docs/operations.md against the tests that it calls as
// witnesses.
func TestOperationsNamesTests(t *testing.T) {
	text, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("store/mysql/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, name := range append(files, more...) {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(source)
	}
	named := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllSubmatch(text, -1)
	if len(named) == 0 {
		t.Fatal("docs/operations.md names no test")
	}
	for _, match := range named {
		if !strings.Contains(sources.String(), "func "+string(match[1])+"(") {
			t.Errorf("docs/operations.md calls %s as a witness, which is not there", match[1])
		}
	}
}
