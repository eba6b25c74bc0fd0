package proof

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// judge gives the verdict, and says it in one sentence.
func (p *Proof) judge(e Evidence) {
	void, why := e.Control.void(), p.unproved(e)
	wrong := p.wrong()
	switch {
	case p.Create.judged()+p.Provision.judged() == 0:
		p.Verdict, p.Sentence = Unproved, "unproved: no combination was asked; see the target's claims and its registry"
	case void != "":
		p.Verdict, p.Sentence = Unproved, "unproved: "+spelled.Line(void)
	case p.Create.Open+p.Provision.Open > 0:
		p.Verdict, p.Sentence = Open, "open: the report's own case is "+p.ReportsCase+"; "+p.stages(p.openAt)+", of "+p.tried()+"; "+p.starts()+"; the smallest: "+spelled.Line(p.Smallest.Title)
	case why != "":
		p.Verdict, p.Sentence = Unproved, "unproved: "+spelled.Line(why)
	case wrong != "":
		p.Verdict, p.Sentence = Violated, "violated: no combination was allowed, but "+wrong+" ("+spelled.Line(p.rules())+")"
	case e.Seen:
		p.Verdict, p.Sentence = Closed, "closed: "+p.closed()+"; no credential left the server"
	default:
		p.Verdict, p.Sentence = Closed, "closed: "+p.closed()+"; what leaves the server was not seen"
	}
}

// tried says how much was tried.
func (p *Proof) tried() string {
	return spelled.Counted(p.claimed(), "provider") + " and " + spelled.Counted(len(p.Foreign), "foreign credential")
}

// closed counts the refusals.
func (p *Proof) closed() string {
	return p.stages(func(n Counts, stage string) string {
		if stage == "create" {
			return fmt.Sprintf("%s of %s refused at create", spelled.Counted(n.Refused, "combination"), p.tried())
		}
		return spelled.Number(n.Refused) + " at provision"
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
func (n Counts) judged() int { return n.Combinations - n.NotClaimed }

// stages joins a phrase for each stage that was asked.
func (p *Proof) stages(say func(n Counts, stage string) string) string {
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
func (p *Proof) unproved(e Evidence) string {
	unproven := p.Create.Unproven + p.Provision.Unproven
	unjudged := p.Create.Unjudged + p.Provision.Unjudged + p.Right.Unjudged
	switch {
	case e.Incomplete != "":
		return spelled.Line(e.Incomplete)
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
		ids[i] = fmt.Sprintf("%s: %s", id, spelled.Number(counts[id]))
	}
	return strings.Join(ids, ", ")
}

// were prints "1 combination was", "2 combinations were".
func were(n int, noun string) string {
	if n == 1 {
		return spelled.Counted(n, noun) + " was"
	}
	return spelled.Counted(n, noun) + " were"
}
