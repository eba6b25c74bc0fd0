package explore

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

var screen = flag.Int("screen", 0, "explore every faulty gate with so many walks")

func TestScreen(t *testing.T) {
	if *screen == 0 {
		return
	}
	f, _ := os.Create("/tmp/X-screen.txt")
	defer f.Close()
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
			fmt.Fprintf(f, "MISSED %s %v walks %d %v\n", d.Name, d.Rules, out.Tried.Walks, time.Since(began))
			continue
		}
		v := out.Found.Violation()
		fmt.Fprintf(f, "found %s %v by %s %s ctx %v steps %d->%d walks %d hunt %v shrink %v right %v\n", d.Name, d.Rules, v.Rule, v.Kind, out.Found.Context, out.Found.Steps, len(out.Found.Scenario.Steps), out.Tried.Walks, (time.Since(began) - out.Found.Shrinking).Round(time.Millisecond), out.Found.Shrinking.Round(time.Millisecond), slices.Contains(d.Rules, v.Rule))
	}
}
