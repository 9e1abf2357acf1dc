package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"menshen/gqlhttp"
	"menshen/store"
	"menshen/store/mysql"
	"menshen/wechat"
)

// meters are what /metrics shows. Every label has few values, all of our own
// making: what a client can invent is no label.
type meters struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	wechat   *prometheus.HistogramVec
	store    *prometheus.HistogramVec
	refused  *prometheus.CounterVec
	limits   *prometheus.CounterVec
}

func newMeters() *meters {
	m := &meters{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "menshen_graphql_requests_total",
			Help: "GraphQL requests by root field (several: multiple; no valid document: none) and by the code of the first error (OK without one, CANCELED when the client left).",
		}, []string{"operation", "code"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "menshen_graphql_seconds",
			Help:    "Time from the request's arrival to its answer, by root field.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9),
		}, []string{"operation"}),
		wechat: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "menshen_wechat_seconds",
			Help:    "Calls to WeChat by endpoint and errcode (none: no answer that makes sense).",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 11),
		}, []string{"endpoint", "errcode"}),
		store: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "menshen_store_seconds",
			Help:    "Transactions of the store by verb.",
			Buckets: prometheus.ExponentialBuckets(0.00001, 4, 10),
		}, []string{"verb"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "menshen_connections_refused_total",
			Help: "Connections closed at once, by the cap that was reached.",
		}, []string{"cap"}),
		limits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "menshen_rate_limited_total",
			Help: "What was refused because it came too often or found no room, by the limit that was reached.",
		}, []string{"limit"}),
	}
	m.registry.MustRegister(m.requests, m.latency, m.wechat, m.store, m.refused, m.limits,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch shows how many sessions a store holds, and how its servers are.
func (m *meters) watch(db store.Store) {
	if database, ok := db.(*mysql.Store); ok {
		m.watchServers(database)
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "menshen_live_sessions",
		Help: "Sessions that are neither ended nor swept.",
	}, func() float64 {
		n, err := db.CountSessions(context.Background())
		if err != nil {
			return -1
		}
		return float64(n)
	}))
}

// watchServers shows which servers of a database can work.
func (m *meters) watchServers(db *mysql.Store) {
	for i, server := range db.Servers() {
		_ = m.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{ // fails for an address that is named twice
			Name:        "menshen_store_server_up",
			Help:        "1 when this server of the database answered and took writes a moment ago.",
			ConstLabels: prometheus.Labels{"server": server.Address},
		}, func() float64 {
			if db.Servers()[i].Up {
				return 1
			}
			return 0
		}))
	}
}

// watchConnections shows how many connections clients hold.
func (m *meters) watchConnections(open func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "menshen_connections_open",
		Help: "Connections of clients.",
	}, func() float64 { return float64(open()) }))
}

// limited counts what one limit refuses.
func (m *meters) limited(limit string) func() { return m.limits.WithLabelValues(limit).Inc }

func (m *meters) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *meters) storeCall(verb string, elapsed time.Duration) {
	m.store.WithLabelValues(verb).Observe(elapsed.Seconds())
}

func (m *meters) wechatCall(c wechat.Call) {
	errcode := strconv.Itoa(c.Errcode)
	if c.Errcode == 0 && c.Err != nil {
		errcode = "none"
	}
	m.wechat.WithLabelValues(c.Endpoint, errcode).Observe(c.Elapsed.Seconds())
}

// graphQL counts one answered request.
func (m *meters) graphQL(answered gqlhttp.Answered) {
	operation, code := "none", "OK"
	switch {
	case len(answered.RootFields) == 1:
		operation = answered.RootFields[0]
	case len(answered.RootFields) > 1:
		operation = "multiple"
	}
	switch {
	case len(answered.Codes) > 0 && answered.Canceled:
		code = "CANCELED"
	case len(answered.Codes) > 0:
		code = answered.Codes[0]
	}
	m.requests.WithLabelValues(operation, code).Inc()
	if answered.Subscription { // it lasts as long as somebody listens
		return
	}
	m.latency.WithLabelValues(operation).Observe(answered.Elapsed.Seconds())
}
