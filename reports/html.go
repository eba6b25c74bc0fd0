package reports

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

//go:embed page
var page embed.FS

// NewHTML returns the writer of one self-contained page: the verdict, the rules,
// the mismatch matrix, and every scenario with its exchanges, to be filtered and
// searched. The page asks nothing of any other host, and its content security
// policy forbids it to. Results are written as they come, one JSON object a line
// in an element that is never run; the rest follows at End. w is not closed.
func NewHTML(w io.Writer) Writer {
	return &htmlWriter{order: order{name: "HTML"}, w: bufio.NewWriterSize(w, 64<<10), matrix: newMatrix()}
}

type htmlWriter struct {
	order  order
	w      *bufio.Writer
	matrix *matrix
}

func (p *htmlWriter) Begin(h Header) error {
	h, err := p.order.begin(h)
	if err != nil {
		return err
	}
	style, script := asset("style.css"), asset("app.js")
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + sourceHash(style) + "'; script-src '" + sourceHash(script) + "'"
	title := template.HTMLEscapeString(spelled.Line(spelled.Clip("BYOK conformance: "+strings.TrimSpace(h.Target.Kind+" "+h.Target.Address), 200)))
	// A bufio.Writer keeps its first error for Flush.
	fmt.Fprintf(p.w, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"+
		"<meta name=\"referrer\" content=\"no-referrer\">\n<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n"+
		"<script type=\"application/json\" id=\"results\">\n", policy, title, style)
	return nil
}

func (p *htmlWriter) Result(r Result) error {
	if err := p.order.result(r); err != nil {
		return err
	}
	p.matrix.add(r)
	// Marshal writes <, > and & as \u003c, \u003e and \u0026, so that nothing in
	// a text ends the element.
	line, err := json.Marshal(visible(r))
	if err != nil {
		return fmt.Errorf("encode result %q of the HTML report: %w", r.ID, err)
	}
	if _, err := p.w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return nil
}

func (p *htmlWriter) End(f Footer) error {
	if err := p.order.end(f); err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("</script>\n")
	if err := endOfPage.Execute(&b, newEndData(p.order.header, f, p.matrix)); err != nil {
		return fmt.Errorf("make the HTML report's summary: %w", err)
	}
	fmt.Fprintf(&b, "<script>%s</script>\n</body>\n</html>\n", asset("app.js"))
	if _, err := b.WriteTo(p.w); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return nil
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

// ruleCell is a number in the table of rules, quiet where it is nought.
func ruleCell(n int, class string) template.HTML {
	weight := "some"
	if n == 0 {
		weight = "nought"
	}
	return template.HTML(fmt.Sprintf(`<td class="%s %s">%s</td>`, weight, class, spelled.Number(n)))
}

// An endData is what the end of the page is made from.
type endData struct {
	Header Header
	Footer Footer
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
	Outcome Outcome
	Word    string
	Count   int
}

type fact struct{ Name, Value string }

func newEndData(h Header, f Footer, m *matrix) endData {
	s := f.Summary
	_, more := reasonOf(f.Ended)
	return endData{
		Header: h, Footer: f, Line: SummaryLine(h, f), Broken: broken(f.Ended), More: more, Matrices: m.tables(),
		Numbers: []outcomeNumber{
			{Passed, "passed", s.Passed}, {Failed, "failed", s.Failed}, {Errored, "errors", s.Errors},
			{Waived, "waived", s.Waived}, {NotClaimed, "not claimed", s.NotClaimed},
		},
		Facts: facts(h, f),
	}
}

// facts say what was run against what, those that there are.
func facts(h Header, f Footer) []fact {
	all := []fact{
		{"target", spaced(h.Target.Kind, h.Target.Address)},
		{"started", strings.Join(h.Target.Command, " ")},
		{"profile", spaced(h.Target.Profile, h.Target.ProfileDigest)},
		{"corpus", fmt.Sprintf("%s (%s)", h.Corpus.named(), counted(h.Corpus.Scenarios, "scenario"))},
		{"registry", h.Registry.Digest},
		{"waivers", waiverFiles(h)},
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

// waiverFiles are the files of known failures with their digests.
func waiverFiles(h Header) string {
	var all []string
	for _, w := range h.Waivers {
		all = append(all, spaced(w.Path, w.Digest))
	}
	return strings.Join(all, ", ")
}

// spaced joins what is not empty with blanks.
func spaced(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
