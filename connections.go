package main

import (
	"log/slog"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/time/rate"

	"menshen/gate"
)

// reservedFiles are for what is no connection of a client: the store, WeChat, the
// other sockets.
const reservedFiles = 256

// connectionsWithin caps the connections that are set at what the process may have
// open. Go has raised the soft limit already (os, since 1.19).
func connectionsWithin(set int, log *slog.Logger) int {
	var files unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &files) != nil || uint64(files.Cur) >= uint64(set+reservedFiles) {
		return set
	}
	capped := max(1, int(files.Cur)-reservedFiles)
	log.Warn("--max-connections is more than the limit of open files allows (ulimit -n)", "flag", "--max-connections", "connections", capped)
	return capped
}

// headLines are more than browsers and proxies send. Apache's LimitRequestFields
// is the same.
const headLines = 100

// metricsConnections are as many as several scrapers need.
const metricsConnections = 100

// capClients puts the caps of the settings on the listener for clients.
func capClients(inner net.Listener, s settings, m *meters, log *slog.Logger) net.Listener {
	listener := gate.Listen(inner, gate.Caps{
		Total: connectionsWithin(s.MaxConnections, log), PerAddress: s.MaxConnectionsPerAddress,
		Trusted: s.TrustedProxies, HeadLines: headLines, Refused: noteRefusals(m, log),
	})
	m.watchConnections(listener.Open)
	return listener
}

func capMetrics(inner net.Listener, m *meters, log *slog.Logger) net.Listener {
	return gate.Listen(inner, gate.Caps{
		Total: metricsConnections, PerAddress: metricsConnections, HeadLines: headLines, Refused: noteRefusals(m, log),
	})
}

// noteRefusals counts all refused connections and logs few: they may be a flood.
func noteRefusals(m *meters, log *slog.Logger) func(gate.Cause, netip.Addr) {
	sometimes := rate.Sometimes{Interval: time.Minute}
	return func(cause gate.Cause, peer netip.Addr) {
		m.refused.WithLabelValues(string(cause)).Inc()
		sometimes.Do(func() {
			log.Warn("connection refused; said once a minute", "cap", string(cause), "address", textOf(peer))
		})
	}
}
