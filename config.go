package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // a machine without time zones knows --time-zone too

	"menshen/gate"
	"menshen/store/mysql"
	"menshen/store/seal"
)

// settings are those of the server, in dev and serve alike. What has another
// default in dev is filled in by withDefaults.
type settings struct {
	storeSettings `embed:""`

	Addr           string        `env:"MENSHEN_ADDR" type:"local" placeholder:"HOST:PORT" help:"Where to listen. Default 127.0.0.1:8080 in dev, :8080 in serve."`
	Apps           appSecrets    `name:"app" env:"MENSHEN_APPS" sep:"none" placeholder:"APPID=SECRET" help:"A mini program and its AppSecret; repeatable. In the variable several are separated by ;."`
	AdminKey       secret        `env:"MENSHEN_ADMIN_KEY" placeholder:"KEY" help:"Service key with role ADMIN, at least 32 characters, sent as Authorization: Bearer. Dev makes one."`
	Issuer         string        `env:"MENSHEN_ISSUER" default:"menshen" help:"The iss of the tokens."`
	AccessTTL      time.Duration `name:"access-ttl" env:"MENSHEN_ACCESS_TTL" default:"2h" help:"Life of an access token."`
	RefreshTTL     time.Duration `name:"refresh-ttl" env:"MENSHEN_REFRESH_TTL" default:"720h" help:"Life of a refresh token, renewed at each use."`
	TokenAlg       string        `env:"MENSHEN_TOKEN_ALG" default:"ES256" enum:"ES256,EdDSA" help:"Signature of new access tokens: ES256 or EdDSA. Old ones stay valid."`
	MaxSessions    int           `env:"MENSHEN_MAX_SESSIONS" default:"20" help:"Live sessions of one user; the oldest ends first."`
	Introspection  string        `env:"MENSHEN_INTROSPECTION" enum:",on,admin,off" default:"" placeholder:"on|admin|off" help:"Who may ask for the schema. Default on in dev, admin in serve."`
	Playground     string        `env:"MENSHEN_PLAYGROUND" enum:",on,off" default:"" placeholder:"on|off" help:"Serve the playground at /playground. Default on in dev, off in serve."`
	MetricsAddr    string        `env:"MENSHEN_METRICS_ADDR" type:"local" placeholder:"HOST:PORT" help:"Where /metrics listens. Default with --addr in dev, 127.0.0.1:9090 in serve. On the main address it needs the admin key outside dev."`
	Push           pushSettings  `env:"MENSHEN_PUSH" sep:"none" placeholder:"APPID=TOKEN:AESKEY" help:"What WeChat pushes to /wechat/push/APPID is signed with this token and encrypted with this EncodingAESKey; repeatable. APPID=TOKEN:plain for plain mode, which does not sign the body."`
	TextCheck      string        `env:"MENSHEN_TEXT_CHECK" default:"off" enum:"off,fail-open,fail-closed" help:"Have WeChat check the nicknames that users type (msg_sec_check). When WeChat does not answer, fail-open takes them and fail-closed refuses."`
	ScanPage       string        `env:"MENSHEN_SCAN_PAGE" placeholder:"PATH" help:"The mini program's page that scan login opens, such as pages/scan/index. Without it the QR code holds the ticket alone."`
	TimeZone       timeZone      `env:"MENSHEN_TIME_ZONE" default:"Asia/Shanghai" help:"Where the days of the daily figures begin."`
	AuditRetention time.Duration `name:"audit-retention" env:"MENSHEN_AUDIT_RETENTION" default:"4416h" help:"How long audit events are kept. The default is 184 days: Chinese law asks for six months of logs."`
	LogLevel       logLevel      `env:"MENSHEN_LOG_LEVEL" default:"info" help:"What to log: debug, info, warn or error."`
	LogFormat      string        `env:"MENSHEN_LOG_FORMAT" enum:",json,text" default:"" placeholder:"json|text" help:"How to log. Default text in dev, json in serve."`

	gateSettings     `embed:""`
	documentSettings `embed:""`
}

// storeSettings are for every command that opens the store.
type storeSettings struct {
	Store   storeURL `env:"MENSHEN_STORE" default:"bolt:data/menshen.db" help:"Where users and sessions are kept: bolt:PATH, or for several instances mysql://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE."`
	KeyFile string   `env:"MENSHEN_KEY_FILE" type:"local" placeholder:"FILE" help:"File with the key that seals the key ring. Default data/menshen.key with bolt, made on first start, mode 0600; with mysql it must be given, the same for all instances (menshen keys create)."`
}

const defaultKeyFile = "data/menshen.key"

// storeURL names a store. That of a database has a password in it.
type storeURL string

// UnmarshalText reads the URL or the file it names.
func (u *storeURL) UnmarshalText(text []byte) error {
	value, err := readSecret(string(text))
	*u = storeURL(value)
	return err
}

// Format hides the URL under every verb.
func (u storeURL) Format(f fmt.State, _ rune) { io.WriteString(f, "[store]") }

// boltPath returns the file of a bolt store; there is none in a database.
func (u storeURL) boltPath() (path string, isFile bool) { return strings.CutPrefix(string(u), "bolt:") }

// redacted is what may be shown of the URL: the file, or the servers and the database.
func (u storeURL) redacted() (string, error) {
	if path, isFile := u.boltPath(); isFile && path != "" && !strings.HasPrefix(path, "//") {
		return string(u), nil
	}
	if !strings.HasPrefix(string(u), "mysql://") {
		return "", errors.New("--store (MENSHEN_STORE) must be bolt:PATH or mysql://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	redacted, err := mysql.Redacted(string(u))
	if err != nil {
		return "", fmt.Errorf("--store (MENSHEN_STORE): %w", err)
	}
	return redacted, nil
}

// validate says what is wrong with the settings.
func (s storeSettings) validate() error {
	_, err := s.Store.redacted()
	if _, isFile := s.Store.boltPath(); err == nil && !isFile && s.KeyFile == "" {
		return errors.New("--key-file (MENSHEN_KEY_FILE) must be given with a mysql store, the same file for every instance; menshen keys create FILE makes one")
	}
	return err
}

// keyFile is where the key is, or will be.
func (s storeSettings) keyFile() seal.KeyFile {
	if s.KeyFile == "" {
		return defaultKeyFile
	}
	return seal.KeyFile(s.KeyFile)
}

// gateSettings say who may come in, and how often.
type gateSettings struct {
	RateLimit                int          `env:"MENSHEN_RATE_LIMIT" default:"1200" help:"Requests a minute from one address, for IPv6 one /64. 0: no limit."`
	RateLimitUser            int          `env:"MENSHEN_RATE_LIMIT_USER" default:"600" help:"Requests a minute of one user. 0: no limit."`
	RateLimitApp             int          `env:"MENSHEN_RATE_LIMIT_APP" default:"0" help:"Requests of users, and logins that succeed, a minute through one app. 0: no limit."`
	LoginFailures            int          `env:"MENSHEN_LOGIN_FAILURES" default:"60" help:"Refused logins and refreshes a minute from one address. 0: no limit."`
	MaxConnections           int          `env:"MENSHEN_MAX_CONNECTIONS" default:"20000" help:"Open connections in all."`
	MaxConnectionsPerAddress int          `env:"MENSHEN_MAX_CONNECTIONS_PER_ADDRESS" default:"1000" help:"Open connections of one address that is no trusted proxy."`
	TrustedProxies           gate.Proxies `env:"MENSHEN_TRUSTED_PROXIES" sep:"none" placeholder:"CIDR,…" help:"Networks and addresses whose X-Forwarded-For is believed."`
	CORSOrigins              origins      `name:"cors-origin" env:"MENSHEN_CORS_ORIGINS" sep:"none" placeholder:"ORIGIN" help:"Where web pages that may call /graphql come from, such as https://dash.example; repeatable. In the variable several are separated by ;."`
}

// maxRate is beyond what one process can answer.
const maxRate = 10_000_000

func (s *gateSettings) validate(require require) {
	for _, each := range []struct {
		setting string
		value   int
	}{
		{"--rate-limit (MENSHEN_RATE_LIMIT)", s.RateLimit},
		{"--rate-limit-user (MENSHEN_RATE_LIMIT_USER)", s.RateLimitUser},
		{"--rate-limit-app (MENSHEN_RATE_LIMIT_APP)", s.RateLimitApp},
		{"--login-failures (MENSHEN_LOGIN_FAILURES)", s.LoginFailures},
	} {
		require(each.value >= 0 && each.value <= maxRate, "%s must be from 0 to %d", each.setting, maxRate)
	}
	require(s.MaxConnections >= 1, "--max-connections (MENSHEN_MAX_CONNECTIONS) must be at least 1")
	require(s.MaxConnectionsPerAddress >= 1, "--max-connections-per-address (MENSHEN_MAX_CONNECTIONS_PER_ADDRESS) must be at least 1")
}

// pageForm is a page of a mini program as getwxacodeunlimit takes it: without a
// leading slash, without a query.
var pageForm = regexp.MustCompile(`^[\w-]+(/[\w-]+)*$`)

// require notes a sentence about what is not so.
type require func(ok bool, format string, args ...any)

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
	require(s.AuditRetention >= 24*time.Hour, "--audit-retention (MENSHEN_AUDIT_RETENTION) must be at least 24h")
	for appID := range s.Push {
		require(s.Apps[appID] != "", "--push (MENSHEN_PUSH) names an app that --app (MENSHEN_APPS) does not")
	}
	require(s.ScanPage == "" || pageForm.MatchString(s.ScanPage), "--scan-page (MENSHEN_SCAN_PAGE) must be a page such as pages/scan/index, without a leading slash and without a query")
	s.gateSettings.validate(require)
	s.documentSettings.validate(require)
	_, pushErr := s.Push.keys()
	return errors.Join(append(wrong, s.storeSettings.validate(), pushErr)...)
}

// timeZone is a place of the tz database.
type timeZone struct{ *time.Location }

// UnmarshalText reads a name such as Asia/Shanghai.
func (z *timeZone) UnmarshalText(text []byte) (err error) {
	if z.Location, err = time.LoadLocation(string(text)); err != nil {
		return errors.New("not a time zone such as Asia/Shanghai")
	}
	return nil
}

// logLevel is what to log.
type logLevel struct{ slog.Level }

// UnmarshalText reads a level; slog's own complaint would repeat what was given.
func (l *logLevel) UnmarshalText(text []byte) error {
	if l.Level.UnmarshalText(text) != nil {
		return errors.New("must be debug, info, warn or error")
	}
	return nil
}
