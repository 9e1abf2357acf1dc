package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"menshen/events"
	"menshen/gqlhttp"
	"menshen/resolvers"
	"menshen/store"
	"menshen/token"
	"menshen/wechat"
)

// mode is what dev allows and production does not.
type mode bool

const (
	production  mode = false
	development mode = true
)

// server is an open store, what works on it, and the sockets it is served on.
type server struct {
	settings  settings
	mode      mode
	store     store.Store
	bus       resolvers.Events
	relay     *events.Relay // nil where no other instance shares the store
	presence  string        // names the lease that says that this instance runs
	wechat    *wechat.Client
	resolver  *resolvers.Resolver
	meters    *meters
	readiness *readiness
	streams   *gqlhttp.Streams
	log       *slog.Logger

	public   service
	services []service // all of them
}

// service is an HTTP server on its listener.
type service struct {
	http     *http.Server
	listener net.Listener
}

// listen opens the store and every socket, so that what is wrong is said before
// anything is served.
func listen(ctx context.Context, s settings, wechatURL string, m mode, log *slog.Logger) (*server, error) {
	if m == development { // the simulator's pages play mini programs
		s.CORSOrigins = append(s.CORSOrigins, namesOf(wechatURL)...)
	}
	srv := &server{settings: s, mode: m, meters: newMeters(), presence: "serving " + rand.Text(), log: log}
	var err error
	srv.wechat, err = wechat.NewClient(srv.wechatOptions(wechatURL))
	if err != nil {
		return nil, fmt.Errorf("--wechat-url (MENSHEN_WECHAT_URL) or --app (MENSHEN_APPS): %w", err)
	}
	srv.store, err = awaitStore(ctx, s.storeSettings, store.Options{
		SessionLife: s.RefreshTTL, MaxSessions: s.MaxSessions, AuditRetention: s.AuditRetention,
		TimeZone: s.TimeZone.Location, Observe: srv.meters.storeCall,
	}, log)
	if err != nil {
		return nil, err
	}
	srv.meters.watch(srv.store)
	srv.readiness = &readiness{store: srv.store}
	if err := srv.join(ctx); err != nil {
		return nil, errors.Join(err, srv.close())
	}
	return srv, nil
}

// wechatOptions has the client keep its access_tokens in the store, which is
// opened after the client has found the settings right.
func (s *server) wechatOptions(url string) wechat.Options {
	return wechat.Options{
		BaseURL: url, Apps: s.settings.Apps, Observe: s.meters.wechatCall,
		Now: func() time.Time { return clockOf(s.store)() },
		LoadToken: func(ctx context.Context, appID string) ([]byte, error) {
			return s.store.Secret(ctx, accessTokenSecret+appID)
		},
		UpdateToken: func(ctx context.Context, appID string, change func([]byte) ([]byte, error)) error {
			return s.store.UpdateSecret(ctx, accessTokenSecret+appID, change)
		},
	}
}

// join makes the resolver and binds the sockets.
func (s *server) join(ctx context.Context) error {
	set := s.settings
	if err := s.meetOthers(ctx); err != nil {
		return err
	}
	signer, err := openSigner(ctx, s.store, set.Issuer, token.Algorithm(set.TokenAlg))
	if err != nil {
		return err
	}
	s.resolver = &resolvers.Resolver{
		Store: s.store, WeChat: s.wechat, Tokens: signer,
		AccessTTL: set.AccessTTL, AdminKey: string(set.AdminKey), TextCheck: resolvers.TextCheck(set.TextCheck),
		ScanPage: set.ScanPage, Limits: newLimits(set, s.meters), Events: s.bus,
		Now: clockOf(s.store), Log: s.log,
	}
	if err := s.bindPublic(ctx); err != nil {
		return err
	}
	path, isFile := set.Store.boltPath()
	if !isFile {
		return nil
	}
	return s.bindControl(path, holder{s.store, func(context.Context) (*token.Signer, error) { return signer, nil }})
}

// bindPublic listens for clients and, unless they share an address, for metrics.
func (s *server) bindPublic(ctx context.Context) error {
	set := s.settings
	pushKeys, err := set.Push.keys()
	if err != nil {
		return err
	}
	trusted, err := set.loadTrusted()
	if err != nil {
		return err
	}
	metrics, err := s.sharedMetrics(ctx)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", set.Addr)
	if err != nil {
		return fmt.Errorf("--addr (MENSHEN_ADDR): %w", err)
	}
	s.streams = newStreams(set, s.resolver)
	handler := newHandler(parts{
		settings: set, resolver: s.resolver, readiness: s.readiness, meters: s.meters, metrics: metrics, log: s.log,
		streams: s.streams, trusted: trusted, bodies: newRoom(), answers: newRoom(),
		pushes: pushes{keys: pushKeys, store: s.store, now: clockOf(s.store), log: s.log},
	})
	s.public = service{newHTTPServer(handler), capClients(listener, set, s.meters, s.log)}
	s.services = append(s.services, s.public)
	return nil
}

// sharedMetrics is what clients' own address shows at /metrics; nil when metrics
// have an address of their own, which is bound then.
func (s *server) sharedMetrics(ctx context.Context) (http.Handler, error) {
	metrics := s.meters.handler()
	switch {
	case s.settings.MetricsAddr != s.settings.Addr:
		return nil, s.bindMetrics(ctx, metrics)
	case s.mode == production:
		return requireAdmin(s.resolver, metrics), nil
	}
	return metrics, nil
}

func (s *server) bindMetrics(ctx context.Context, metrics http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.settings.MetricsAddr)
	if err != nil {
		return fmt.Errorf("--metrics-addr (MENSHEN_METRICS_ADDR), which a second instance on one host needs to set: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	s.services = append(s.services, service{newHTTPServer(mux), capMetrics(listener, s.meters, s.log)})
	return nil
}

// bindControl listens for the commands that need the file.
func (s *server) bindControl(path string, h holder) error {
	listener, err := listenControl(controlPath(path))
	if err != nil {
		return fmt.Errorf("the socket for the other commands: %w", err)
	}
	s.services = append(s.services, service{newControl(h), listener})
	return nil
}

func (s *server) addr() string { return s.public.listener.Addr().String() }

// run serves until the context ends or a socket fails; then it lets the
// requests in flight finish and closes the store.
func (s *server) run(ctx context.Context) error {
	s.log.Info("listening", "addr", s.addr(), "version", buildVersion())
	group, ctx := errgroup.WithContext(ctx)
	serving, served := context.WithCancel(context.WithoutCancel(ctx)) // ends after the last request
	for _, each := range s.services {
		group.Go(func() error {
			if err := each.http.Serve(each.listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	group.Go(func() error { s.sweep(ctx); return nil })
	if s.relay != nil {
		group.Go(func() error { s.stayPresent(serving); return nil })
		group.Go(func() error { s.relayEvents(serving); return nil })
		group.Go(func() error { s.followKeys(serving); return nil })
	}
	group.Go(func() error { <-ctx.Done(); s.shutdown(); served(); return nil })
	err := errors.Join(group.Wait(), s.closeStore())
	s.wechat.Close()
	s.log.Info("stopped")
	return err
}

const (
	// drainTime leaves load balancers time to see /readyz turn red.
	drainTime = time.Second
	// shutdownTime bounds the wait for requests in flight.
	shutdownTime = 20 * time.Second
)

// shutdown turns /readyz red, ends the streams, waits for the requests in flight,
// and cuts off those that take too long: a slow reader must not keep the process.
func (s *server) shutdown() {
	s.readiness.draining.Store(true)
	s.log.Info("shutting down")
	if s.mode == production {
		<-time.After(drainTime)
	}
	s.streams.Close() // none ends by itself
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	for _, each := range s.services {
		if err := each.http.Shutdown(ctx); err != nil {
			s.log.Warn("requests were cut off", "error", err)
			each.http.Close()
		}
	}
}

// close lets go of what listen opened.
func (s *server) close() error {
	errs := []error{s.closeStore()}
	for _, each := range s.services {
		errs = append(errs, each.listener.Close())
	}
	return errors.Join(errs...)
}
