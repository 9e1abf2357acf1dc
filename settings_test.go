package main_test

import (
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"menshen/wechat/wechattest"
)

// hush is a secret that no complaint may repeat.
const hush = "hush0123456789hush0123456789hush"

// TestServeRefusesWrongSettings reads the sentence for each.
func TestServeRefusesWrongSettings(t *testing.T) {
	empty, list := writeFile(t, " \n"), writeFile(t, "wxone="+hush+"\nwxtwo\n")
	app := []string{"--app", "wxone=" + hush}
	tests := []struct {
		name      string
		args      []string
		variables []string
		want      string
	}{
		{"no app", nil, nil, "--app (MENSHEN_APPS) is missing"},
		{"an app without its secret", []string{"--app", hush}, nil, "--app: an app is written APPID=SECRET"},
		{"an app with an empty secret", []string{"--app", "wxone="}, nil, "--app: an app has an empty AppSecret"},
		{"one bad app among good ones in the variable", nil, []string{"MENSHEN_APPS=wxone=" + hush + ";wxtwo"}, "--app: an app is written APPID=SECRET (MENSHEN_APPS)"},
		{"one bad app in a file", []string{"--app", "@" + list}, nil, "--app: an app is written APPID=SECRET"},
		{"two apps after one flag", append(app, "wxtwo="+hush), nil, "several apps are several --app"},
		{"a flag swallowed by the one before", append([]string{"--addr"}, "--app=wxone="+hush), nil, "--addr: expected string value"},
		{"a secret's file that is not there", []string{"--app", "wxone=@" + hush}, nil, "--app: the file named after @ cannot be read: no such file"},
		{"the admin key's file that is not there", app, []string{"MENSHEN_ADMIN_KEY=@" + hush}, "--admin-key: the file named after @ cannot be read: no such file or directory (MENSHEN_ADMIN_KEY)"},
		{"an empty file for the admin key", append(app, "--admin-key", "@"+empty), nil, "--admin-key: the file named after @ is empty"},
		{"a short admin key", append(app, "--admin-key", hush[:31]), nil, "--admin-key (MENSHEN_ADMIN_KEY) must have at least 32 characters"},
		{"an admin key with a space", append(app, "--admin-key", hush+" "+hush), nil, "--admin-key (MENSHEN_ADMIN_KEY) must not contain spaces"},
		{"no admin key after its flag", append(app, "--admin-key"), nil, "--admin-key: expected value value"},
		{"an empty issuer", append(app, "--issuer="), nil, "--issuer (MENSHEN_ISSUER) must not be empty"},
		{"an access token for a day and a second", append(app, "--access-ttl", "24h0m1s"), nil, "--access-ttl (MENSHEN_ACCESS_TTL) must be whole seconds from 1m to 24h"},
		{"an access token for half a second more", append(app, "--access-ttl", "90.5s"), nil, "--access-ttl (MENSHEN_ACCESS_TTL) must be whole seconds"},
		{"a duration without a unit", append(app, "--access-ttl", "7200"), nil, "--access-ttl: expected duration"},
		{"a duration that is none, in the variable", app, []string{"MENSHEN_REFRESH_TTL=month"}, "--refresh-ttl: expected duration (MENSHEN_REFRESH_TTL)"},
		{"a refresh token shorter than its access token", append(app, "--refresh-ttl", "1h"), nil, "--refresh-ttl (MENSHEN_REFRESH_TTL) must be at least --access-ttl"},
		{"no session at all", append(app, "--max-sessions", "0"), nil, "--max-sessions (MENSHEN_MAX_SESSIONS) must be from 1 to 1000"},
		{"sessions in words", append(app, "--max-sessions", "many"), nil, "--max-sessions: expected a valid 64 bit int"},
		{"another store", append(app, "--store", "postgres://root:"+hush+"@db/menshen"), nil, "--store (MENSHEN_STORE) must be bolt:PATH or mysql://USER:PASSWORD@HOST:PORT/DATABASE"},
		{"a store without a path", append(app, "--store", "bolt:"), nil, "--store (MENSHEN_STORE) must be bolt:PATH or mysql://"},
		{"a database without a name", append(app, "--store", "mysql://root:"+hush+"@db/"), nil, "--store (MENSHEN_STORE): mysql: the URL names no database"},
		{"a password with a slash", append(app, "--store", "mysql://root:"+hush+"/"+hush+"@db/menshen"), nil, "--store (MENSHEN_STORE): mysql: the URL must be mysql://USER:PASSWORD@HOST:PORT/DATABASE"},
		{"a database in the variable", app, []string{"MENSHEN_STORE=mysql://root:" + hush + "@db:port/menshen"}, "--store (MENSHEN_STORE): mysql: the URL must name each server"},
		{"a store's file that is not there", append(app, "--store", "@"+hush), nil, "--store: the file named after @ cannot be read: no such file"},
		{"a database without a key file", append(app, "--store", "mysql://root:"+hush+"@127.0.0.1:1/menshen"), nil, "--key-file (MENSHEN_KEY_FILE) must be given with a mysql store, the same file for every instance; menshen keys create FILE makes one"},
		{"a database with a key file that is not there", append(app, "--store", "mysql://root:"+hush+"@127.0.0.1:1/menshen", "--key-file", list+".key"), []string{"MENSHEN_ADMIN_KEY=" + hush}, "the key file does not exist: " + list + ".key: --key-file (MENSHEN_KEY_FILE) must name a copy of the one that every instance has; for a new store, menshen keys create " + list + ".key makes it"},
		{"an algorithm without a public key", append(app, "--token-alg", "HS256"), nil, `--token-alg must be one of "ES256","EdDSA"`},
		{"introspection for some", append(app, "--introspection", "maybe"), nil, "--introspection must be one of"},
		{"a playground that nobody can use", append(app, "--playground", "on"), nil, "the playground needs --admin-key (MENSHEN_ADMIN_KEY)"},
		{"metrics that nobody could read", append(app, "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"), nil, "--metrics-addr (MENSHEN_METRICS_ADDR) is the main address, where /metrics needs --admin-key (MENSHEN_ADMIN_KEY)"},
		{"a WeChat that is no URL", append(app, "--wechat-url", "api.weixin.qq.com"), nil, "--wechat-url (MENSHEN_WECHAT_URL): wechat: base URL: the scheme must be http or https"},
		{"a WeChat with a password", append(app, "--wechat-url", "https://me:"+hush+"@localhost"), nil, "--wechat-url (MENSHEN_WECHAT_URL)"},
		{"push for an app that is not served", append(app, "--push", "wxtwo="+hush+":plain"), nil, "--push (MENSHEN_PUSH) names an app that --app (MENSHEN_APPS) does not"},
		{"push without its app", append(app, "--push", hush), nil, "--push: message push is written APPID=TOKEN:AESKEY or APPID=TOKEN:plain"},
		{"push without its app in the variable", app, []string{"MENSHEN_PUSH=" + hush}, "--push: message push is written APPID=TOKEN:AESKEY or APPID=TOKEN:plain (MENSHEN_PUSH)"},
		{"push without a token", append(app, "--push", "wxone="), nil, "--push: an app has an empty token"},
		{"push with a key alone", append(app, "--push", "wxone=:"+hush), nil, "--push (MENSHEN_PUSH): wechat: push: AppID and token must not be empty"},
		{"push without a key", append(app, "--push", "wxone="+hush), nil, "--push (MENSHEN_PUSH): wechat: push: EncodingAESKey must be 43 characters of base64"},
		{"push with a short key", append(app, "--push", "wxone=token:"+hush), nil, "--push (MENSHEN_PUSH): wechat: push: EncodingAESKey must be 43 characters of base64"},
		{"push with its sides swapped", append(app, "--push", hush+"=wxone"), nil, "--push (MENSHEN_PUSH): wechat: push: EncodingAESKey must be 43 characters of base64"},
		{"a push secret's file that is not there", append(app, "--push", "wxone=@"+hush), nil, "--push: the file named after @ cannot be read: no such file"},
		{"a place without a time zone", append(app, "--time-zone", "Asia/Atlantis"), nil, "--time-zone"},
		{"a time zone that is none, in the variable", app, []string{"MENSHEN_TIME_ZONE=+08:00"}, "not a time zone such as Asia/Shanghai (MENSHEN_TIME_ZONE)"},
		{"an audit of an hour", append(app, "--audit-retention", "1h"), nil, "--audit-retention (MENSHEN_AUDIT_RETENTION) must be at least 24h"},
		{"a text check that may fail as it likes", append(app, "--text-check", "on"), nil, `--text-check must be one of "off","fail-open","fail-closed"`},
		{"a rate below none", append(app, "--rate-limit=-1"), nil, "--rate-limit (MENSHEN_RATE_LIMIT) must be from 0 to 10000000"},
		{"a rate of one user beyond sense", append(app, "--rate-limit-user=10000001"), nil, "--rate-limit-user (MENSHEN_RATE_LIMIT_USER) must be from 0 to 10000000"},
		{"a rate of one app below none", append(app, "--rate-limit-app=-1"), nil, "--rate-limit-app (MENSHEN_RATE_LIMIT_APP) must be from 0 to 10000000"},
		{"login failures below none", append(app, "--login-failures=-1"), nil, "--login-failures (MENSHEN_LOGIN_FAILURES) must be from 0 to 10000000"},
		{"no connections", append(app, "--max-connections", "0"), nil, "--max-connections (MENSHEN_MAX_CONNECTIONS) must be at least 1"},
		{"no connections of one address", append(app, "--max-connections-per-address", "0"), nil, "--max-connections-per-address (MENSHEN_MAX_CONNECTIONS_PER_ADDRESS) must be at least 1"},
		{"a proxy by name", append(app, "--trusted-proxies", "10.0.0.0/8,"+hush), nil, "--trusted-proxies: a proxy is an address or a network such as 10.0.0.0/8"},
		{"a proxy by name in the variable", app, []string{"MENSHEN_TRUSTED_PROXIES=" + hush}, "--trusted-proxies: a proxy is an address or a network such as 10.0.0.0/8 (MENSHEN_TRUSTED_PROXIES)"},
		{"every origin", append(app, "--cors-origin", "*"), nil, "--cors-origin: an origin is written scheme://host or scheme://host:port, as browsers send it"},
		{"an origin with a path", append(app, "--cors-origin", "https://dash.example", "--cors-origin", "https://"+hush+"/"), nil, "--cors-origin: an origin is written scheme://host"},
		{"an origin without a scheme in the variable", app, []string{"MENSHEN_CORS_ORIGINS=" + hush}, "as browsers send it (MENSHEN_CORS_ORIGINS)"},
		{"a page with its slash", append(app, "--scan-page", "/pages/scan"), nil, "--scan-page (MENSHEN_SCAN_PAGE) must be a page such as pages/scan/index"},
		{"a page with a query", append(app, "--scan-page", "pages/scan?x=1"), nil, "--scan-page (MENSHEN_SCAN_PAGE) must be a page"},
		{"documents of nobody", append(app, "--untrusted-documents", "nobody"), nil, "--untrusted-documents (MENSHEN_UNTRUSTED_DOCUMENTS) refuses every document unless"},
		{"documents for some", append(app, "--untrusted-documents="+hush), nil, `--untrusted-documents must be one of "everyone","admin","nobody"`},
		{"a manifest that is none", append(app, "--trusted-documents", list), []string{"MENSHEN_ADMIN_KEY=" + hush}, "--trusted-documents (MENSHEN_TRUSTED_DOCUMENTS): trusted documents in " + list + ": not a JSON object from key to document"},
		{"a manifest that is not there", append(app, "--trusted-documents", list+".json"), []string{"MENSHEN_ADMIN_KEY=" + hush}, "--trusted-documents (MENSHEN_TRUSTED_DOCUMENTS): trusted documents in "},
		{"a limit of nothing", append(app, "--limit-variable-bytes=0"), nil, "--limit-variable-bytes (MENSHEN_LIMIT_VARIABLE_BYTES) must be at least 1"},
		{"a limit in words", append(app, "--limit-tokens="+hush), nil, "--limit-tokens: expected a valid 64 bit int"},
		{"an unknown log level", append(app, "--log-level="+hush), nil, "--log-level: must be debug, info, warn or error"},
		{"an unknown log level in the variable", app, []string{"MENSHEN_LOG_LEVEL=" + hush}, "--log-level: must be debug, info, warn or error (MENSHEN_LOG_LEVEL)"},
		{"an address without a port", append(app, "--addr", "localhost"), nil, "--addr (MENSHEN_ADDR): "},
		{"an unknown flag", append(app, "--adminkey="+hush), nil, `unknown flag --adminkey, did you mean "--admin-key"?`},
		{"an unknown command", nil, nil, "unexpected argument servr"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			command := "serve"
			if test.name == "an unknown command" {
				command = "servr"
			}
			quiet := []string{"MENSHEN_ADDR=127.0.0.1:0", "MENSHEN_METRICS_ADDR=127.0.0.1:0"}
			expectRefusal(t, run(t, append(quiet, test.variables...), append([]string{command}, test.args...)...), test.want)
		})
	}
}

// expectRefusal fails the test unless a command ended with a sentence of its
// own that repeats no secret.
func expectRefusal(t *testing.T, got finished, want string) {
	t.Helper()
	if got.code != 1 || !strings.Contains(got.stderr, want) {
		t.Errorf("exit code %d, stderr %q, want 1 and %q", got.code, got.stderr, want)
	}
	if strings.Contains(got.stdout+got.stderr, hush[:31]) {
		t.Errorf("a secret is repeated: %q", got.stderr)
	}
}

func TestServeNamesAllThatIsWrong(t *testing.T) {
	got := run(t, nil, "serve", "--admin-key", hush[:31], "--max-sessions", "0", "--wechat-url", "x")
	for _, setting := range []string{"--app", "--admin-key", "--max-sessions", "--wechat-url"} {
		expectRefusal(t, got, setting+" (MENSHEN_")
	}
}

// TestSecretsFromFiles logs in with an app whose secret, and an admin key that,
// came by each of the ways there are.
func TestSecretsFromFiles(t *testing.T) {
	sim := wechattest.New(t)
	app, key := wechattest.DevAppID+"=", strings.Repeat("k", 40)
	secretFile, listFile := writeFile(t, wechattest.DevAppSecret+"\n"), writeFile(t, app+wechattest.DevAppSecret+"\nwxother="+hush+"\n")
	keyFile := writeFile(t, key+"\n")
	tests := []struct {
		name      string
		variables []string
		flags     []string
		warned    []string // flags that stand in clear on the command line
	}{
		{"variables", []string{"MENSHEN_APPS=" + app + wechattest.DevAppSecret + ";wxother=" + hush, "MENSHEN_ADMIN_KEY=" + key}, nil, nil},
		{"files named by flags", nil, []string{"--app", app + "@" + secretFile, "--admin-key", "@" + keyFile}, nil},
		{"a file with the whole list", nil, []string{"--app=@" + listFile, "--admin-key=@" + keyFile}, nil},
		{"files named by variables", []string{"MENSHEN_APPS=" + app + "@" + secretFile, "MENSHEN_ADMIN_KEY=@" + keyFile}, nil, nil},
		{"repeated flags in clear", nil, []string{"--app=" + app + wechattest.DevAppSecret, "--app", "wxother=@" + secretFile, "--admin-key", key}, []string{"--app", "--admin-key"}},
		{"one secret in clear beside a file", nil, []string{"--app", app + "@" + secretFile + ";wxother=" + hush + "@home", "--admin-key=@" + keyFile}, []string{"--app"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			house := install(t, sim.URL())
			house.settings = append(house.settings[:4:4], append(test.variables, "MENSHEN_WECHAT_URL="+sim.URL())...)
			server := house.serve(test.flags...)
			expectLogin(t, server, sim)
			if got := server.get("/metrics", key).status; got != http.StatusOK {
				t.Errorf("/metrics with the admin key: status %d", got)
			}
			expectWarnings(t, server, test.warned)
		})
	}
}

func expectLogin(t *testing.T, server *running, sim *wechattest.Simulator) {
	t.Helper()
	phone, err := sim.Login(wechattest.DevAppID, "mei")
	if err != nil {
		t.Fatal(err)
	}
	const query = `mutation($code: String!, $app: ID) { login(code: $code, appId: $app) { accessToken } }`
	errs, err := server.ask(t.Context(), "", query, map[string]any{"code": phone.Code, "app": wechattest.DevAppID}, nil)
	if err := failure(errs, err); err != nil {
		t.Errorf("login: %v\n%s", err, server.output())
	}
}

// expectWarnings compares the flags that the log warns of.
func expectWarnings(t *testing.T, server *running, want []string) {
	t.Helper()
	var got []string
	for _, line := range logLines(server.stderr.String()) {
		if strings.HasPrefix(line["msg"].(string), "a secret stands on the command line") {
			got = append(got, line["flag"].(string))
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("warned of %v, want %v", got, want)
	}
	if strings.Contains(server.output(), wechattest.DevAppSecret) {
		t.Error("the log repeats a secret")
	}
}

func TestServeSaysWhatIsTaken(t *testing.T) {
	sim := wechattest.New(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	t.Run("the metrics address", func(t *testing.T) {
		expectRefusal(t, install(t, sim.URL()).run("serve", "--metrics-addr", addr),
			"--metrics-addr (MENSHEN_METRICS_ADDR), which a second instance on one host needs to set: listen tcp "+addr+": bind: address already in use")
	})
	t.Run("the address", func(t *testing.T) {
		expectRefusal(t, install(t, sim.URL()).run("serve", "--addr", addr), "--addr (MENSHEN_ADDR): listen tcp "+addr)
	})
	t.Run("the store", func(t *testing.T) {
		house := install(t, sim.URL())
		server := house.serve()
		expectRefusal(t, house.run("serve"), "store: in use by another process: "+house.store())
		expectLogin(t, server, sim) // the first is none the worse
		if got := house.run("keys", "list"); got.code != 0 {
			t.Errorf("keys list over the first server's socket: %s", got.stderr)
		}
	})
	t.Run("a path too long for the socket", func(t *testing.T) {
		house := install(t, sim.URL())
		deep := "bolt:" + filepath.Join(house.dir, strings.Repeat("d", 120), "menshen.db")
		expectRefusal(t, house.run("serve", "--store", deep), "longer than a Unix socket's may be; choose a shorter --store")
	})
}

func TestServeNeedsItsKeyFile(t *testing.T) {
	house := install(t, wechattest.New(t).URL())
	house.serve().stop()
	expectModes(t, house)
	other := install(t, "http://127.0.0.1")
	other.serve().stop()

	wrong := filepath.Join(other.dir, "menshen.key")
	expectRefusal(t, house.run("serve", "--key-file", wrong), "seal: the key file does not open this store")
	expectRefusal(t, house.run("serve", "--key-file", writeFile(t, hush)), "seal: not a key file of menshen")
	gone := filepath.Join(t.TempDir(), "gone.key")
	expectRefusal(t, house.run("serve", "--key-file", gone), "seal: the key file does not exist: "+gone)
	expectRefusal(t, house.run("keys", "list", "--key-file", gone), "seal: the key file does not exist: "+gone)
	if _, err := os.Stat(gone); err == nil {
		t.Error("a key file was made for a store that has one")
	}
	house.serve().stop() // with its own it starts as before
}

// expectModes fails the test unless nobody else may read the installation's files.
func expectModes(t *testing.T, house installation) {
	t.Helper()
	for _, name := range []string{house.store(), filepath.Join(house.dir, "menshen.key")} {
		if got := modeOf(t, name); got != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(name), got)
		}
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
