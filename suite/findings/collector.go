package findings

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// A Collector takes the results of a run as they come, and finds at its end. It
// keeps what every scenario came to in short, and in full only what may become an
// example.
type Collector struct {
	reg   *registry.Registry
	cases []Case
	kept  map[string]suite.Result
	// simplest are the ids kept for each entry of the corpus and what was wrong.
	simplest map[string][]string
}

// NewCollector returns a collector for a run over a registry.
func NewCollector(reg *registry.Registry) *Collector {
	return &Collector{reg: reg, kept: map[string]suite.Result{}, simplest: map[string][]string{}}
}

// Cases are the results so far.
func (c *Collector) Cases() []Case { return c.cases }

// keptPerEntry is how many failures of one entry, alike in kind, are kept in full.
const keptPerEntry = 4

// Add takes a result. What is waived is known, and needs no explanation.
func (c *Collector) Add(r suite.Result) {
	if r.Outcome != suite.Passed && r.Outcome != suite.Failed {
		return
	}
	one := Case{Scenario: r.Scenario}
	for _, v := range r.Violations {
		one.Violations = append(one.Violations, Violation{v.Kind, v.Rule, v.Step})
	}
	c.cases = append(c.cases, one)
	if len(r.Violations) > 0 {
		c.keep(&r)
	}
}

func (c *Collector) keep(r *suite.Result) {
	key := entryOf(r.Scenario.ID)
	for _, v := range r.Violations {
		key += fmt.Sprintf(" %s/%d", v.Kind, v.Step)
	}
	ids := append(c.simplest[key], r.Scenario.ID)
	c.kept[r.Scenario.ID] = *r
	slices.SortFunc(ids, func(a, b string) int {
		x, y := simplicityOf(c.kept[a].Scenario, 0), simplicityOf(c.kept[b].Scenario, 0)
		if x != y {
			return x - y
		}
		return strings.Compare(a, b)
	})
	if len(ids) > keptPerEntry {
		delete(c.kept, ids[keptPerEntry])
		ids = ids[:keptPerEntry]
	}
	c.simplest[key] = ids
}

// Findings explains what failed, worst first; replay gives the command that
// replays a scenario, and may be nil.
func (c *Collector) Findings(replay func(id string) string) []Finding {
	if len(c.kept) == 0 {
		return nil
	}
	list := Find(c.reg, c.cases)
	for i := range list {
		c.illustrate(&list[i])
		if replay != nil {
			list[i].Example.Replay = replay(list[i].Example.ID)
		}
	}
	return list
}

// illustrate fills in the example from the simplest failure that was kept.
func (c *Collector) illustrate(f *Finding) {
	r, kept := c.kept[f.Example.ID]
	if !kept {
		r, kept = c.illustration(f)
	}
	if !kept {
		return
	}
	e := &f.Example
	if e.ID != r.Scenario.ID {
		*e = Example{ID: r.Scenario.ID, Title: r.Scenario.Title, Step: -1}
	}
	var best *judge.Violation
	for i := range r.Violations {
		v := &r.Violations[i]
		if best == nil || v.Kind == f.Kind && best.Kind != f.Kind || f.Kinds[v.Kind] > 0 && f.Kinds[best.Kind] == 0 {
			best = v
		}
	}
	e.Step, e.Rule, e.Message, e.Want, e.Got = best.Step, best.Rule, best.Message, best.Want, best.Got
	e.Effect = r.Scenario.EffectOf(best.Rule)
	e.NotWaived = r.Reason
	for _, x := range decisive(r.Exchanges) {
		e.Exchanges = append(e.Exchanges, exchangeLines(&x)...)
	}
}

// decisive leaves out what a reader of one example can do without: what we only
// read of the target, but for the last answer, and the removal of the secrets of
// the scenarios before.
func decisive(list []target.Exchange) []target.Exchange {
	var out []target.Exchange
	last := -1
	for i := range list {
		if list[i].Direction == "target" {
			last = i
		}
	}
	for i, x := range list {
		ours := x.Direction == "target"
		if ours && i != last && x.Method == http.MethodGet || ours && x.Method == http.MethodDelete && x.Stage == target.OfGlobals {
			continue
		}
		out = append(out, x)
	}
	return out
}

// illustration is the simplest failure of a finding that was kept: of its kind, if there is one.
func (c *Collector) illustration(f *Finding) (best suite.Result, kept bool) {
	for _, id := range f.Scenarios {
		r, known := c.kept[id]
		if known && slices.ContainsFunc(r.Violations, func(v judge.Violation) bool { return v.Kind == f.Kind }) {
			return r, true
		}
		if known && !kept {
			best, kept = r, true
		}
	}
	return best, kept
}

// maxBody is how much of a body stands in a finding, in bytes.
const maxBody = 300

func exchangeLines(x *target.Exchange) []string {
	status := "no answer"
	if x.Status != 0 {
		status = fmt.Sprint(x.Status)
	}
	who := ""
	if x.Provider != "" {
		who = x.Provider + ": "
	}
	with := ""
	if x.Credential != "" {
		with = ", carrying " + x.Credential
	}
	out := []string{spelled.Line(fmt.Sprintf("%s%s %s -> %s%s", who, x.Method, spelled.Clip(x.URL, maxBody), status, with))}
	for _, side := range []struct{ mark, body string }{{"> ", x.RequestBody}, {"< ", x.ResponseBody}} {
		if side.body != "" {
			out = append(out, "  "+side.mark+spelled.Line(spelled.Clip(side.body, maxBody)))
		}
	}
	return out
}
