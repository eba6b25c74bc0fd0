package reports

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A Tally counts results while they stream by; it keeps numbers only. Make one
// with [NewTally]. It is for one goroutine.
type Tally struct {
	planned int
	ended   int
	counts  Summary
	rules   map[string]*Rule
}

// NewTally returns a tally for a run of that many planned scenarios.
func NewTally(planned int) *Tally {
	return &Tally{planned: planned, rules: map[string]*Rule{}}
}

// Add counts one result: its outcome under each rule that it exercises, and of a
// failed one its violations under the rules that were violated, whether it was
// made to exercise them or not. An outcome that is none of the five counts as an
// error.
func (t *Tally) Add(r *Result) {
	t.ended++
	t.counts.Count(r.Outcome)
	for i, id := range r.Rules {
		if !slices.Contains(r.Rules[:i], id) {
			t.rule(id).count(r.Outcome)
		}
	}
	for _, v := range r.Violations {
		rule := t.rule(v.Rule)
		if r.Outcome == Failed {
			rule.Violations++
		}
	}
}

func (t *Tally) rule(id string) *Rule {
	rule := t.rules[id]
	if rule == nil {
		rule = &Rule{ID: id}
		t.rules[id] = rule
	}
	return rule
}

func (r *Rule) count(o Outcome) {
	r.Scenarios++
	switch o {
	case Passed:
		r.Passed++
	case Failed:
		r.Failed++
	case Waived:
		r.Waived++
	case NotClaimed:
		r.NotClaimed++
	default:
		r.Errors++
	}
}

// Count adds a result of that outcome.
func (s *Summary) Count(o Outcome) {
	switch o {
	case Passed:
		s.Passed++
	case Failed:
		s.Failed++
	case Waived:
		s.Waived++
	case NotClaimed:
		s.NotClaimed++
	default:
		s.Errors++
	}
}

// conforms is the verdict: nothing failed but what is waived, nothing stayed
// unjudged, something passed, all that was planned has ended, and nothing speaks
// against the run as a whole.
func (s Summary) conforms(e Ended) bool {
	return s.Failed == 0 && s.Errors == 0 && s.Passed > 0 && e.Planned == e.Ended && e.Status == Complete && e.Reason == ""
}

// Summary returns the numbers so far, and the verdict if the run ended now. The
// arguments are copied to the fields of their names; either may be nil.
func (t *Tally) Summary(claims, notClaimedAreas []string) Summary {
	s := t.counts
	s.Conformant = s.conforms(Ended{Status: Complete, Planned: t.planned, Ended: t.ended})
	s.Claims, s.NotClaimedAreas = slices.Clone(claims), slices.Clone(notClaimedAreas)
	return s
}

// Rules returns the numbers by rule, in the contract's order. LevelOf gives a
// rule's level by its id; it may be nil.
func (t *Tally) Rules(levelOf func(id string) string) []Rule {
	rules := make([]Rule, 0, len(t.rules))
	for _, rule := range t.rules {
		row := *rule
		if levelOf != nil {
			row.Level = levelOf(row.ID)
		}
		rules = append(rules, row)
	}
	slices.SortFunc(rules, func(a, b Rule) int { return CompareRules(a.ID, b.ID) })
	return rules
}

// Footer closes the run with ended's status, time and reason; the numbers are
// the tally's own, and no run that is not [Complete], or that ended with a
// reason, conforms. The other
// arguments are those of [Tally.Summary] and [Tally.Rules].
func (t *Tally) Footer(ended Ended, claims, notClaimedAreas []string, levelOf func(id string) string) Footer {
	ended.Planned, ended.Ended = t.planned, t.ended
	s := t.Summary(claims, notClaimedAreas)
	s.Conformant, s.LeftBehind = s.conforms(ended), len(ended.LeftBehind)
	return Footer{Rules: t.Rules(levelOf), Summary: s, Ended: ended}
}

// families is the order of the contract's chapters.
var families = []string{"DER", "PRE", "LIV", "REF", "SEC", "PRV", "ROB", "DIA"}

// CompareRules orders rule ids by chapter and then by number (PRE-2 before
// PRE-10); unknown chapters come last, by name.
func CompareRules(a, b string) int {
	familyA, numberA := splitRule(a)
	familyB, numberB := splitRule(b)
	return cmp.Or(
		cmp.Compare(chapter(familyA), chapter(familyB)),
		cmp.Compare(familyA, familyB),
		cmp.Compare(numberA, numberB),
		cmp.Compare(a, b),
	)
}

func splitRule(id string) (family string, number int) {
	family, digits, _ := strings.Cut(id, "-")
	number, err := strconv.Atoi(digits)
	if err != nil {
		return id, 0
	}
	return family, number
}

func chapter(family string) int {
	if i := slices.Index(families, family); i >= 0 {
		return i
	}
	return len(families)
}
