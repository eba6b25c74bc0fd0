package view

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

//go:embed page
var page embed.FS

// WriteHTML writes one self-contained page: the verdict, the rules, the mismatch
// matrix, and every scenario with its exchanges, to be filtered and searched. The
// page asks nothing of any other host, and its content security policy forbids it
// to. Results stand in it as one JSON object a line in an element that is never run.
func WriteHTML(to io.Writer, run *reports.Run) error {
	w := bufio.NewWriterSize(to, 64<<10)
	if err := writeHTML(w, run); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return nil
}

// writeHTML leaves errors of writing to Flush: a bufio.Writer keeps its first.
func writeHTML(w *bufio.Writer, run *reports.Run) error {
	h := run.Header
	style, script := asset("style.css"), asset("app.js")
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + sourceHash(style) + "'; script-src '" + sourceHash(script) + "'"
	title := template.HTMLEscapeString(spelled.Line(spelled.Clip("BYOK conformance: "+strings.TrimSpace(h.Target.Kind+" "+h.Target.Address), 200)))
	fmt.Fprintf(w, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"+
		"<meta name=\"referrer\" content=\"no-referrer\">\n<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n"+
		"<script type=\"application/json\" id=\"results\">\n", policy, title, style)
	matrix, err := newMatrix()
	if err != nil {
		return err
	}
	for r, err := range run.All() {
		if err != nil {
			return err
		}
		matrix.add(&r)
		// Marshal writes <, > and & as \u003c, \u003e and \u0026, so that nothing in
		// a text ends the element.
		line, err := json.Marshal(reports.Visible(r))
		if err != nil {
			return fmt.Errorf("encode the result %q: %w", r.ID, err)
		}
		w.Write(append(line, '\n'))
	}
	w.WriteString("</script>\n")
	if err := endOfPage.Execute(w, newEndData(h, run.Footer, matrix)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "<script>%s</script>\n</body>\n</html>\n", script)
	return err
}

// asset returns a file of the page; they are embedded, so it is there.
func asset(name string) []byte {
	text, _ := page.ReadFile("page/" + name)
	return text
}

// sourceHash names an inline script or style in a content security policy.
func sourceHash(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// endOfPage is everything that a person sees before the script has run.
var endOfPage = template.Must(template.New("end.html").Funcs(template.FuncMap{
	"text": spelled.Line, "number": spelled.Number, "cell": ruleCell,
	"finding": func(f findings.Finding) string { return f.Text(1, false) },
}).ParseFS(page, "page/end.html"))

// ruleCell is a number in the table of rules, which leads to the scenarios that it
// counts; quiet where it is nought. The outcome is empty for all of them.
func ruleCell(rule string, n int, outcome string) template.HTML {
	if n == 0 {
		return template.HTML(fmt.Sprintf(`<td class="nought %s">0</td>`, outcome))
	}
	query := url.Values{"rule": {rule}}
	if outcome != "" {
		query.Set("outcome", outcome)
	}
	return template.HTML(fmt.Sprintf(`<td class="%s"><a href="#?%s">%s</a></td>`, strings.TrimSpace("some "+outcome), template.HTMLEscapeString(query.Encode()), spelled.Number(n)))
}

// An endData is what the end of the page is made from.
type endData struct {
	Header reports.Header
	Footer reports.Footer
	Line   string
	// Broken is what is wrong with the run as a whole, in a line; More is what else
	// there is to that.
	Broken, More string
	Numbers      []outcomeNumber
	Facts        []fact
	// Matrices are the mismatch matrix, stage by stage; stages without a case
	// are left out.
	Matrices []matrixTable
}

type outcomeNumber struct {
	Outcome reports.Outcome
	Word    string
	Count   int
}

type fact struct{ Name, Value string }

func newEndData(h reports.Header, f reports.Footer, m *matrix) endData {
	s := f.Summary
	_, more := f.Ended.Reasons()
	return endData{
		Header: h, Footer: f, Line: reports.SummaryLine(h, f), Broken: f.Ended.Broken(), More: more, Matrices: m.tables(),
		Numbers: []outcomeNumber{
			{reports.Passed, "passed", s.Passed}, {reports.Failed, "failed", s.Failed}, {reports.Errored, "errors", s.Errors},
			{reports.Waived, "waived", s.Waived}, {reports.NotClaimed, "not claimed", s.NotClaimed},
		},
		Facts: facts(h, f),
	}
}

// facts say what was run against what, those that there are.
func facts(h reports.Header, f reports.Footer) []fact {
	all := []fact{
		{"target", spaced(h.Target.Kind, h.Target.Address)},
		{"started", strings.Join(h.Target.Command, " ")},
		{"profile", spaced(h.Target.Profile, h.Target.ProfileDigest)},
		{"corpus", fmt.Sprintf("%s (%s)", h.Corpus.Named(), spelled.Counted(h.Corpus.Scenarios, "scenario"))},
		{"registry", h.Registry.Digest},
		{"waivers", h.WaiverFiles()},
		{"seed", h.Seed},
		{"run", h.Run},
		{"shard", h.Shard},
		{"command line", strings.Join(h.Invocation, " ")},
		{"tool", spaced(h.Tool.Name, h.Tool.Version)},
		{"began", h.Started.UTC().Format(time.RFC3339)},
		{"claims", strings.Join(h.Claims, ", ")},
		{"not claimed", strings.Join(h.NotClaimedAreas, ", ")},
	}
	for _, p := range h.Target.Programs {
		all = append(all, fact{"program", p.Path + " " + p.Digest})
	}
	if !f.Ended.Finished.IsZero() {
		all = append(all, fact{"ended", f.Ended.Finished.UTC().Format(time.RFC3339)})
	}
	kept := all[:0]
	for _, x := range all {
		if x.Value != "" {
			kept = append(kept, x)
		}
	}
	return kept
}

// spaced joins what is not empty with blanks.
func spaced(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
