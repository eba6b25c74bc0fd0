package main

import (
	"os"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/reports/view"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// The values that flags take, for completion and for help.
var (
	levels = []string{string(scenarios.Core), string(scenarios.Extended)}
	// values gives those of the flags that have the same meaning in every command.
	values = map[string]func() []string{
		"class":   func() []string { return scenarios.Classes },
		"claim":   func() []string { return scenarios.Claims },
		"level":   func() []string { return levels },
		"matrix":  func() []string { return []string{string(scenarios.FullMatrix), string(scenarios.PairwiseMatrix)} },
		"rule":    ruleIDs,
		"id":      scenarioIDs,
		"target":  gateNames,
		"profile": server.ProfileNames,
	}
)

func ruleIDs() []string {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return nil // completion has nowhere to say it; the command itself does
	}
	return corpus.Rules.IDs()
}

func scenarioIDs() []string {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return nil
	}
	var ids []string
	selection := scenarios.Selection{Level: scenarios.Extended}
	_, _ = corpus.Name(registry.Embedded(), &selection, func(id, _ []byte) { ids = append(ids, string(id)) })
	return ids
}

func gateNames() []string {
	names := []string{"reference"}
	for _, d := range gates.Faulty() {
		names = append(names, open.Faulty+":"+d.Name)
	}
	for _, d := range gates.Correct() {
		names = append(names, open.Correct+":"+d.Name)
	}
	return names
}

// completeFlags has the flags of a command and of those below it completed.
func completeFlags(cmd *cobra.Command) {
	for name, of := range values {
		if cmd.Flags().Lookup(name) != nil {
			complete(cmd, name, of)
		}
	}
	for _, c := range cmd.Commands() {
		completeFlags(c)
	}
}

// complete has a flag's values completed; of a list, the last one.
func complete(cmd *cobra.Command, flag string, of func() []string) {
	list := strings.HasSuffix(cmd.Flags().Lookup(flag).Value.Type(), "Slice")
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := ""
		if at := strings.LastIndex(typed, ","); list && at >= 0 {
			before = typed[:at+1]
		}
		return beginning(of(), before, typed), cobra.ShellCompDirectiveDefault
	})
	if err != nil {
		panic(err) // a flag that there is not, or the same one twice
	}
}

// completeReports completes FORMAT= of --report; the path is the shell's business.
func completeReports(cmd *cobra.Command, formats func() []string) {
	err := cmd.RegisterFlagCompletionFunc("report", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		if strings.Contains(typed, "=") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		var out []string
		for _, f := range formats() {
			out = append(out, f+"=")
		}
		return beginning(out, "", typed), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err)
	}
}

func beginning(words []string, before, typed string) []string {
	var out []string
	for _, w := range words {
		if strings.HasPrefix(before+w, typed) {
			out = append(out, before+w)
		}
	}
	return out
}

// listed is a list of values as a flag's help has it.
func listed(words []string) string { return strings.Join(words, ", ") }

// reportFormats are those of a run's reports, for help.
func reportFormats() string { return listed(slices.Sorted(slices.Values(view.Formats()))) }

// helpWidth is where help breaks its lines, where it goes to no terminal.
const helpWidth = 110

// wrapHelp breaks the lines of every command's help to the terminal's width.
func wrapHelp(root *cobra.Command) {
	width := helpWidth // cobra makes the help in memory, so the command does not know where it goes
	if progress.IsTerminal(os.Stdout) {
		width = min(progress.Width(os.Stdout), helpWidth)
	}
	cobra.AddTemplateFunc("wrapped", func(flags *pflag.FlagSet) string { return flags.FlagUsagesWrapped(width) })
	cobra.AddTemplateFunc("paragraphs", func(text string) string { return paragraphs(text, width) })
	t := root.UsageTemplate()
	t = strings.ReplaceAll(t, ".LocalFlags.FlagUsages ", "wrapped .LocalFlags ")
	t = strings.ReplaceAll(t, ".InheritedFlags.FlagUsages ", "wrapped .InheritedFlags ")
	root.SetUsageTemplate(t)
	root.SetHelpTemplate("{{with (or .Long .Short)}}{{paragraphs .}}\n\n{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{end}}")
}

// paragraphs breaks the lines of a text anew; an empty line ends a paragraph.
func paragraphs(text string, width int) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			b.WriteString("\n\n")
		}
		column := 0
		for _, word := range strings.Fields(paragraph) {
			n := runewidth.StringWidth(word)
			switch {
			case column > 0 && column+1+n > width:
				b.WriteByte('\n')
				column = 0
			case column > 0:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += n
		}
	}
	return b.String()
}
