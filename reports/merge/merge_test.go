package merge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"

	"github.com/google/go-cmp/cmp"
)

// shardsOf splits the sample in three; the companion stands in two of them.
func shardsOf() []*reportstest.Parts {
	whole := reportstest.Sample()
	shards := make([]*reportstest.Parts, 3)
	for i := range shards {
		shards[i] = &reportstest.Parts{Header: whole.Header}
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
		shards[i].Count()
	}
	return shards
}

func runsOf(parts []*reportstest.Parts) []*reports.Run {
	var out []*reports.Run
	for _, p := range parts {
		out = append(out, p.Run())
	}
	return out
}

var shardNames = []string{"1.json", "2.json", "3.json"}

func TestMergeGivesTheWholeRun(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}} {
		parts := shardsOf()
		for i, part := range parts {
			part.Footer.Ended.ReplayedAgain = i + 1
		}
		got, err := Shards(runsOf([]*reportstest.Parts{parts[order[0]], parts[order[1]], parts[order[2]]}), shardNames)
		if err != nil {
			t.Fatal(err)
		}
		want := reportstest.Sample()
		want.Footer.Ended.ReplayedAgain = 1 + 2 + 3
		// Times and addresses are the parts' own.
		want.Footer.Ended.Finished = want.Header.Started.Add(2*time.Minute + 1500*time.Millisecond)
		got.Header.Target.Address = want.Header.Target.Address
		if diff := cmp.Diff(reportstest.JSON(t, want.Run()), reportstest.JSON(t, got)); diff != "" {
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
				r.Outcome, r.Violations = reports.Failed, []reports.Violation{{Rule: "PRE-4", Message: "refused"}}
			}
		}
		parts[bad].Count()
		got, err := Shards(runsOf(parts), shardNames)
		if err != nil {
			t.Fatal(err)
		}
		if got.Footer.Summary.Failed != reportstest.Sample().Footer.Summary.Failed+1 {
			t.Errorf("with the twin failed in shard %d, %d fail", bad+1, got.Footer.Summary.Failed)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	cases := []struct {
		name   string
		change func([]*reportstest.Parts) []*reportstest.Parts
		want   string
	}{
		{"nothing", func([]*reportstest.Parts) []*reportstest.Parts { return nil }, "there is none"},
		{"a shard missing", func(r []*reportstest.Parts) []*reportstest.Parts { return r[:2] }, "missing: 3/3"},
		{"a shard twice", func(r []*reportstest.Parts) []*reportstest.Parts { return []*reportstest.Parts{r[0], r[0], r[2]} }, "both shard 1/3"},
		{"shards of other divisions", func(r []*reportstest.Parts) []*reportstest.Parts { r[1].Header.Shard = "2/4"; return r }, "shard 2/4"},
		{"a shard that is none", func(r []*reportstest.Parts) []*reportstest.Parts { r[1].Header.Shard = "4/3"; return r }, `"4/3"`},
		{"a whole run beside a shard", func(r []*reportstest.Parts) []*reportstest.Parts { r[1].Header.Shard = ""; return r }, "one of 3"},
		{"an overlap", func(r []*reportstest.Parts) []*reportstest.Parts {
			r[1].Results = append(r[1].Results, r[2].Results[0])
			r[1].Count()
			return r
		}, "overlap"},
		{"another seed", func(r []*reportstest.Parts) []*reportstest.Parts { r[1].Header.Seed = "43"; return r }, "differ in seed"},
		{"another corpus", func(r []*reportstest.Parts) []*reportstest.Parts { r[1].Header.Corpus.Digest = "sha256:0"; return r }, "differ in corpus"},
		{"another registry", func(r []*reportstest.Parts) []*reportstest.Parts { r[2].Header.Registry.Digest = "sha256:0"; return r }, "differ in registry"},
		{"another level", func(r []*reportstest.Parts) []*reportstest.Parts { r[2].Header.Level = "extended"; return r }, "differ in level"},
		{"another selection", func(r []*reportstest.Parts) []*reportstest.Parts {
			r[2].Header.Selection = reports.Selection{}
			return r
		}, "differ in selection"},
		{"other claims", func(r []*reportstest.Parts) []*reportstest.Parts { r[2].Header.Claims = nil; return r }, "differ in claims"},
		{"another target", func(r []*reportstest.Parts) []*reportstest.Parts { r[2].Header.Target.Profile = "mine"; return r }, "differ in target"},
		{"a shard cut off", func(r []*reportstest.Parts) []*reportstest.Parts { r[2].Footer = reports.Footer{}; return r }, "3.json did not run to its end (it was cut off)"},
		{"a shard interrupted", func(r []*reportstest.Parts) []*reportstest.Parts {
			r[2].Footer.Ended.Status = reports.Interrupted
			return r
		}, "(interrupted)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			run, err := Shards(runsOf(c.change(shardsOf())), shardNames)
			if err == nil || run != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("run %v, error %v, want one with %q", run != nil, err, c.want)
			}
		})
	}
}
