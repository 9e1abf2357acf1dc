package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"menshen/wechat"
	"menshen/wechat/wechattest"
)

// commands is the command line.
type commands struct {
	Dev       devCommand       `cmd:"" help:"Everything on one machine, no AppID, no network: the WeChat simulator, the server, a store under ./data. NOT FOR PRODUCTION."`
	Serve     serveCommand     `cmd:"" help:"The server."`
	Simulator simulatorCommand `cmd:"" help:"The WeChat simulator alone, for tests and CI of any language."`
	Check     checkCommand     `cmd:"" help:"Walk the store and check every invariant. Exits with 1 when one does not hold."`
	Backup    backupCommand    `cmd:"" help:"Copy the store to a file, while the server runs too. The key file is not in it."`
	Restore   restoreCommand   `cmd:"" help:"Put a backup where no store is, after it opened with the key file and passed the check."`
	Compact   compactCommand   `cmd:"" help:"Rewrite the store's file without its free pages. Logins wait meanwhile."`
	Export    exportCommand    `cmd:"" help:"Print everything held about a user, as JSON. Secrets are left out."`
	Migrate   migrateCommand   `cmd:"" help:"Copy everything to a store of another engine, verified. Goes on where it was broken off. No server may run."`
	Keys      keysCommand      `cmd:"" help:"The signing keys and the encryption key ring."`
	Version   versionCommand   `cmd:"" help:"Print version, commit and Go version."`
}

// environment is what a command may touch of the world outside.
type environment struct {
	args   []string
	stdout io.Writer
	stderr io.Writer
}

type serveCommand struct {
	settings  `embed:""`
	WeChatURL string `name:"wechat-url" env:"MENSHEN_WECHAT_URL" default:"https://api.weixin.qq.com" help:"WeChat's API, or a simulator."`
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, env environment) error {
	c.withDefaults(serveDefaults)
	if err := errors.Join(c.validate(), c.checkWeChatURL(), c.checkMetrics()); err != nil {
		return err
	}
	log := newLogger(env.stderr, c.LogFormat, c.LogLevel.Level)
	for _, flag := range exposedSecrets(env.args) {
		log.Warn(exposedWarning, "flag", flag)
	}
	server, err := listen(ctx, c.settings, c.WeChatURL, production, log)
	if err != nil {
		return err
	}
	return server.run(ctx)
}

// checkWeChatURL holds the address against the client's own rules.
func (c *serveCommand) checkWeChatURL() error {
	if _, err := wechat.NewClient(wechat.Options{BaseURL: c.WeChatURL}); err != nil {
		return fmt.Errorf("--wechat-url (MENSHEN_WECHAT_URL): %w", err)
	}
	return nil
}

// checkMetrics refuses metrics that nobody could read.
func (c *serveCommand) checkMetrics() error {
	if c.MetricsAddr == c.Addr && c.AdminKey == "" {
		return errors.New("--metrics-addr (MENSHEN_METRICS_ADDR) is the main address, where /metrics needs --admin-key (MENSHEN_ADMIN_KEY)")
	}
	return nil
}

type devCommand struct {
	settings      `embed:""`
	SimulatorAddr string `env:"MENSHEN_SIMULATOR_ADDR" type:"local" default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where the simulator listens."`
}

// Run plays WeChat and serves until the context ends.
func (c *devCommand) Run(ctx context.Context, env environment) error {
	c.withDefaults(devDefaults)
	if c.Apps == nil {
		c.Apps = appSecrets{}
	}
	c.Apps[wechattest.DevAppID] = wechattest.DevAppSecret
	if c.Push == nil {
		c.Push = pushSettings{}
	}
	c.Push[wechattest.DevAppID] = wechattest.DevPushToken + ":" + wechattest.DevPushAESKey
	if c.AdminKey == "" {
		c.AdminKey = secret(rand.Text() + rand.Text())
	}
	if err := errors.Join(c.validate(), devAddress(c.Addr)); err != nil {
		return err
	}
	simulator, err := listenSimulator(ctx, "--simulator-addr", c.SimulatorAddr, c.Apps, false)
	if err != nil {
		return err
	}
	server, err := listen(ctx, c.settings, "http://"+simulator.addr(), development, newLogger(env.stderr, c.LogFormat, c.LogLevel.Level))
	if err != nil {
		return errors.Join(err, simulator.listener.Close())
	}
	if err := c.greet(env.stdout, server, simulator); err != nil {
		return errors.Join(err, server.close(), simulator.listener.Close())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return simulator.run(ctx) })
	group.Go(func() error { return server.run(ctx) })
	return group.Wait()
}

// devAddress keeps dev, with its known secrets, on this machine.
func devAddress(addr string) error {
	if wechattest.LoopbackOnly(addr) != nil {
		return errors.New("--addr (MENSHEN_ADDR) must be a loopback address in dev: its secrets are known to everybody")
	}
	return nil
}

// greet tells a newcomer where things are and how to log in.
func (c *devCommand) greet(w io.Writer, server *server, simulator *simulatorServer) error {
	first, err := simulator.Login(wechattest.DevAppID, "mei")
	if err != nil {
		return err
	}
	second, err := simulator.Login(wechattest.DevAppID, "mei")
	if err != nil {
		return err
	}
	origin := "http://" + server.addr()
	appArgument, appFragment, scanFragment := "", "", ""
	if len(c.Apps) > 1 {
		appArgument = fmt.Sprintf(`, appId: \"%s\"`, wechattest.DevAppID)
		appFragment = "&appId=" + wechattest.DevAppID
		scanFragment = "#appId=" + wechattest.DevAppID
	}
	_, err = fmt.Fprintf(w, `
  Menshen 门神, development mode: NOT FOR PRODUCTION. WeChat is simulated, its secrets are known.

  playground   %[1]s/playground#code=%[2]s%[5]s
  scan login   %[1]s/playground/scan%[8]s   (sign in on a web page: let the simulator scan its code)
  simulator    http://%[3]s/#server=%[1]s   (play the phone: users, codes, encrypted data, faults)
  login code   %[2]s   (user mei, works once, for 5 minutes)
  admin key    %[4]s

  log in       curl -s %[1]s/graphql -H 'Content-Type: application/json' -d '{"query":"mutation { login(code: \"%[6]s\"%[7]s) { accessToken refreshToken isNewUser user { id } } }"}'

`, origin, first.Code, simulator.addr(), string(c.AdminKey), appFragment, second.Code, appArgument, scanFragment)
	return err
}

type simulatorCommand struct {
	Addr          string     `default:"127.0.0.1:8081" env:"MENSHEN_SIMULATOR_ADDR" type:"local" placeholder:"HOST:PORT" help:"Where to listen."`
	Apps          appSecrets `name:"app" env:"MENSHEN_APPS" sep:"none" placeholder:"APPID=SECRET" help:"An app to play; repeatable. Default: the app of dev."`
	AllowExternal bool       `help:"Listen where other machines can reach it. Everybody who can is every user."`
}

// Run plays WeChat until the context ends.
func (c *simulatorCommand) Run(ctx context.Context, env environment) error {
	simulator, err := listenSimulator(ctx, "--addr", c.Addr, c.Apps, c.AllowExternal)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "The WeChat simulator (not WeChat) listens on http://%s/\n", simulator.addr())
	return simulator.run(ctx)
}

// simulatorServer is the simulator behind a listener.
type simulatorServer struct {
	*wechattest.Simulator
	listener net.Listener
}

// simulatorSeed makes the simulator's people the same after each start, so
// that the users in a development store stay who they are.
const simulatorSeed = 1

func listenSimulator(ctx context.Context, flag, addr string, apps appSecrets, external bool) (*simulatorServer, error) {
	if !external && wechattest.LoopbackOnly(addr) != nil {
		return nil, errors.New("the simulator listens on loopback only, unless --allow-external is given to `menshen simulator`")
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s (MENSHEN_SIMULATOR_ADDR): %w", flag, err)
	}
	simulator := wechattest.NewSimulator(wechattest.Options{Apps: apps, Seed: simulatorSeed})
	return &simulatorServer{simulator, listener}, nil
}

func (s *simulatorServer) addr() string { return s.listener.Addr().String() }

// run serves until the context ends. Calls that a fault made hang are cut.
func (s *simulatorServer) run(ctx context.Context) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type versionCommand struct{}

// Run prints what this binary is.
func (versionCommand) Run(env environment) error {
	_, err := fmt.Fprintf(env.stdout, "menshen %s commit %s %s\n", buildVersion(), buildCommit(), runtime.Version())
	return err
}

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func buildCommit() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
}
