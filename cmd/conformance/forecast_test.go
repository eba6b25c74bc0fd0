package main

import (
	"bytes"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
	profiled "github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// TestForecast reads what is said before a run that the server's own limit, or its
// speed, makes long.
func TestForecast(t *testing.T) {
	for _, test := range []struct {
		name     string
		limit    int
		checked  time.Duration
		pairwise bool
		want     string
	}{
		{"a limit", 600, time.Second, false,
			`^conformance: the server's own limit is 600 requests in 1 min 0 s, and this selection sends about [0-9,]+00, so it takes about \d+ min \d+ s\. To be over sooner, set RATE_LIMIT in .*; or replay less: --matrix pairwise, .*\n$`},
		{"a limit, pairwise already", 600, time.Second, true, `; or replay less: one part of it with --shard I/N, or --class\n$`},
		{"a limit that does not matter", 1_000_000, time.Second, false, `^$`},
		{"a slow server", 0, time.Hour, false, `^conformance: at the speed of the first \d+ requests, this selection of about [0-9,]+ takes about \d+ h \d+ min\. To be over sooner, replay less: .*\n$`},
		{"a slow server with a limit that holds less", 600, time.Hour, false, `^conformance: at the speed of the first`},
		{"neither", 0, time.Second, false, `^$`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &runFlags{Options: open.Options{Profile: "workspace-server", Timeout: time.Minute, Level: scenarios.Core}, matrix: "full", classes: []string{"mismatched"}}
			if test.pairwise {
				f.matrix = "pairwise"
			}
			p, err := f.prepare()
			if err != nil {
				t.Fatal(err)
			}
			p.target = &open.Opened{Providers: suite.NewProviders(p.registry), Foreign: true}
			srv := limited(t, p.registry, test.limit)
			p.target.Target = srv
			srv.Prepare(t.Context(), false)
			var out bytes.Buffer
			p.forecast(&out, test.checked, srv.Sent())
			if !regexp.MustCompile(test.want).MatchString(out.String()) {
				t.Errorf("said %q, want %s", out.String(), test.want)
			}
		})
	}
}

// limited is a server with a limit on its clients.
func limited(t *testing.T, reg *registry.Registry, limit int) *profiled.Target {
	t.Helper()
	s, err := server.New(server.Config{Gate: gate.NewReference(reg, gate.Options{Transport: suite.NewProviders(reg).RoundTripper()}), AdminToken: "admin", RateLimit: limit})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(func() { web.Close(); s.Close() })
	profile, err := profiled.LoadProfile("workspace-server")
	if err != nil {
		t.Fatal(err)
	}
	target, err := profiled.New(profile, web.URL, profiled.Options{Env: func(string) (string, bool) { return "admin", true }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.CloseIdle)
	return target
}

func TestSpentText(t *testing.T) {
	var l timing.Ledger
	if got := spentText(time.Minute, l.Spent()); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	l.Worked(100 * time.Second)
	l.Answered(50 * time.Second)
	l.Provisioned(20 * time.Second)
	l.Silent(10 * time.Second)
	l.Limited(5 * time.Second)
	want := "time: 1 min 5 s; of the workers' time the server took 60 % (answers 40 %, provisioning 20 %), its rate limit 5 %, waits of ours 10 % (silent providers, what may come late), the rest 25 %"
	if got := spentText(65*time.Second, l.Spent()); got != want {
		t.Errorf("said\n%s\nwant\n%s", got, want)
	}
}
