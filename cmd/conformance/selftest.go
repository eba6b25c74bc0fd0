package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// A kill is what the corpus made of one double.
type kill struct {
	Name string `json:"name"`
	// Kind is faulty or correct.
	Kind string `json:"kind"`
	// Door is "in process" or "http".
	Door string `json:"door"`
	// Breaks are the rules that a faulty gate is known to break.
	Breaks []string `json:"breaks,omitempty"`
	// Violated counts the scenarios by violated rule.
	Violated map[string]int `json:"violated"`
	// First is the first scenario that found a rule of Breaks violated.
	First string `json:"first,omitempty"`
	// OK: a faulty gate was found out for what it breaks, a correct one passed.
	OK     bool   `json:"ok"`
	Failed int    `json:"failed"`
	Errors int    `json:"errors"`
	Note   string `json:"note,omitempty"`
}

type selftest struct {
	doors  []string
	only   string
	asJSON bool
	all    []*scenarios.Scenario
}

// selftestBudget is the probe's bound for doubles; what waits, waits for it.
const selftestBudget = 300 * time.Millisecond

func newSelftestCommand() *cobra.Command {
	st := &selftest{}
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Hold the corpus to its own standard: every faulty gate fails, every correct variant passes",
		Long: "selftest replays the corpus at every faulty gate and at every correct variant. A faulty gate that passes, or that\n" +
			"fails for another reason than its own, is a survivor; a variant that fails is a false alarm. Exit 1 on either.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return st.run(cmd) },
	}
	cmd.Flags().StringSliceVar(&st.doors, "door", []string{"process", "http"}, "process, http, or cheapest: in process, and over HTTP what shows itself there only")
	cmd.Flags().StringVar(&st.only, "gate", "*", "only gates with such a name; * is a wildcard")
	cmd.Flags().BoolVar(&st.asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func (st *selftest) run(cmd *cobra.Command) error {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return err
	}
	if st.all, err = corpus.Expand(registry.Embedded()); err != nil {
		return err
	}
	for _, d := range st.doors {
		if d != "process" && d != "http" && d != "cheapest" {
			return fmt.Errorf("unknown door %q; it is process, http or cheapest", d)
		}
	}
	out := cmd.OutOrStdout()
	var bad, total int
	for _, set := range []struct {
		kind string
		list []gates.Double
	}{{"correct", append([]gates.Double{{Name: "reference"}}, gates.Correct()...)}, {"faulty", gates.Faulty()}} {
		for _, d := range set.list {
			if match, err := path.Match(st.only, d.Name); err != nil {
				return fmt.Errorf("--gate %q: %w", st.only, err)
			} else if !match {
				continue
			}
			for _, door := range st.doors {
				if door == "process" && d.HTTPOnly() {
					continue
				}
				if door == "cheapest" {
					door = map[bool]string{true: "http", false: "process"}[d.HTTPOnly()]
				}
				k, err := st.try(cmd.Context(), &d, set.kind, door)
				if err != nil {
					return fmt.Errorf("%s gate %s: %w", set.kind, d.Name, err)
				}
				if total++; !k.OK {
					bad++
				}
				if err := st.print(out, k); err != nil {
					return err
				}
			}
		}
	}
	if total == 0 {
		return fmt.Errorf("no gate is called %q", st.only)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d runs, %d survivors or false alarms\n", total, bad)
	if bad > 0 {
		return errNotConformant
	}
	return nil
}

// try replays the corpus at one double through one door.
func (st *selftest) try(ctx context.Context, d *gates.Double, kind, door string) (kill, error) {
	k := kill{Name: d.Name, Kind: kind, Door: door, Breaks: d.Rules, Violated: map[string]int{}}
	reg := registry.Embedded()
	providers := suite.NewProviders(reg)
	cfg := suite.Config{
		Registry: reg, Scenarios: st.all, Providers: providers, Level: scenarios.Extended, Budget: selftestBudget,
		Seed: "selftest " + d.Name, RunID: "selftest", Parallel: 8, Handle: k.handle,
	}
	opts := gate.Options{Transport: providers.RoundTripper(), Budget: selftestBudget}
	if door == "http" {
		cfg.Output = suite.NewOutput()
		s, err := serveDouble(d, reg, opts, cfg.Output, "127.0.0.1:0", "")
		if err != nil {
			return k, err
		}
		defer s.close()
		profile, err := suite.LoadProfile("workspace-server")
		if err != nil {
			return k, err
		}
		cfg.Target, err = suite.NewHTTPTarget(profile, s.url, suite.HTTPOptions{
			Kind: d.Name, Env: func(string) (string, bool) { return s.token, true },
		})
		if err != nil {
			return k, err
		}
		cfg.Claims = profile.Claims
	} else {
		cfg.Target = suite.NewGateTarget(func(http.RoundTripper) gate.Gate { return d.Build(reg, opts) }, opts.Transport)
		cfg.Claims = cfg.Target.Traits().Claims
	}
	if d.CoreOnly {
		cfg.Level = scenarios.Core
		cfg.Scenarios = slices.DeleteFunc(slices.Clone(st.all), func(s *scenarios.Scenario) bool { return s.Level != scenarios.Core })
	} else {
		cfg.Claims = append(slices.Clone(cfg.Claims), "provision-liveness")
	}
	summary, err := suite.Run(ctx, cfg)
	if err != nil {
		return k, err
	}
	if summary.Interrupted {
		return k, errInterrupted
	}
	if kind == "correct" {
		k.OK = summary.Conformant()
	} else {
		k.OK = k.First != ""
	}
	return k, nil
}

func (k *kill) handle(e suite.Event) {
	f, ok := e.(suite.Finished)
	if !ok {
		return
	}
	r := f.Result
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
		if k.First == "" && (slices.Contains(k.Breaks, v.Rule) || k.Kind == "correct") {
			k.First = r.Scenario.ID
			if k.Kind == "correct" {
				k.Note = v.Message + ": " + v.Got
			}
		}
	}
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
	_, err := fmt.Fprintf(w, "%-6s %-7s %-28s %-8s breaks %-12s violated %s; first %s", verdict, k.Kind, k.Name, k.Door, strings.Join(k.Breaks, ","), strings.Join(violated, " "), k.First)
	if err == nil && k.Errors > 0 {
		_, err = fmt.Fprintf(w, "; %d errors", k.Errors)
	}
	if err == nil && k.Note != "" {
		_, err = fmt.Fprintf(w, "; %s", k.Note)
	}
	if err == nil {
		_, err = fmt.Fprintln(w)
	}
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
