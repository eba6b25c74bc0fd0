package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// ProofEvidence is what a proof is made from.
type ProofEvidence struct {
	// Header is the run's.
	Header Header
	Cases  []ProofCase
	// Accepts reports whether a provider accepts a credential's name.
	Accepts func(provider, name string) bool
	// Seen: calls of the target to providers arrived, so that what leaves it can be seen.
	Seen bool
	// Incomplete says why not everything that was planned has ended; empty where it has.
	Incomplete string
	Control    ProofControl
	// Curl returns shell commands that show a scenario again; may be nil.
	Curl func(*scenarios.Scenario) string
}

// NewProof turns evidence into a proof. It is a pure function.
func NewProof(e ProofEvidence) *Proof {
	h := e.Header
	p := &Proof{
		Schema: ProofSchemaV1, Tool: h.Tool, Started: h.Started, Seed: h.Seed, Corpus: h.Corpus, Registry: h.Registry, Target: h.Target,
		Claims: h.Claims, NotClaimedAreas: h.NotClaimedAreas, Control: e.Control,
	}
	p.count(e)
	p.open(e)
	p.violations(e.Cases)
	p.notChecked(e)
	p.judge(e)
	return p
}

func (n *ProofCounts) add(k ProofKind) {
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

func (r *ProofRight) add(k ProofKind) {
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
func (p *Proof) count(e ProofEvidence) {
	rows := map[string]*ProofProvider{}
	foreign := map[string]bool{}
	for i := range e.Cases {
		c := &e.Cases[i]
		if !c.combination() {
			p.Right.add(c.Kind)
			continue
		}
		row := rows[c.provider()]
		if row == nil {
			row = &ProofProvider{Provider: c.provider()}
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
	slices.SortFunc(p.Providers, func(a, b ProofProvider) int { return cmp.Compare(a.Provider, b.Provider) })
	for name := range foreign {
		p.Foreign = append(p.Foreign, name)
	}
	slices.Sort(p.Foreign)
}

// reportsCase is the scenario of the original report, which a reviewer knows.
const reportsCase = "mismatched/report"

// open lists what was allowed, the smallest first: the report's own case, then
// what has the fewest secrets, stands at the workspace, and is asked at create.
func (p *Proof) open(e ProofEvidence) {
	var open []*ProofCase
	for i := range e.Cases {
		if c := &e.Cases[i]; c.combination() && c.Kind == KindOpen {
			open = append(open, c)
		}
	}
	rank := func(yes bool) int { return map[bool]int{true: 0, false: 1}[yes] }
	slices.SortFunc(open, func(a, b *ProofCase) int {
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
		Stage: string(c.last().Stage), Secrets: c.secrets(), Effect: c.Scenario.Effect, Violations: c.Result.Violations,
		Exchanges: c.Result.Exchanges, Replay: c.Result.Replay,
	}
	if e.Curl != nil {
		p.Smallest.Curl = e.Curl(c.Scenario)
	}
}

// violations gathers what was found besides allows, one entry a message.
func (p *Proof) violations(cases []ProofCase) {
	at := map[[2]string]int{}
	for i := range cases {
		c := &cases[i]
		if c.Kind != KindViolating && c.Kind != KindUnproven {
			continue
		}
		once := map[[2]string]bool{}
		for _, v := range c.Result.Violations {
			key := [2]string{v.Rule, v.Message}
			if once[key] {
				continue
			}
			once[key] = true
			n, known := at[key]
			if !known {
				n = len(p.Violations)
				at[key] = n
				p.Violations = append(p.Violations, ProofViolation{Rule: v.Rule, Message: v.Message, First: c.Scenario.ID})
			}
			p.Violations[n].Scenarios++
		}
	}
	slices.SortStableFunc(p.Violations, func(a, b ProofViolation) int { return compareRules(a.Rule, b.Rule) })
}

// notChecked says what the proof does not show.
func (p *Proof) notChecked(e ProofEvidence) {
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
	if e.Header.Matrix != "" && e.Header.Matrix != "full" {
		add("The matrix was thinned (%s), so that not every combination was asked", e.Header.Matrix)
	}
	for _, g := range e.Control.Gates {
		if g.Outcome == ControlNotApplicable {
			add("The control gate %s could not be told from the reference: %s", g.Name, g.Note)
		}
	}
	add("Names that no provider of the registry accepts, and values that are no credential at all, are the business of `conformance run`")
	add("Whether a right credential is alive is not this proof's question; `conformance run` asks it")
}

// judge gives the verdict, and says it in one sentence.
func (p *Proof) judge(e ProofEvidence) {
	void, why := e.Control.void(), p.unproved(e)
	wrong := p.wrong()
	switch {
	case p.Create.judged()+p.Provision.judged() == 0:
		p.Verdict, p.Sentence = Unproved, "unproved: no combination was asked; see the target's claims and its registry"
	case void != "":
		p.Verdict, p.Sentence = Unproved, "unproved: "+oneLine(void)
	case p.Create.Open+p.Provision.Open > 0:
		p.Verdict, p.Sentence = Open, "open: "+p.stages(openAt)+" (of "+p.tried()+"); the smallest: "+oneLine(p.Smallest.Title)
	case why != "":
		p.Verdict, p.Sentence = Unproved, "unproved: "+oneLine(why)
	case wrong != "":
		p.Verdict, p.Sentence = Violated, "violated: no combination was allowed, but "+wrong+" ("+oneLine(p.rules())+")"
	case e.Seen:
		p.Verdict, p.Sentence = Closed, "closed: "+p.closed()+"; no credential left the server"
	default:
		p.Verdict, p.Sentence = Closed, "closed: "+p.closed()+"; what leaves the server was not seen"
	}
}

func openAt(n ProofCounts, stage string) string {
	return fmt.Sprintf("%s of %s allowed at %s", number(n.Open), counted(n.judged(), "combination"), stage)
}

// tried says how much was tried.
func (p *Proof) tried() string {
	return counted(p.claimed(), "provider") + " and " + counted(len(p.Foreign), "foreign credential")
}

// closed counts the refusals.
func (p *Proof) closed() string {
	return p.stages(func(n ProofCounts, stage string) string {
		if stage == "create" {
			return fmt.Sprintf("%s of %s refused at create", counted(n.Refused, "combination"), p.tried())
		}
		return number(n.Refused) + " at provision"
	})
}

// wrong says what was not as the rules say, where nothing was allowed; empty
// where all was.
func (p *Proof) wrong() string {
	var parts []string
	if n := p.Create.Violating + p.Provision.Violating; n > 0 {
		parts = append(parts, were(n, "combination")+" not refused as the rules say")
	}
	if n := p.Right.Scenarios - p.Right.Passed - p.Right.Unjudged; n > 0 {
		parts = append(parts, were(n, "request")+" with a right credential not answered as they say")
	}
	return strings.Join(parts, ", and ")
}

// judged is how many combinations were replayed.
func (n ProofCounts) judged() int { return n.Combinations - n.NotClaimed }

// stages joins a phrase for each stage that was asked.
func (p *Proof) stages(say func(n ProofCounts, stage string) string) string {
	var parts []string
	if p.Create.judged() > 0 {
		parts = append(parts, say(p.Create, "create"))
	}
	if p.Provision.judged() > 0 {
		parts = append(parts, say(p.Provision, "provision"))
	}
	return strings.Join(parts, ", ")
}

// claimed is the number of providers with a combination that was replayed.
func (p *Proof) claimed() int {
	n := 0
	for _, row := range p.Providers {
		if row.Create.judged()+row.Provision.judged() > 0 {
			n++
		}
	}
	return n
}

// unproved says why nothing follows where no combination is open; empty where
// something does.
func (p *Proof) unproved(e ProofEvidence) string {
	unproven := p.Create.Unproven + p.Provision.Unproven
	unjudged := p.Create.Unjudged + p.Provision.Unjudged + p.Right.Unjudged
	switch {
	case e.Incomplete != "":
		return oneLine(e.Incomplete)
	case unproven > 0:
		return fmt.Sprintf("%s refused, but the same workspace with the right credential was refused as well, so a refusal says nothing about the credential", were(unproven, "combination"))
	case unjudged > 0:
		return fmt.Sprintf("%s replayed and could not be judged", were(unjudged, "scenario"))
	case p.Right.Scenarios == 0:
		return "no workspace with a right credential was asked for, so a refusal says nothing about the credential"
	case !e.Seen && slices.Contains(p.Claims, "create-liveness"):
		return "the server claims to ask providers, and no call of it reached the fake ones, so that what leaves it was not seen; start it with `-- COMMAND`, or behind `conformance upstream`"
	}
	return ""
}

// rules lists the violated rules with their numbers.
func (p *Proof) rules() string {
	counts := map[string]int{}
	var ids []string
	for _, v := range p.Violations {
		if counts[v.Rule] == 0 {
			ids = append(ids, v.Rule)
		}
		counts[v.Rule] += v.Scenarios
	}
	for i, id := range ids {
		ids[i] = fmt.Sprintf("%s: %s", id, number(counts[id]))
	}
	return strings.Join(ids, ", ")
}

// were prints "1 combination was", "2 combinations were".
func were(n int, noun string) string {
	if n == 1 {
		return counted(n, noun) + " was"
	}
	return counted(n, noun) + " were"
}
