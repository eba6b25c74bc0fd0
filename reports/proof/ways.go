package proof

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A Way is one way in: what was allowed at a stage, by what stands in for the
// credential.
type Way struct {
	// Stage is create or provision.
	Stage string `json:"stage"`
	// Kind is blank-value, where an accepted name stands with nothing in it beside
	// the foreign credential, or foreign-credential, where no accepted name stands.
	Kind string `json:"kind"`
	Open int    `json:"open"`
	// Stopped is how many of those that create allowed were seen to be refused
	// afterwards, before they started.
	Stopped int `json:"stopped"`
	// First is the id of the first one.
	First string `json:"first"`
}

const (
	blankValue        = "blank-value"
	foreignCredential = "foreign-credential"
)

// lateRefusal is the kind of the reports' violation that says that a create was
// answered as allowed, and refused afterwards.
const lateRefusal = "late-refusal"

// ways counts what is open by kind, and notes what became of the report's own case.
func (p *Proof) ways(e Evidence) {
	p.ReportsCase = "not in this registry"
	for i := range e.Cases {
		c := &e.Cases[i]
		if c.Scenario.ID == reportsCase {
			p.ReportsCase = c.Kind.word()
		}
		if !c.combination() || c.Kind != KindOpen {
			continue
		}
		stage, kind := string(c.last().Stage), c.wayIn(e.Accepts)
		at := slices.IndexFunc(p.Ways, func(w Way) bool { return w.Stage == stage && w.Kind == kind })
		if at < 0 {
			at = len(p.Ways)
			p.Ways = append(p.Ways, Way{Stage: stage, Kind: kind, First: c.Scenario.ID})
		}
		w := &p.Ways[at]
		w.Open++
		w.First = min(w.First, c.Scenario.ID)
		for _, v := range c.Result.Violations {
			if v.Kind == lateRefusal {
				w.Stopped++
				break
			}
		}
	}
	slices.SortFunc(p.Ways, func(a, b Way) int {
		return cmp.Or(cmp.Compare(a.Stage, b.Stage), cmp.Compare(b.Open, a.Open), cmp.Compare(a.Kind, b.Kind))
	})
}

// wayIn is the kind of an open combination.
func (c *Case) wayIn(accepts func(provider, name string) bool) string {
	for _, values := range []map[string]scenarios.Value{c.last().Secrets.Workspace, c.last().Secrets.Global} {
		for name, v := range values {
			if accepts(c.provider(), name) && !v.Present() {
				return blankValue
			}
		}
	}
	return foreignCredential
}

// word says what became of a case that must be refused.
func (k Kind) word() string {
	switch k {
	case KindRefused:
		return "refused"
	case KindOpen:
		return "allowed"
	case KindViolating:
		return "not allowed, and not refused as the rules say"
	case KindUnproven:
		return "refused, and so is the same with the right credential"
	case KindNotClaimed:
		return "not asked"
	}
	return "not judged"
}

// openAt says how much of a stage is open, and which ways.
func (p *Proof) openAt(n Counts, stage string) string {
	text := fmt.Sprintf("%s of %s allowed at %s", spelled.Number(n.Open), spelled.Counted(n.judged(), "combination"), stage)
	var ways []string
	for _, w := range p.Ways {
		if w.Stage != stage {
			continue
		}
		where := "by another provider's credential"
		if w.Kind == blankValue {
			where = "by a blank value under an accepted name"
		}
		if w.Open == n.Open {
			ways = append(ways, where)
		} else {
			ways = append(ways, spelled.Number(w.Open)+" "+where)
		}
	}
	if len(ways) == 0 {
		return text
	}
	return text + " (" + strings.Join(ways, ", ") + ")"
}

// starts says whether a workspace that was let in would start.
func (p *Proof) starts() string {
	stopped, loose := 0, 0
	for _, w := range p.Ways {
		if w.Stage == string(scenarios.Provision) {
			return "workspaces start with it"
		}
		stopped, loose = stopped+w.Stopped, loose+w.Open-w.Stopped
	}
	switch {
	case loose == 0:
		return "each of these workspaces is stopped before it starts"
	case stopped == 0:
		return "none of these workspaces was seen to be stopped before it starts"
	}
	return fmt.Sprintf("%s of these workspaces were not seen to be stopped before they start", spelled.Number(loose))
}
