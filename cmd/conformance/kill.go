package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/suite"
)

// A kill is what the corpus made of one double.
type kill struct {
	Name string `json:"name"`
	// Kind is faulty or correct.
	Kind string `json:"kind"`
	// Door is process, http or command.
	Door string `json:"door"`
	// Scenarios is how many were replayed, those that are not claimed included.
	Scenarios int `json:"scenarios"`
	// Breaks are the rules that a faulty gate is known to break.
	Breaks []string `json:"breaks,omitempty"`
	// Violated counts the scenarios by violated rule.
	Violated map[string]int `json:"violated"`
	// First is the first scenario that found a rule of Breaks violated.
	First string `json:"first,omitempty"`
	// OK: a faulty gate was found out for what it breaks, a correct one passed,
	// and no other door found otherwise.
	OK     bool   `json:"ok"`
	Failed int    `json:"failed"`
	Errors int    `json:"errors"`
	Note   string `json:"note,omitempty"`
	// Compared counts the scenarios that the command door and the one that it
	// is compared with both judged; Differences say what ended differently.
	Compared    int      `json:"compared,omitempty"`
	Differences []string `json:"differences,omitempty"`

	outcomes map[string]suite.ResultOutcome
}

func (k *kill) handle(e suite.Event) {
	f, ok := e.(suite.Finished)
	if !ok {
		return
	}
	r := f.Result
	k.outcomes[r.Scenario.ID] = r.Outcome
	switch r.Outcome {
	case suite.Failed:
		k.Failed++
	case suite.Errored:
		k.Errors++
		k.Note = r.Scenario.ID + ": " + r.Reason
	}
	seen := map[string]bool{}
	for _, v := range r.Violations {
		if !seen[v.Rule] {
			seen[v.Rule] = true
			k.Violated[v.Rule]++
		}
		if k.First == "" && (slices.Contains(k.Breaks, v.Rule) || k.Kind == correctKind) {
			k.First = r.Scenario.ID
			if k.Kind == correctKind {
				k.Note = v.Message + ": " + v.Got
			}
		}
	}
}

// compare holds the command door's verdicts to those of another door. What one
// of them does not claim is not compared; what one could not judge is a
// difference, too.
func (k *kill) compare(base kill) {
	for id, got := range k.outcomes {
		want := base.outcomes[id]
		if want == "" || want == suite.NotClaimed || got == suite.NotClaimed {
			continue
		}
		k.Compared++
		if got != want {
			k.Differences = append(k.Differences, fmt.Sprintf("%s: %s by %s, %s by %s", id, want, base.Door, got, k.Door))
		}
	}
	slices.Sort(k.Differences)
	k.OK = k.OK && len(k.Differences) == 0 && k.Compared > 0
}

func (st *selftest) print(w io.Writer, k kill) error {
	if st.asJSON {
		return json.NewEncoder(w).Encode(k)
	}
	verdict := map[bool]string{true: "ok", false: "NOT OK"}[k.OK]
	var violated []string
	for _, rule := range sorted(k.Violated) {
		violated = append(violated, fmt.Sprintf("%s×%d", rule, k.Violated[rule]))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s %-7s %-28s %-8s %6d scenarios, breaks %-12s violated %s; first %s", verdict, k.Kind, k.Name, k.Door, k.Scenarios, strings.Join(k.Breaks, ","), strings.Join(violated, " "), k.First)
	if k.Errors > 0 {
		fmt.Fprintf(&b, "; %d errors", k.Errors)
	}
	if k.Note != "" {
		b.WriteString("; " + k.Note)
	}
	if k.Door == commandDoor {
		fmt.Fprintf(&b, "; %d compared, %d differ", k.Compared, len(k.Differences))
	}
	b.WriteString("\n")
	for _, d := range k.Differences {
		b.WriteString("       differs: " + d + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func sorted(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
