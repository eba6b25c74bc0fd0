package explore

import (
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

var screen = flag.Int("screen", 0, "explore every faulty gate with so many walks")

// How many of our faulty gates explore finds by itself, with so many walks each: go test
// ./suite/explore -run TestScreen -v -screen 1000. It asks for minutes, so that it
// does so only where somebody wants it.
func TestScreen(t *testing.T) {
	if *screen == 0 {
		return
	}
	for _, d := range gates.Faulty() {
		if d.HTTPOnly() {
			continue
		}
		began := time.Now()
		level := scenarios.Core
		if d.Extended {
			level = scenarios.Extended
		}
		out := explored(t, &d, Options{Walks: *screen, Seed: "1", Level: level, For: time.Hour})
		if out.Found == nil {
			t.Logf("MISSED %s %v walks %d %v", d.Name, d.Rules, out.Tried.Walks, time.Since(began))
			continue
		}
		v := out.Found.Violation()
		t.Logf("found %s %v by %s %s ctx %v steps %d->%d walks %d hunt %v shrink %v right %v", d.Name, d.Rules, v.Rule, v.Kind, out.Found.Context, out.Found.Steps, len(out.Found.Scenario.Steps), out.Tried.Walks, (time.Since(began) - out.Found.Shrinking).Round(time.Millisecond), out.Found.Shrinking.Round(time.Millisecond), slices.Contains(d.Rules, v.Rule))
	}
}

// BenchmarkReference is what a step costs at the reference in process.
func BenchmarkReference(b *testing.B) {
	steps := 0
	for b.Loop() {
		steps += explored(b, &gates.Double{Name: "reference"}, Options{Walks: 400, Seed: "bench"}).Tried.Steps
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
}
