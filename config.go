package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"
)

// storeSettings are for every command that opens the store.
type storeSettings struct {
	Store   string `env:"MENSHEN_STORE" default:"bolt:data/menshen.db" placeholder:"bolt:PATH" help:"Where users and sessions are kept: bolt:PATH."`
	KeyFile string `env:"MENSHEN_KEY_FILE" default:"data/menshen.key" placeholder:"PATH" help:"File with the key that seals the key ring. Made on first start, mode 0600."`
}

// settings are those of the server, in dev and serve alike. What has another
// default in dev is filled in by withDefaults.
type settings struct {
	storeSettings `embed:""`

	Addr          string        `env:"MENSHEN_ADDR" placeholder:"HOST:PORT" help:"Where to listen. Default 127.0.0.1:8080 in dev, :8080 in serve."`
	Apps          appSecrets    `name:"app" env:"MENSHEN_APPS" sep:"none" placeholder:"APPID=SECRET" help:"A mini program and its AppSecret; repeatable. In the variable several are separated by ;."`
	AdminKey      secret        `env:"MENSHEN_ADMIN_KEY" placeholder:"KEY" help:"Service key with role ADMIN, at least 32 characters, sent as Authorization: Bearer. Dev makes one."`
	Issuer        string        `env:"MENSHEN_ISSUER" default:"menshen" help:"The iss of the tokens."`
	AccessTTL     time.Duration `name:"access-ttl" env:"MENSHEN_ACCESS_TTL" default:"2h" help:"Life of an access token."`
	RefreshTTL    time.Duration `name:"refresh-ttl" env:"MENSHEN_REFRESH_TTL" default:"720h" help:"Life of a refresh token, renewed at each use."`
	TokenAlg      string        `env:"MENSHEN_TOKEN_ALG" default:"ES256" enum:"ES256,EdDSA" help:"Signature of new access tokens: ES256 or EdDSA. Old ones stay valid."`
	MaxSessions   int           `env:"MENSHEN_MAX_SESSIONS" default:"20" help:"Live sessions of one user; the oldest ends first."`
	Introspection string        `env:"MENSHEN_INTROSPECTION" enum:",on,admin,off" default:"" placeholder:"on|admin|off" help:"Who may ask for the schema. Default on in dev, admin in serve."`
	Playground    string        `env:"MENSHEN_PLAYGROUND" enum:",on,off" default:"" placeholder:"on|off" help:"Serve the playground at /playground. Default on in dev, off in serve."`
	MetricsAddr   string        `env:"MENSHEN_METRICS_ADDR" placeholder:"HOST:PORT" help:"Where /metrics listens. Default with --addr in dev, 127.0.0.1:9090 in serve. On the main address it needs the admin key outside dev."`
	LogLevel      slog.Level    `env:"MENSHEN_LOG_LEVEL" default:"info" placeholder:"debug|info|warn|error" help:"What to log."`
	LogFormat     string        `env:"MENSHEN_LOG_FORMAT" enum:",json,text" default:"" placeholder:"json|text" help:"How to log. Default text in dev, json in serve."`
}

// defaults are the settings whose default depends on the command.
type defaults struct{ addr, metricsAddr, introspection, playground, logFormat string }

var (
	devDefaults   = defaults{"127.0.0.1:8080", "", "on", "on", "text"}
	serveDefaults = defaults{":8080", "127.0.0.1:9090", "admin", "off", "json"}
)

// withDefaults fills what was not set.
func (s *settings) withDefaults(d defaults) {
	fill := func(value *string, otherwise string) {
		if *value == "" {
			*value = otherwise
		}
	}
	fill(&s.Addr, d.addr)
	fill(&s.MetricsAddr, d.metricsAddr)
	fill(&s.MetricsAddr, s.Addr)
	fill(&s.Introspection, d.introspection)
	fill(&s.Playground, d.playground)
	fill(&s.LogFormat, d.logFormat)
}

const minAdminKey = 32

// validate returns one sentence for each missing or wrong setting.
func (s *settings) validate() error {
	var wrong []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	require(len(s.Apps) > 0, "--app (MENSHEN_APPS) is missing: name at least one mini program as APPID=SECRET")
	require(s.AdminKey == "" || len(s.AdminKey) >= minAdminKey, "--admin-key (MENSHEN_ADMIN_KEY) must have at least %d characters", minAdminKey)
	require(!strings.ContainsAny(string(s.AdminKey), " \t\r\n"), "--admin-key (MENSHEN_ADMIN_KEY) must not contain spaces")
	require(s.Issuer != "", "--issuer (MENSHEN_ISSUER) must not be empty")
	require(s.AccessTTL >= time.Minute && s.AccessTTL <= 24*time.Hour && s.AccessTTL%time.Second == 0, "--access-ttl (MENSHEN_ACCESS_TTL) must be whole seconds from 1m to 24h")
	require(s.RefreshTTL >= s.AccessTTL, "--refresh-ttl (MENSHEN_REFRESH_TTL) must be at least --access-ttl")
	require(s.MaxSessions >= 1 && s.MaxSessions <= 1000, "--max-sessions (MENSHEN_MAX_SESSIONS) must be from 1 to 1000")
	require(s.Introspection != "admin" || s.AdminKey != "" || s.Playground != "on", "--introspection (MENSHEN_INTROSPECTION) is admin, so the playground needs --admin-key (MENSHEN_ADMIN_KEY) to show the schema")
	require(s.KeyFile != "", "--key-file (MENSHEN_KEY_FILE) must not be empty")
	_, err := s.boltPath()
	return errors.Join(append(wrong, err)...)
}

// boltPath returns the file of a bolt store.
func (s *storeSettings) boltPath() (string, error) {
	path, ok := strings.CutPrefix(s.Store, "bolt:")
	if !ok || path == "" {
		return "", errors.New("--store (MENSHEN_STORE) must be bolt:PATH")
	}
	return path, nil
}

// secret is a setting that is never printed. @FILE reads it from a file.
type secret string

// UnmarshalText reads the secret or the file it names.
func (s *secret) UnmarshalText(text []byte) error {
	value, err := readSecret(string(text))
	*s = secret(value)
	return err
}

// Format hides the secret under every verb.
func (s secret) Format(f fmt.State, _ rune) { io.WriteString(f, "[secret]") }

// readSecret returns the value, or what stands in the file after @.
func readSecret(value string) (string, error) {
	path, ok := strings.CutPrefix(value, "@")
	if !ok {
		return value, nil
	}
	b, err := os.ReadFile(path)
	if err != nil { // the path stays unsaid: it may be a secret that begins with @
		return "", fmt.Errorf("the file named after @ cannot be read: %w", errors.Unwrap(err))
	}
	text := strings.TrimSpace(string(b))
	if text == "" {
		return "", errors.New("the file named after @ is empty")
	}
	return text, nil
}

// appSecrets maps AppID to AppSecret.
type appSecrets map[string]string

var appIDForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// UnmarshalText adds one or several APPID=SECRET, separated by ; or by lines.
// @FILE may stand for a secret or for the whole list.
func (a *appSecrets) UnmarshalText(text []byte) error {
	list, err := readSecret(string(text))
	if err != nil {
		return err
	}
	if *a == nil {
		*a = appSecrets{}
	}
	for pair := range strings.FieldsFuncSeq(list, betweenApps) {
		appID, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || !appIDForm.MatchString(appID) {
			return errors.New("an app is written APPID=SECRET")
		}
		appSecret, err := readSecret(value)
		if err != nil {
			return err
		}
		if appSecret == "" {
			return errors.New("an app has an empty AppSecret") // unnamed: it may be a secret on the wrong side
		}
		(*a)[appID] = appSecret
	}
	return nil
}

func betweenApps(r rune) bool { return r == ';' || r == '\n' }

// Format hides the secrets under every verb.
func (a appSecrets) Format(f fmt.State, _ rune) { io.WriteString(f, "[apps]") }

// secretFlags are the flags whose value is or holds a secret.
var secretFlags = []string{"--app", "--admin-key"}

// exposedSecrets names the flags that carry a secret in clear on the command
// line, where every user of the machine can read it.
func exposedSecrets(args []string) (exposed []string) {
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		for _, flag := range secretFlags {
			if name == flag && inClear(value) {
				exposed = append(exposed, flag)
			}
		}
	}
	return exposed
}

// inClear reports whether a secret stands in the value itself: not all of it, nor
// each app's part of it, is @FILE.
func inClear(value string) bool {
	if strings.HasPrefix(value, "@") {
		return false
	}
	for pair := range strings.FieldsFuncSeq(value, betweenApps) {
		_, appSecret, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(appSecret, "@") {
			return true
		}
	}
	return false
}

// commandForm is what a mistyped command may look like. No secret is so short.
var commandForm = regexp.MustCompile(`^unexpected argument [a-z]{1,12}(,|$)`)

// withoutValues is kong's complaint about the command line, without the values
// that kong repeats: one may be a secret that stands in the wrong place.
func withoutValues(complaint error) error {
	text, source, fromVariable := strings.Cut(complaint.Error(), " (from envar ")
	text, _, _ = strings.Cut(text, " but got ")
	if strings.HasPrefix(text, "unexpected ") && !commandForm.MatchString(text) {
		return errors.New("an argument stands where none is expected; several apps are several --app")
	}
	if fromVariable {
		variable, _, _ := strings.Cut(source, "=")
		text += " (" + variable + ")"
	}
	return errors.New(text)
}
