package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// The benchmarks of a whole run over HTTP beside its limit: a hand-written loop
// of the same creates over kept connections, with the upstream recorded and
// asserted and what was created deleted again. docs/benchmarks.md holds the
// ratios; scripts/benchmarks measures them.

const (
	benchedScenarios = 5000
	benchedParallel  = 8
)

// benched prepares a run of single creates that need nothing of the tenant's
// and wait for nobody.
func benched(b *testing.B, n int) *prepared {
	b.Helper()
	f := &runFlags{level: "core", classes: []string{"missing", "mismatched", "dead", "forbidden", "valid"}, matrix: string(scenarios.FullMatrix), profile: "workspace-server", parallel: benchedParallel, timeout: 30 * time.Second, seed: "bench", quiet: true}
	p, err := f.prepare()
	if err != nil {
		b.Fatal(err)
	}
	wanted := map[string]bool{}
	for _, s := range p.selected.Scenarios {
		if len(wanted) < n && plainCreate(s) {
			wanted[s.ID] = true
			if s.Twin != "" {
				wanted[s.Twin] = true
			}
		}
	}
	p.selected.Scenarios = slices.DeleteFunc(p.selected.Scenarios, func(s *scenarios.Scenario) bool { return !wanted[s.ID] })
	p.selected.Companions = nil
	if got := len(p.selected.Scenarios); got < n {
		b.Fatalf("the corpus has %d such scenarios, not %d", got, n)
	}
	return p
}

// plainCreate reports whether a scenario is one create with answers that are the
// same every time.
func plainCreate(s *scenarios.Scenario) bool {
	st := &s.Steps[0]
	if len(s.Steps) > 1 || st.AtOnce > 1 || len(st.Secrets.Global) > 0 || st.Expect.Verdict != scenarios.Refused && st.Expect.Verdict != scenarios.Allowed {
		return false
	}
	for _, v := range st.Secrets.Workspace {
		if v.Shape != scenarios.Plain && v.Shape != scenarios.Blank || len(v.Answers) > 1 {
			return false
		}
	}
	return true
}

func rate(b *testing.B, n int) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "scenarios/s")
}

func BenchmarkHTTP(b *testing.B) {
	b.Run("limit", func(b *testing.B) {
		p := benched(b, benchedScenarios)
		l := newLimit(b, p)
		for b.Loop() {
			l.pass(b)
		}
		rate(b, len(l.plan))
	})
	b.Run("run", func(b *testing.B) {
		p := benched(b, benchedScenarios)
		for b.Loop() {
			runBenched(b, p)
		}
		rate(b, len(p.selected.Scenarios))
	})
}

// runBenched replays a selection at the reference gate over HTTP, and writes a
// JSON report.
func runBenched(b *testing.B, p *prepared) {
	f := p.flags
	f.reports = []string{"json=" + filepath.Join(b.TempDir(), "report.json")}
	cmd := newRunCommand()
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	out, err := openReports(cmd, p)
	if err != nil {
		b.Fatal(err)
	}
	if p.target, err = openTarget(b.Context(), f, p.registry); err != nil {
		b.Fatal(err)
	}
	defer p.target.close()
	summary, err := suite.Run(b.Context(), p.config(out))
	if err != nil || !summary.Conformant() || summary.Passed+summary.NotClaimed != len(p.selected.Scenarios) {
		b.Fatalf("%+v, %v", summary, err)
	}
	if err := out.close(); err != nil {
		b.Fatal(err)
	}
}

// limit is the hand-written loop.
type limit struct {
	served *served
	keys   *limitKeys
	client *http.Client
	plan   []limitCreate
	seen   atomic.Int64
	calls  int64
}

type limitCreate struct {
	body   map[string]any
	status int
	code   string
}

// limitKeys is a keyring of values that are made once.
type limitKeys struct {
	values map[string]*upstream.Credential
}

func (k *limitKeys) Find(value string) *upstream.Credential { return k.values[value] }
func (k *limitKeys) Sight(string) []*upstream.Credential    { return nil }
func (l *limit) observe(x *upstream.Exchange)               { l.seen.Add(int64(len(x.Sightings))) }
func (l *limit) url(path string) string                     { return l.served.url + path }
func (l *limit) authorise(r *http.Request)                  { r.Header.Set("Authorization", "Bearer "+l.served.token) }
func limitTransport(l *limit, reg *registry.Registry) http.RoundTripper {
	return upstream.New(upstream.Config{Registry: reg, Keyring: l.keys, Observe: l.observe})
}

func newLimit(b *testing.B, p *prepared) *limit {
	b.Helper()
	l := &limit{keys: &limitKeys{map[string]*upstream.Credential{}}}
	l.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchedParallel}}
	double, err := findDouble("reference")
	if err != nil {
		b.Fatal(err)
	}
	if l.served, err = serveDouble((*gates.Double)(double), p.registry, gate.Options{Transport: limitTransport(l, p.registry), Budget: ownBudget}, io.Discard, "127.0.0.1:0", ""); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.served.close)
	for i, s := range p.selected.Scenarios {
		l.plan = append(l.plan, l.create(p.registry, i, &s.Steps[0]))
	}
	return l
}

func (l *limit) create(reg *registry.Registry, i int, st *scenarios.Step) limitCreate {
	secrets := map[string]string{}
	for name, v := range st.Secrets.Workspace {
		value := fmt.Sprintf("value-%d-%s", i, name)
		switch {
		case !v.Present():
			value = " "
		case v.Shape == scenarios.Plain:
			c := &upstream.Credential{Name: name, Value: value}
			for _, a := range v.Answers {
				c.Answers = append(c.Answers, upstream.Answer(a))
			}
			for _, provider := range st.Expect.Providers {
				c.Hosts = append(c.Hosts, reg.Provider(provider).Hosts()...)
			}
			l.keys.values[value] = c
		}
		secrets[name] = value
	}
	out := limitCreate{body: map[string]any{"name": fmt.Sprintf("bench-%d", i), "runtime": st.Runtime, "model": st.Model, "secrets": secrets, "external": st.External}}
	if st.Expect.Verdict == scenarios.Refused {
		out.status, out.code = http.StatusUnprocessableEntity, st.Expect.Code
	}
	if st.Expect.Upstream == scenarios.OneProbe {
		l.calls++
	}
	return out
}

// pass makes all creates once.
func (l *limit) pass(b *testing.B) {
	before := l.seen.Load()
	queue := make(chan *limitCreate)
	var wg sync.WaitGroup
	for range benchedParallel {
		wg.Go(func() {
			for c := range queue {
				if err := l.one(c); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range l.plan {
		queue <- &l.plan[i]
	}
	close(queue)
	wg.Wait()
	if got := l.seen.Load() - before; got < l.calls {
		b.Errorf("%d probes were seen, want %d and those of provisioning", got, l.calls)
	}
}

func (l *limit) one(c *limitCreate) error {
	var reply struct{ ID, Code string }
	status, err := l.send(http.MethodPost, "/workspaces", c.body, &reply)
	switch {
	case err != nil:
		return err
	case c.status != 0 && (status != c.status || reply.Code != c.code):
		return fmt.Errorf("%v: status %d, code %q; want %d, %q", c.body, status, reply.Code, c.status, c.code)
	case status == http.StatusCreated:
		_, err = l.send(http.MethodDelete, "/workspaces/"+reply.ID+"?confirm=true", nil, nil)
	}
	return err
}

func (l *limit) send(method, path string, body map[string]any, into any) (int, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequest(method, l.url(path), bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	l.authorise(req)
	if method == http.MethodDelete {
		req.Header.Set("X-Confirm-Name", "bench")
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	data, err = io.ReadAll(resp.Body)
	if err != nil || into == nil {
		return resp.StatusCode, err
	}
	return resp.StatusCode, json.Unmarshal(data, into)
}
