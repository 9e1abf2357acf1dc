package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

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
	wechat    *wechat.Client
	resolver  *resolvers.Resolver
	meters    *meters
	readiness *readiness
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
	srv := &server{settings: s, mode: m, meters: newMeters(), log: log}
	var err error
	srv.wechat, err = wechat.NewClient(wechat.Options{BaseURL: wechatURL, Apps: s.Apps, Observe: srv.meters.wechatCall})
	if err != nil {
		return nil, fmt.Errorf("--wechat-url (MENSHEN_WECHAT_URL) or --app (MENSHEN_APPS): %w", err)
	}
	srv.store, err = openStore(s.storeSettings, store.Options{
		SessionLife: s.RefreshTTL, MaxSessions: s.MaxSessions, Observe: srv.meters.storeCall,
	}, mayCreate)
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

// join makes the resolver and binds the sockets.
func (srv *server) join(ctx context.Context) error {
	s := srv.settings
	signer, err := openSigner(ctx, srv.store, s.Issuer, token.Algorithm(s.TokenAlg))
	if err != nil {
		return err
	}
	srv.resolver = &resolvers.Resolver{
		Store: srv.store, WeChat: srv.wechat, Tokens: signer,
		AccessTTL: s.AccessTTL, AdminKey: string(s.AdminKey), Now: time.Now, Log: srv.log,
	}
	if err := srv.bindPublic(ctx); err != nil {
		return err
	}
	return srv.bindControl(keyJobs{signer, srv.store})
}

// bindPublic listens for clients and, unless they share an address, for metrics.
func (srv *server) bindPublic(ctx context.Context) error {
	s, metrics := srv.settings, srv.meters.handler()
	var shared http.Handler
	switch {
	case s.MetricsAddr != s.Addr:
		if err := srv.bindMetrics(ctx, metrics); err != nil {
			return err
		}
	case srv.mode == production:
		shared = requireAdmin(srv.resolver, metrics)
	default:
		shared = metrics
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("--addr (MENSHEN_ADDR): %w", err)
	}
	handler := newHandler(s, srv.resolver, srv.meters, srv.readiness, shared, srv.log)
	srv.public = service{newHTTPServer(handler), listener}
	srv.services = append(srv.services, srv.public)
	return nil
}

func (srv *server) bindMetrics(ctx context.Context, metrics http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", srv.settings.MetricsAddr)
	if err != nil {
		return fmt.Errorf("--metrics-addr (MENSHEN_METRICS_ADDR), which a second instance on one host needs to set: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	srv.services = append(srv.services, service{newHTTPServer(mux), listener})
	return nil
}

// bindControl listens for the other commands.
func (srv *server) bindControl(keys keyJobs) error {
	path, err := srv.settings.boltPath()
	if err != nil {
		return err
	}
	listener, err := listenControl(controlPath(path))
	if err != nil {
		return fmt.Errorf("the socket for the other commands: %w", err)
	}
	control := newHTTPServer(newControl(keys))
	control.WriteTimeout = controlTimeout
	srv.services = append(srv.services, service{control, listener})
	return nil
}

func (srv *server) addr() string { return srv.public.listener.Addr().String() }

// run serves until the context ends or a socket fails; then it lets the
// requests in flight finish and closes the store.
func (srv *server) run(ctx context.Context) error {
	srv.log.Info("listening", "addr", srv.addr(), "version", buildVersion())
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range srv.services {
		group.Go(func() error {
			if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	group.Go(func() error { srv.sweep(ctx); return nil })
	group.Go(func() error { <-ctx.Done(); srv.shutdown(); return nil })
	err := errors.Join(group.Wait(), srv.store.Close())
	srv.wechat.Close()
	srv.log.Info("stopped")
	return err
}

const (
	// drainTime leaves load balancers time to see /readyz turn red.
	drainTime = time.Second
	// shutdownTime bounds the wait for requests in flight.
	shutdownTime = 20 * time.Second
)

// shutdown turns /readyz red, waits for the requests in flight, and cuts off
// those that take too long: a slow reader must not keep the process.
func (srv *server) shutdown() {
	srv.readiness.draining.Store(true)
	srv.log.Info("shutting down")
	if srv.mode == production {
		<-time.After(drainTime)
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	for _, s := range srv.services {
		if err := s.http.Shutdown(ctx); err != nil {
			srv.log.Warn("requests were cut off", "error", err)
			s.http.Close()
		}
	}
}

// close lets go of what listen opened.
func (srv *server) close() error {
	errs := []error{srv.store.Close()}
	for _, s := range srv.services {
		errs = append(errs, s.listener.Close())
	}
	return errors.Join(errs...)
}

const (
	sweepEvery = 30 * time.Second
	sweepBatch = 500 // of each kind in one transaction
)

// sweep removes what has expired, in small transactions, until the context ends.
func (srv *server) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			srv.sweepAll(ctx)
		}
	}
}

func (srv *server) sweepAll(ctx context.Context) {
	for removed := sweepBatch; removed >= sweepBatch && ctx.Err() == nil; {
		var err error
		if removed, err = srv.store.Sweep(ctx, sweepBatch); err != nil {
			srv.log.Error("sweep failed", "error", err)
		}
	}
}
