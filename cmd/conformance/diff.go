package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/diff"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// defaultSlower is by how much a scenario has to be slower to be named: well
// above what the pace of a busy machine makes of a few milliseconds.
const defaultSlower = 500 * time.Millisecond

func newDiffCommand() *cobra.Command {
	var asJSON bool
	var slower time.Duration
	var limit int
	cmd := &cobra.Command{
		Use:   "diff OLD.json NEW.json",
		Short: "Say what became worse, better, slower between two runs",
		Long: "diff compares the JSON reports of two runs, scenario by scenario. Exit status: 0 where nothing became worse; 1 where a\n" +
			"scenario fails that did not, or violates a rule that it did not, or is no longer there or no longer checked; 2 where a\n" +
			"report cannot be read. A scenario that is slower is named, and is no regression.",
		Example: "  conformance diff old.json new.json\n  conformance diff --json old.json new.json",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := refuseIdle(cmd, []idle{{"limit", "with --json, which holds all", asJSON, "give one of the two"}}); err != nil {
				return err
			}
			if limit < 0 || slower < 0 {
				return errors.New("--limit and --slower must not be less than zero")
			}
			var runs [2]*reports.Run
			for i, path := range args {
				run, err := reports.ReadFile(path, cmd.InOrStdin())
				if run != nil {
					defer run.Close()
				}
				if err != nil {
					return err
				}
				runs[i] = run
			}
			d, err := diff.Runs(runs[0], runs[1], target.Milliseconds(slower))
			if err != nil {
				return err
			}
			if err := printDiff(cmd.OutOrStdout(), d, asJSON, limit); err != nil {
				return fmt.Errorf("printing the differences: %w", err)
			}
			if d.Regression {
				return errNotConformant
			}
			return nil
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.BoolVar(&asJSON, "json", false, "print one JSON object")
	fl.DurationVar(&slower, "slower", defaultSlower, "name scenarios that take more than twice as long, and longer by more than this")
	fl.IntVar(&limit, "limit", 20, "how many scenarios to print under each heading; 0 prints all")
	return cmd
}

func printDiff(w io.Writer, d diff.Diff, asJSON bool, limit int) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(d)
	}
	var b strings.Builder
	for _, note := range d.Notes {
		fmt.Fprintf(&b, "note: %s\n", spelled.Line(note))
	}
	for _, f := range d.Findings {
		word := map[bool]string{true: "new finding", false: "finding"}[f.Was == 0]
		if f.Now == 0 {
			word = "no longer found"
		}
		fmt.Fprintf(&b, "%s: %s  %s (%d → %d scenarios)\n", word, spelled.Line(f.ID), spelled.Line(f.Title), f.Was, f.Now)
	}
	for _, part := range []struct {
		heading string
		list    []diff.Change
	}{
		{"newly failing", d.NewlyFailing}, {"no longer checked", d.LessChecked}, {"gone", d.Gone},
		{"newly passing", d.NewlyPassing}, {"added", d.Added}, {"slower", d.Slower},
	} {
		if len(part.list) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s: %d\n", part.heading, len(part.list))
		for i, c := range part.list {
			if i == limit && limit > 0 {
				fmt.Fprintf(&b, "  … and %d more; --limit 0 prints them all\n", len(part.list)-i)
				break
			}
			printChange(&b, c, part.heading == "slower")
		}
	}
	verdict := "no regression"
	if d.Regression {
		verdict = "REGRESSION"
	}
	fmt.Fprintf(&b, "%s: %d newly failing, %d no longer checked, %d gone, %d newly passing, %d added, %d slower, %d as before\n", verdict,
		len(d.NewlyFailing), len(d.LessChecked), len(d.Gone), len(d.NewlyPassing), len(d.Added), len(d.Slower), d.Same)
	_, err := io.WriteString(w, b.String())
	return err
}

func printChange(b *strings.Builder, c diff.Change, slower bool) {
	was, now := string(c.Was), string(c.Now)
	if was == "" {
		was = "absent"
	}
	if now == "" {
		now = "absent"
	}
	fmt.Fprintf(b, "  %s  %s → %s", spelled.Line(c.ID), was, now)
	if slower {
		fmt.Fprintf(b, "  %.0f ms → %.0f ms", c.WasMS, c.NowMS)
	}
	b.WriteByte('\n')
	for _, v := range c.Violations {
		fmt.Fprintf(b, "    %s: %s; want %s, got %s\n", spelled.Line(v.Rule), spelled.Line(v.Message), spelled.Line(v.Want), spelled.Line(v.Got))
	}
	if c.Reason != "" {
		fmt.Fprintf(b, "    %s\n", spelled.Line(c.Reason))
	}
}
