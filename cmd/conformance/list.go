package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

func newListCommand() *cobra.Command {
	var f runFlags
	var rules, faulty, correct, answers, profiles, asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List scenarios, rules, our own gates, answers or profiles",
		Example: "  conformance list --class mismatched\n  conformance list --rules\n  conformance list --faulty",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			var list []idle
			for _, other := range []string{"rules", "faulty", "correct", "answers", "profiles"} {
				for _, flag := range []string{"level", "matrix", "class", "rule", "id", "registry"} {
					list = append(list, idle{flag, "with --" + other + ", which lists no scenarios", cmd.Flags().Changed(other), "drop one of the two"})
				}
			}
			if err := refuseIdle(cmd, list); err != nil {
				return err
			}
			switch {
			case rules:
				return listRules(out)
			case faulty:
				return listDoubles(out, gates.Faulty())
			case correct:
				return listDoubles(out, gates.Correct())
			case answers:
				return listAnswers(out)
			case profiles:
				_, err := fmt.Fprintln(out, strings.Join(server.ProfileNames(), "\n"))
				return err
			}
			return f.list(out, asJSON)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&rules, "rules", false, "list the rules")
	fl.BoolVar(&faulty, "faulty", false, "list the faulty gates")
	fl.BoolVar(&correct, "correct", false, "list the correct variants of the gate")
	fl.BoolVar(&answers, "answers", false, "list what a provider can answer")
	fl.BoolVar(&profiles, "profiles", false, "list the built-in profiles")
	fl.BoolVar(&asJSON, "json", false, "print one JSON object a line")
	fl.StringVar((*string)(&f.Level), "level", "extended", "`LEVEL` of the rules: core, or extended for both")
	f.registerMatrix(cmd)
	fl.StringSliceVar(&f.classes, "class", nil, "only scenarios of these `CLASSES`: "+listed(scenarios.Classes))
	fl.StringSliceVar(&f.rules, "rule", nil, "only scenarios that exercise one of these `RULES`, such as PRE-2 (conformance list --rules)")
	fl.StringArrayVar(&f.ids, "id", nil, "only scenarios whose id matches `GLOB`; * and ? are wildcards; may be given several times")
	f.registerOwn(cmd)
	fl.StringVar(&f.Registry, "registry", "", "a registry file; the matrix follows it (default built in)")
	cmd.Flags().SortFlags = false
	cmd.MarkFlagsMutuallyExclusive("rules", "faulty", "correct", "answers", "profiles", "json")
	return cmd
}

func (f *runFlags) list(w io.Writer, asJSON bool) error {
	f.parallel, f.Timeout = 1, 1
	out := bufio.NewWriterSize(w, 1<<16)
	p, err := f.read()
	if err != nil {
		return err
	}
	if asJSON || f.matrix != string(scenarios.FullMatrix) {
		err = f.listScenarios(out, asJSON)
	} else {
		err = p.listNames(out)
	}
	if lost := out.Flush(); err == nil {
		err = lost
	}
	return err
}

// listNames lists scenarios of which nothing but id and title is asked for.
func (p *prepared) listNames(w *bufio.Writer) error {
	n, err := p.corpus.Name(p.registry, &p.selection, func(id, title []byte) {
		_, _ = w.Write(id) // Flush tells what was lost
		_ = w.WriteByte('\t')
		_, _ = w.Write(title)
		_ = w.WriteByte('\n')
	})
	switch {
	case err != nil:
		return fmt.Errorf("selecting from the corpus: %w", err)
	case n == 0:
		return noneSelected(0)
	}
	return nil
}

func (f *runFlags) listScenarios(w *bufio.Writer, asJSON bool) error {
	p, err := f.prepare()
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	for _, s := range p.selected.Scenarios {
		if p.selected.Companions[s.ID] {
			continue
		}
		if asJSON {
			err = enc.Encode(map[string]any{
				"id": s.ID, "title": s.Title, "class": s.Class, "level": s.Level, "severity": s.Severity, "rules": s.Rules, "needs": s.Needs, "twin": s.Twin,
			})
		} else {
			_, err = fmt.Fprintf(w, "%s\t%s\n", s.ID, s.Title)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func table(w io.Writer, rows func(io.Writer)) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows(t)
	return t.Flush()
}

func listRules(w io.Writer) error {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return err
	}
	return table(w, func(w io.Writer) {
		for _, r := range corpus.Rules.List {
			fmt.Fprintf(w, "%s\t%s\t%s\n", r.ID, r.Level, r.Title)
		}
	})
}

func listDoubles(w io.Writer, list []gates.Double) error {
	return table(w, func(w io.Writer) {
		for _, d := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\n", d.Name, strings.Join(d.Rules, ","), d.Story)
		}
	})
}

func listAnswers(w io.Writer) error {
	return table(w, func(w io.Writer) {
		for _, s := range scenarios.Catalogue() {
			fmt.Fprintf(w, "%s\t%s\n", s.Name, s.Doc)
		}
	})
}

func newShowCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return beginning(append(ruleIDs(), scenarioIDs()...), "", typed), cobra.ShellCompDirectiveNoFileComp
		},
		Use:     "show ID",
		Short:   "Show a rule with its scenarios and faulty gates, or one scenario",
		Example: "  conformance show PRE-2\n  conformance show mismatched/report",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("show takes one id: of a rule, such as PRE-2, or of a scenario; conformance list prints them")
			}
			corpus, err := f.scenarios()
			if err != nil {
				return err
			}
			if rule := corpus.Rules.Find(args[0]); rule != nil {
				kinds, err := corpus.Exercising(registry.Embedded(), rule.ID, shownScenarios)
				if err != nil {
					return err
				}
				return showRule(cmd.OutOrStdout(), rule, kinds)
			}
			return showScenario(cmd.OutOrStdout(), args[0], corpus)
		},
	}
	f.registerOwn(cmd)
	return cmd
}
