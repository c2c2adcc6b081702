package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"crmbridge/store"
	"crmbridge/upstream"
)

// metrics is what /metrics shows. It implements dav.Metrics and feed.Metrics.
type metrics struct {
	reg       *prometheus.Registry
	requests  *prometheus.HistogramVec
	panics    prometheus.Counter
	conflicts *prometheus.CounterVec
	merges    prometheus.Counter
	throttled *prometheus.CounterVec
	feeds     *prometheus.HistogramVec
	outbound  *prometheus.HistogramVec
}

func newMetrics() *metrics {
	buckets := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
	m := &metrics{
		reg: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "bridge_dav_request_seconds",
			Help: "DAV requests by method and status class.", Buckets: buckets}, []string{"method", "class"}),
		panics:    prometheus.NewCounter(prometheus.CounterOpts{Name: "bridge_panics_total", Help: "Requests that ended in a fault of ours."}),
		conflicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bridge_conflicts_total", Help: "Conflict reports from devices."}, []string{"cause"}),
		merges:    prometheus.NewCounter(prometheus.CounterOpts{Name: "bridge_merges_total", Help: "Writes merged with a version the device had not seen."}),
		throttled: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bridge_throttled_total", Help: "Requests asked to come back."}, []string{"scope"}),
		feeds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "bridge_feed_request_seconds",
			Help: "Requests for feeds by what came of them.", Buckets: buckets}, []string{"outcome"}),
		outbound: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "bridge_outbound_request_seconds",
			Help: "Requests to remotes by driver and status; status 0 is no answer.", Buckets: buckets}, []string{"driver", "status"}),
	}
	m.reg.MustRegister(m.requests, m.panics, m.conflicts, m.merges, m.throttled, m.feeds, m.outbound,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request implements dav.Metrics.
func (m *metrics) Request(method string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// Panic implements dav.Metrics.
func (m *metrics) Panic() { m.panics.Inc() }

// Conflict implements dav.Metrics.
func (m *metrics) Conflict(c store.Cause) { m.conflicts.WithLabelValues(string(c)).Inc() }

// Merge implements dav.Metrics.
func (m *metrics) Merge() { m.merges.Inc() }

// Throttled implements dav.Metrics.
func (m *metrics) Throttled(scope string) { m.throttled.WithLabelValues(scope).Inc() }

// Feed implements feed.Metrics.
func (m *metrics) Feed(outcome string, took time.Duration) {
	m.feeds.WithLabelValues(outcome).Observe(took.Seconds())
}

// observe counts the calls of one driver.
func (m *metrics) observe(driver string) func(upstream.Exchange) {
	return func(e upstream.Exchange) {
		m.outbound.WithLabelValues(driver, strconv.Itoa(e.Status)).Observe(e.Duration.Seconds())
	}
}

// linkGauges shows the state of links at the moment of asking.
type linkGauges struct {
	app                           *app
	items, waiting, failing, last *prometheus.Desc
}

func newLinkGauges(a *app) *linkGauges {
	d := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"link", "driver"}, nil)
	}
	return &linkGauges{a, d("bridge_link_items", "Items on both sides."), d("bridge_link_waiting", "Items to be looked at."),
		d("bridge_link_failing", "Items that fail."), d("bridge_link_last_success_seconds", "Unix time of the last successful run; 0 is never.")}
}

// Describe implements prometheus.Collector.
func (g *linkGauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.items, g.waiting, g.failing, g.last} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (g *linkGauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rows, err := g.app.office.Links(ctx, "")
	if err != nil {
		ch <- prometheus.NewInvalidMetric(g.items, err)
		return
	}
	for _, l := range rows {
		id := strconv.FormatInt(int64(l.ID), 10)
		gauge := func(d *prometheus.Desc, v float64) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, id, l.Driver)
		}
		gauge(g.items, float64(l.Items))
		gauge(g.waiting, float64(l.Waiting))
		gauge(g.failing, float64(l.Failing))
		last := 0.0
		if l.LastSuccess != nil {
			last = float64(l.LastSuccess.Unix())
		}
		gauge(g.last, last)
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 10 * time.Second})
}
