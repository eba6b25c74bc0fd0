package proof

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// Evidence is what a proof is made from.
type Evidence struct {
	// Header is the run's.
	Header reports.Header
	Cases  []Case
	// Accepts reports whether a provider accepts a credential's name.
	Accepts func(provider, name string) bool
	// Seen: calls of the target to providers arrived, so that what leaves it can be seen.
	Seen bool
	// Strays are calls of the target, such as "GET https://…", that belong to no scenario.
	Strays []string
	// Incomplete says why not everything that was planned has ended; empty where it has.
	Incomplete string
	Control    Control
	// Curl returns shell commands that show a scenario again; may be nil.
	Curl func(*scenarios.Scenario) string
}

// New turns evidence into a proof. It is a pure function.
func New(e Evidence) *Proof {
	h := e.Header
	p := &Proof{
		Schema: SchemaV1, Tool: h.Tool, Started: h.Started, Seed: h.Seed, Corpus: h.Corpus, Registry: h.Registry, Target: h.Target,
		Claims: h.Claims, NotClaimedAreas: h.NotClaimedAreas, Control: e.Control,
	}
	p.count(e)
	p.open(e)
	p.ways(e)
	p.violations(e.Cases)
	p.notChecked(e)
	p.judge(e)
	return p
}

func (n *Counts) add(k Kind) {
	n.Combinations++
	switch k {
	case KindRefused:
		n.Refused++
	case KindOpen:
		n.Open++
	case KindViolating:
		n.Violating++
	case KindUnproven:
		n.Unproven++
	case KindNotClaimed:
		n.NotClaimed++
	default:
		n.Unjudged++
	}
}

func (r *Right) add(k Kind) {
	switch k {
	case KindNotClaimed:
		return
	case KindRefused:
		r.Passed++
	case KindUnjudged:
		r.Unjudged++
	}
	r.Scenarios++
}

// count counts the cases by stage and provider, and collects foreign names.
func (p *Proof) count(e Evidence) {
	rows := map[string]*Provider{}
	foreign := map[string]bool{}
	for i := range e.Cases {
		c := &e.Cases[i]
		if !c.combination() {
			p.Right.add(c.Kind)
			continue
		}
		row := rows[c.provider()]
		if row == nil {
			row = &Provider{Provider: c.provider()}
			rows[c.provider()] = row
		}
		stage, whole := &row.Create, &p.Create
		if c.last().Stage == scenarios.Provision {
			stage, whole = &row.Provision, &p.Provision
		}
		stage.add(c.Kind)
		whole.add(c.Kind)
		if c.Kind == KindNotClaimed {
			continue
		}
		for _, s := range c.secrets() {
			if !e.Accepts(c.provider(), s.Name) {
				foreign[s.Name] = true
			}
		}
	}
	for _, row := range rows {
		p.Providers = append(p.Providers, *row)
	}
	slices.SortFunc(p.Providers, func(a, b Provider) int { return cmp.Compare(a.Provider, b.Provider) })
	for name := range foreign {
		p.Foreign = append(p.Foreign, name)
	}
	slices.Sort(p.Foreign)
}

// reportsCase is the scenario of the original report, which a reviewer knows.
const reportsCase = "mismatched/report"

// open lists what was allowed, the smallest first: the report's own case, then
// what has the fewest secrets, stands at the workspace, and is asked at create.
func (p *Proof) open(e Evidence) {
	var open []*Case
	for i := range e.Cases {
		if c := &e.Cases[i]; c.combination() && c.Kind == KindOpen {
			open = append(open, c)
		}
	}
	rank := func(yes bool) int { return map[bool]int{true: 0, false: 1}[yes] }
	slices.SortFunc(open, func(a, b *Case) int {
		return cmp.Or(
			cmp.Compare(rank(a.Scenario.ID == reportsCase), rank(b.Scenario.ID == reportsCase)),
			cmp.Compare(len(a.secrets()), len(b.secrets())),
			cmp.Compare(rank(len(a.last().Secrets.Global) == 0), rank(len(b.last().Secrets.Global) == 0)),
			cmp.Compare(rank(a.last().Stage == scenarios.Create), rank(b.last().Stage == scenarios.Create)),
			cmp.Compare(a.Scenario.ID, b.Scenario.ID),
		)
	})
	for _, c := range open {
		p.OpenIDs = append(p.OpenIDs, c.Scenario.ID)
	}
	if len(open) == 0 {
		return
	}
	c := open[0]
	p.Smallest = &OpenCombination{
		ID: c.Scenario.ID, Title: c.Scenario.Title, Provider: c.provider(), Runtime: c.last().Runtime, Model: c.last().Model,
		Stage: string(c.last().Stage), Secrets: c.secrets(), Effect: c.effect(), Violations: c.Result.Violations,
		Exchanges: c.Result.Exchanges, Replay: c.Result.Replay,
	}
	if e.Curl != nil {
		p.Smallest.Curl = e.Curl(c.Scenario)
	}
}

// violations gathers what was found besides allows, one entry a kind.
func (p *Proof) violations(cases []Case) {
	at := map[[2]string]int{}
	for i := range cases {
		c := &cases[i]
		if c.Kind != KindViolating && c.Kind != KindUnproven {
			continue
		}
		once := map[[2]string]bool{}
		for _, v := range c.Result.Violations {
			key := [2]string{v.Rule, string(v.Kind)}
			if once[key] {
				continue
			}
			once[key] = true
			n, known := at[key]
			if !known {
				n = len(p.Violations)
				at[key] = n
				p.Violations = append(p.Violations, Violation{Kind: string(v.Kind), Rule: v.Rule, Message: v.Message, First: c.Scenario.ID})
			}
			p.Violations[n].Scenarios++
		}
	}
	slices.SortStableFunc(p.Violations, func(a, b Violation) int { return reports.CompareRules(a.Rule, b.Rule) })
}

// notChecked says what the proof does not show.
func (p *Proof) notChecked(e Evidence) {
	add := func(format string, args ...any) { p.NotChecked = append(p.NotChecked, fmt.Sprintf(format, args...)) }
	if n := p.Create.NotClaimed + p.Provision.NotClaimed; n > 0 {
		add("%s not replayed: the target does not claim what they need, or its registry does not have the pair", were(n, "combination"))
	}
	if p.Provision.Combinations == p.Provision.NotClaimed {
		add("Provisioning was not asked, so the same hole may stand open at every restart")
	}
	if !e.Seen {
		add("No call of the server arrived at the fake providers, so whether a credential left it was not seen")
	}
	if n := len(e.Strays); n > 0 {
		add("%s seen that carried no credential of any scenario, the first %s", were(n, "call"), e.Strays[0])
	}
	if thin := e.Header.Thinning(); thin != "" {
		add("The matrix was thinned (%s), so that not every combination was asked", thin)
	}
	for _, g := range e.Control.Gates {
		if g.Outcome == ControlNotApplicable {
			add("The control gate %s could not be told from the reference: %s", g.Name, g.Note)
		}
	}
	add("Names that no provider of the registry accepts, and values that are no credential at all, are the business of `conformance run`")
	add("Whether a right credential is alive is not this proof's question; `conformance run` asks it")
}
