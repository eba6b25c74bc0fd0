package proof

import (
	"fmt"
	"io"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports/text"
)

// limit fits a comment on GitHub (65,536 characters) and GitLab.
const limit = 60_000

// writeMarkdown writes a proof for a comment on a pull request, in at most
// 60,000 bytes: the sentence, the smallest open combination, and the rest folded.
func writeMarkdown(w io.Writer, p *Proof) error {
	head := fmt.Sprintf("## BYOK provider mismatch: %s\n\n%s\n\n", p.Verdict, text.Markdown(spelled.Clip(p.Sentence, 1000)))
	folds := p.folds()
	if p.Smallest != nil {
		const heading = "The smallest open combination:\n\n"
		head += heading + preWithin(p.Smallest.text(), limit-len(head)-len(heading)-len(folds)) + "\n\n"
	}
	_, err := io.WriteString(w, head+folds)
	return err
}

// preWithin is a block of text in at most some room bytes, however much longer
// its characters become.
func preWithin(s string, room int) string {
	for n := len(s); ; n = n * 3 / 4 {
		if block := text.Pre(spelled.Clip(s, n)); len(block) <= room || n == 0 {
			return block
		}
	}
}

// folds are the lists behind the verdict, each with its share of the room.
func (p *Proof) folds() string {
	var b strings.Builder
	if len(p.OpenIDs) > 0 {
		b.WriteString(folded(spelled.Counted(len(p.OpenIDs), "combination")+" open", 8_000, p.OpenIDs, func(id string) string { return "- " + text.Code(spelled.Clip(id, 300)) + "\n" }))
	}
	if len(p.Violations) > 0 {
		b.WriteString(folded("What else was found", 6_000, p.Violations, func(v Violation) string {
			return fmt.Sprintf("- %s: %s (%s, first %s)\n", text.Code(spelled.Clip(v.Rule, 50)), text.Markdown(spelled.Clip(v.Message, 300)), spelled.Counted(v.Scenarios, "scenario"), text.Code(spelled.Clip(v.First, 300)))
		}))
	}
	b.WriteString(folded("By provider", 8_000, p.Providers, func(r Provider) string {
		return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |\n", text.Code(spelled.Clip(r.Provider, 60)), spelled.Number(r.Create.judged()), spelled.Number(r.Create.Refused), spelled.Number(r.Create.Open),
			spelled.Number(r.Provision.judged()), spelled.Number(r.Provision.Refused), spelled.Number(r.Provision.Open))
	}, "| provider | asked at create | refused | open | asked at provision | refused | open |\n|:--|--:|--:|--:|--:|--:|--:|\n"))
	control := fmt.Sprintf("%s. %s\n\n", text.Markdown(spelled.Clip(p.Control.Door, 300)), text.Markdown(spelled.Clip(p.Control.Thinned, 600)))
	b.WriteString(folded("Control: what the same matrix finds at gates with the bypass in them", 6_000, p.Control.Gates, func(g ControlledBy) string {
		first, story := "", ""
		if id := g.first(); id != "" {
			first = ", first " + text.Code(spelled.Clip(id, 300))
		}
		if g.Story != "" {
			story = ". " + text.Markdown(spelled.Clip(g.Story, 200))
		}
		return fmt.Sprintf("- %s **%s**: %s%s%s\n", text.Code(spelled.Clip(g.Name, 60)), text.Markdown(string(g.Outcome)), text.Markdown(spelled.Clip(g.counts(), 300)), first, story)
	}, control))
	b.WriteString(folded("Not claimed, or not checked", 5_000, p.gaps(), func(s string) string { return "- " + text.Markdown(spelled.Clip(s, 400)) + "\n" }))
	b.WriteString(folded("The run", 5_000, p.facts(), func(row [2]string) string {
		return fmt.Sprintf("- %s: %s\n", row[0], text.Code(spelled.Clip(row[1], 200)))
	}))
	return b.String()
}

// folded is a list behind its heading, in some more than room bytes: what does
// not fit is counted. Head stands before the list.
func folded[T any](heading string, room int, list []T, line func(T) string, head ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<details><summary>%s</summary>\n\n%s", heading, strings.Join(head, ""))
	for i, item := range list {
		text := line(item)
		if b.Len()+len(text) > room {
			fmt.Fprintf(&b, "\n… %s more, see the JSON report\n", spelled.Number(len(list)-i))
			break
		}
		b.WriteString(text)
	}
	b.WriteString("\n</details>\n\n")
	return b.String()
}

// facts identify the run: what was tested, and with what.
func (p *Proof) facts() [][2]string {
	var out [][2]string
	for _, row := range [][2]string{
		{"Target", strings.TrimSpace(p.Target.Kind + " " + p.Target.Address)},
		{"Command", strings.Join(p.Target.Command, " ")},
		{"Profile", p.Target.Profile},
		{"Claims", strings.Join(p.Claims, ", ")},
		{"Corpus", p.Corpus.Named()},
		{"Registry", p.Registry.Digest},
		{"Seed", p.Seed},
		{"Tool", strings.TrimSpace(p.Tool.Name + " " + p.Tool.Version)},
		{"Started", p.Started.UTC().Format("2006-01-02 15:04:05 MST")},
	} {
		if row[1] != "" {
			out = append(out, row)
		}
	}
	return out
}
