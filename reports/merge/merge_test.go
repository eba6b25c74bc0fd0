package merge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shardsOf splits the sample in three; the companion stands in two of them.
func shardsOf() []*Run {
	whole := sample()
	shards := make([]*Run, 3)
	for i := range shards {
		shards[i] = &Run{Header: whole.Header}
		shards[i].Header.Shard = fmt.Sprintf("%d/3", i+1)
		shards[i].Header.Started = whole.Header.Started.Add(time.Duration(i) * time.Minute)
		shards[i].Header.LeftOut = whole.Header.LeftOut / len(shards)
		shards[i].Header.Target.Address = fmt.Sprintf("http://127.0.0.1:%d", 8080+i)
	}
	for i, r := range whole.Results {
		shards[i%3].Results = append(shards[i%3].Results, r)
	}
	shards[1].Results = append(shards[1].Results, whole.Results[0])
	for i := range shards {
		shards[i].close()
	}
	return shards
}

// close makes a run's footer anew.
func (r *Run) close() {
	r.Header.Planned = len(r.Results)
	r.Footer = footer(r, Ended{Status: Complete, Finished: r.Header.Started.Add(1500 * time.Millisecond)})
}

var shardNames = []string{"1.json", "2.json", "3.json"}

func TestMergeGivesTheWholeRun(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}} {
		parts := shardsOf()
		for i, part := range parts {
			part.Footer.Ended.ReplayedAgain = i + 1
		}
		got, err := Merge([]*Run{parts[order[0]], parts[order[1]], parts[order[2]]}, shardNames)
		if err != nil {
			t.Fatal(err)
		}
		want := sortedSample()
		want.Footer.Ended.ReplayedAgain = 1 + 2 + 3
		// Times and addresses are the parts' own.
		want.Footer.Ended.Finished = want.Header.Started.Add(2*time.Minute + 1500*time.Millisecond)
		got.(*merged).header.Target.Address = want.Header.Target.Address
		if diff := cmp.Diff(write(t, want, asJSON), write(t, got, asJSON)); diff != "" {
			t.Errorf("order %v (-one run +merged):\n%s", order, diff)
		}
	}
}

// A twin that fails in one shard is not made good by another.
func TestMergeKeepsTheWorstOfATwin(t *testing.T) {
	for _, bad := range []int{0, 1} {
		parts := shardsOf()
		for i := range parts[bad].Results {
			if r := &parts[bad].Results[i]; r.Companion {
				r.Outcome, r.Violations = Failed, []Violation{{Rule: "PRE-4", Message: "refused"}}
			}
		}
		parts[bad].close()
		got, err := Merge(parts, shardNames)
		if err != nil {
			t.Fatal(err)
		}
		if got.Foot().Summary.Failed != sample().Footer.Summary.Failed+1 {
			t.Errorf("with the twin failed in shard %d, %d fail", bad+1, got.Foot().Summary.Failed)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	cases := []struct {
		name   string
		change func([]*Run) []*Run
		want   string
	}{
		{"nothing", func([]*Run) []*Run { return nil }, "there is none"},
		{"a shard missing", func(r []*Run) []*Run { return r[:2] }, "missing: 3/3"},
		{"a shard twice", func(r []*Run) []*Run { return []*Run{r[0], r[0], r[2]} }, "both shard 1/3"},
		{"shards of other divisions", func(r []*Run) []*Run { r[1].Header.Shard = "2/4"; return r }, "shard 2/4"},
		{"a shard that is none", func(r []*Run) []*Run { r[1].Header.Shard = "4/3"; return r }, `"4/3"`},
		{"a whole run beside a shard", func(r []*Run) []*Run { r[1].Header.Shard = ""; return r }, "one of 3"},
		{"an overlap", func(r []*Run) []*Run { r[1].Results = append(r[1].Results, r[2].Results[0]); r[1].close(); return r }, "overlap"},
		{"another seed", func(r []*Run) []*Run { r[1].Header.Seed = "43"; return r }, "differ in seed"},
		{"another corpus", func(r []*Run) []*Run { r[1].Header.Corpus.Digest = "sha256:0"; return r }, "differ in corpus"},
		{"another registry", func(r []*Run) []*Run { r[2].Header.Registry.Digest = "sha256:0"; return r }, "differ in registry"},
		{"another level", func(r []*Run) []*Run { r[2].Header.Level = "extended"; return r }, "differ in level"},
		{"another selection", func(r []*Run) []*Run { r[2].Header.Selection = Selection{}; return r }, "differ in selection"},
		{"other claims", func(r []*Run) []*Run { r[2].Header.Claims = nil; return r }, "differ in claims"},
		{"another target", func(r []*Run) []*Run { r[2].Header.Target.Profile = "mine"; return r }, "differ in target"},
		{"a shard cut off", func(r []*Run) []*Run { r[2].Footer = Footer{}; return r }, "3.json did not run to its end (it was cut off)"},
		{"a shard interrupted", func(r []*Run) []*Run { r[2].Footer.Ended.Status = Interrupted; return r }, "(interrupted)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			run, err := Merge(c.change(shardsOf()), shardNames)
			if err == nil || run != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("run %v, error %v, want one with %q", run != nil, err, c.want)
			}
		})
	}
}
