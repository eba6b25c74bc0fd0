package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// SummaryLine is the verdict in one line of plain text, the same in every view:
//
//	conformant: 3,214 passed (core); claims: create-presence; not claimed: provision-liveness
//	conformant with 3 waived: 3,211 passed (core); …
//	NOT conformant: 2 rules violated (PRE-2, LIV-1): 2,688 failed, 512 passed, 0 errors (core); …
//	interrupted after 10 of 3,214 scenarios, with 1 rule violated (PRE-2) so far: 1 failed, 9 passed, 0 errors (core); …
func SummaryLine(h Header, f Footer) string {
	s := f.Summary
	var b strings.Builder
	switch {
	case s.Conformant && s.Waived > 0:
		fmt.Fprintf(&b, "conformant with %s waived: %s passed", spelled.Number(s.Waived), spelled.Number(s.Passed))
	case s.Conformant:
		fmt.Fprintf(&b, "conformant: %s passed", spelled.Number(s.Passed))
	default:
		head := "NOT conformant: " + strings.Join(f.WhyNot(), ", ")
		if f.Ended.Status == Interrupted {
			head = interrupted(f) // whoever ended it has no verdict
		}
		fmt.Fprintf(&b, "%s: %s failed, %s passed, %s", head, spelled.Number(s.Failed), spelled.Number(s.Passed), spelled.Counted(s.Errors, "error"))
		if s.Waived > 0 {
			fmt.Fprintf(&b, ", %s waived", spelled.Number(s.Waived))
		}
	}
	fmt.Fprintf(&b, " (%s)", spelled.Line(h.Level))
	if thinned := h.Thinning(); thinned != "" {
		b.WriteString("; " + thinned)
	}
	h.Target.writeOwnWays(&b)
	if len(s.Claims) > 0 {
		fmt.Fprintf(&b, "; claims: %s", spelled.Line(strings.Join(s.Claims, ", ")))
	}
	var not []string
	if len(s.NotClaimedAreas) > 0 {
		not = append(not, spelled.Line(strings.Join(s.NotClaimedAreas, ", ")))
	}
	if s.NotClaimed > 0 {
		not = append(not, "("+spelled.Counted(s.NotClaimed, "scenario")+")")
	}
	if len(not) > 0 {
		fmt.Fprintf(&b, "; not claimed: %s", strings.Join(not, " "))
	}
	return b.String()
}

// writeOwnWays says what the target's profile has it do in a way of its own.
func (t *Target) writeOwnWays(b *strings.Builder) {
	for _, provider := range slices.Sorted(maps.Keys(t.Precedence)) {
		fmt.Fprintf(b, "; precedence of %s: %s", spelled.Line(provider), spelled.Line(strings.Join(t.Precedence[provider], ", ")))
	}
	if t.LivenessCache != "" {
		fmt.Fprintf(b, "; live verdicts kept for %s", spelled.Line(t.LivenessCache))
	}
}

// maxRulesInLine keeps the line a line: a gate that answers nonsense breaks
// nearly every rule, and the table shows them all.
const maxRulesInLine = 12

// WhyNot lists what stands between a run and "conformant"; never empty.
func (f Footer) WhyNot() []string {
	var why []string
	if rules := f.violatedText(); rules != "" {
		why = append(why, rules)
	}
	if end := f.Ended.Broken(); end != "" {
		why = append(why, end)
	}
	switch {
	case len(why) > 0:
		return why
	case f.Summary.Failed > 0:
		return []string{spelled.Counted(f.Summary.Failed, "scenario") + " failed"}
	case f.Summary.Errors > 0:
		return []string{spelled.Counted(f.Summary.Errors, "scenario") + " could not be judged"}
	case f.Summary.Passed == 0:
		return []string{"nothing passed"}
	}
	return []string{"the run does not say why"}
}

// Verdict is the verdict in a word or two: "conformant", "not conformant", or
// "interrupted", which is neither.
func (f Footer) Verdict() string {
	switch {
	case f.Summary.Conformant:
		return "conformant"
	case f.Ended.Status == Interrupted:
		return "interrupted"
	}
	return "not conformant"
}

// interrupted says how far a run came, and what it found until then.
func interrupted(f Footer) string {
	line := f.Ended.Broken()
	if rules := f.violatedText(); rules != "" {
		line += ", with " + rules + " so far"
	}
	return line
}

// violatedText counts and lists the rules that are violated; empty where none is.
func (f Footer) violatedText() string {
	ids := f.Violated()
	if len(ids) == 0 {
		return ""
	}
	shown := ids[:min(len(ids), maxRulesInLine)]
	list := spelled.Line(strings.Join(shown, ", "))
	if more := len(ids) - len(shown); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s violated (%s)", spelled.Counted(len(ids), "rule"), list)
}

// Violated are the rules that were violated and not waived, in the contract's order.
func (f Footer) Violated() []string {
	var ids []string
	for _, r := range f.Rules {
		if r.Violations > 0 {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Broken says what is wrong with a run as a whole, such as that it fell short of
// its plan; empty where nothing is.
func (e Ended) Broken() string {
	progress := fmt.Sprintf("after %s of %s scenarios", spelled.Number(e.Ended), spelled.Number(e.Planned))
	reason := ""
	if first, _ := e.Reasons(); first != "" {
		reason = " (" + first + ")"
	}
	switch {
	case e.Status != Complete:
		return spelled.Line(string(e.Status)) + " " + progress + reason
	case e.Planned != e.Ended:
		return "ended " + progress + reason
	}
	first, _ := e.Reasons()
	return first
}

// Reasons are the first line of a run's reason, and the further ones, such as
// what a server printed last; empty where there are none.
func (e Ended) Reasons() (first, more string) {
	first, more, _ = strings.Cut(spelled.Text(e.Reason), "\n")
	return first, more
}
