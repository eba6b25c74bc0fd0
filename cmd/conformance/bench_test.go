package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
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
	f := &runFlags{Options: open.Options{Level: scenarios.Core, Profile: "workspace-server", Timeout: 30 * time.Second}, classes: []string{"missing", "mismatched", "dead", "forbidden", "valid"}, matrix: string(scenarios.FullMatrix), parallel: benchedParallel, seed: "bench", quiet: true}
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
	b.Run("run", func(b *testing.B) { benchmarkRun(b, benched(b, benchedScenarios)) })
	b.Run("proxy", func(b *testing.B) {
		p := benched(b, benchedScenarios)
		p.flags.Command = []string{built(b), "serve"}
		benchmarkRun(b, p)
	})
}

// BenchmarkSize shows what one scenario costs in a run of few and of many, and
// what memory a run with reports holds at its peak.
func BenchmarkSize(b *testing.B) {
	for _, n := range []int{100, 500, 5000, 50000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchmarkRun(b, sized(b, n)) })
	}
}

// sized is a run of n scenarios; where the corpus has fewer, some stand in it
// several times, under other ids.
func sized(b *testing.B, n int) *prepared {
	p := benched(b, min(n, benchedScenarios))
	list := p.selected.Scenarios
	for round := 2; len(p.selected.Scenarios) < n; round++ {
		for _, s := range list {
			again := *s
			again.ID += fmt.Sprintf("#%d", round)
			if again.Twin != "" {
				again.Twin += fmt.Sprintf("#%d", round)
			}
			p.selected.Scenarios = append(p.selected.Scenarios, &again)
		}
	}
	return p
}

func benchmarkRun(b *testing.B, p *prepared) {
	peak := watchHeap(b)
	for b.Loop() {
		runBenched(b, p)
	}
	rate(b, len(p.selected.Scenarios))
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(p.selected.Scenarios)), "µs/scenario")
	b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
}

// watchHeap samples the live heap until the function that it returns is called,
// which returns the largest sample, in bytes.
func watchHeap(b *testing.B) (peak func() uint64) {
	runtime.GC()
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		var max uint64
		for {
			metrics.Read(sample)
			if v := sample[0].Value.Uint64(); v > max {
				max = v
			}
			select {
			case <-done:
				most <- max
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(done)
		return <-most
	}
}

// built builds the command, as users have it.
func built(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "conformance")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		b.Fatalf("building the command: %v\n%s", err, out)
	}
	return path
}

// BenchmarkStart is the time of a command from its start to its end, process
// and all.
func BenchmarkStart(b *testing.B) {
	command := built(b)
	for name, args := range map[string][]string{
		"help": {"--help"}, "show a rule": {"show", "PRE-2"}, "show a scenario": {"show", "mismatched/report"}, "list a class": {"list", "--class", "dead"}, "list everything": {"list"},
		"run one": {"run", "-q", "--id", "mismatched/report"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if out, err := exec.Command(command, args...).CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
			}
		})
	}
}

// BenchmarkFirst is the time from the start of the command until it has planned
// its run, and the next thing that it does is the first scenario.
func BenchmarkFirst(b *testing.B) {
	command := built(b)
	for name, args := range map[string][]string{
		"the whole corpus": nil, "a class": {"--class", "dead"}, "one scenario": {"--id", "mismatched/report"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				untilPlanned(b, exec.Command(command, append([]string{"run", "--verbose"}, args...)...))
			}
		})
	}
}

// untilPlanned runs a command until it prints a line, which a run does when it is planned.
func untilPlanned(b *testing.B, cmd *exec.Cmd) {
	b.Helper()
	out, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if !strings.HasPrefix(line, "replaying ") {
		b.Fatalf("the run began with %q, %v", line, err)
	}
	b.StopTimer()
	defer b.StartTimer()
	if err := cmd.Process.Kill(); err != nil {
		b.Fatal(err)
	}
	_ = cmd.Wait() // killed, as it was told
}

// BenchmarkSelect is what a run does before its first scenario, process start
// aside.
func BenchmarkSelect(b *testing.B) {
	for name, f := range map[string]runFlags{
		"the whole corpus": {}, "a class": {classes: []string{"dead"}}, "one scenario": {ids: []string{"mismatched/report"}},
	} {
		b.Run(name, func(b *testing.B) {
			f.Level, f.matrix, f.parallel, f.Timeout = "core", string(scenarios.FullMatrix), 1, time.Second
			for b.Loop() {
				if _, err := f.prepare(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
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
	if p.target, err = open.Target(b.Context(), p.registry, f.Options); err != nil {
		b.Fatal(err)
	}
	defer p.target.Close()
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
	served *open.Served
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
func (l *limit) url(path string) string                     { return l.served.URL + path }
func (l *limit) authorise(r *http.Request)                  { r.Header.Set("Authorization", "Bearer "+l.served.Token) }
func limitTransport(l *limit, reg *registry.Registry) http.RoundTripper {
	return upstream.New(upstream.Config{Registry: reg, Keyring: l.keys, Observe: l.observe})
}

func newLimit(b *testing.B, p *prepared) *limit {
	b.Helper()
	l := &limit{keys: &limitKeys{map[string]*upstream.Credential{}}}
	l.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchedParallel}}
	double, err := open.FindDouble("reference")
	if err != nil {
		b.Fatal(err)
	}
	if l.served, err = open.Serve(double, p.registry, gate.Options{Transport: limitTransport(l, p.registry), Budget: open.OwnBudget}, io.Discard, "127.0.0.1:0", ""); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.served.Close)
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
