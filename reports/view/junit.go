package view

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// junitDetail leaves room for evidence and keeps a report of a thousand failures
// within what CI servers accept (GitLab: 30 MB).
var junitDetail = text.Detail{Value: 4 << 10, Body: 4 << 10, Violations: 20, Exchanges: 20, Headers: true}

// WriteJUnit writes JUnit XML, for the test views of CI servers. A finding is a
// <testsuite> of one failing case, and they come first; a class is a <testsuite>, a scenario a <testcase>; failed is <failure>, error is
// <error>, and not-claimed, which JUnit has no word for, is <skipped> with the
// reason. A waived scenario ran and broke a rule, so that <skipped> would be
// untrue, and is known to, so that <failure> would keep CI red: it is a plain
// case with the property "waived" and the violations as its output, which CI
// servers show for cases that pass, too. A run that is not whole, or in which
// nothing passed, gets a suite "run" with an <error>, since CI looks at the
// cases only.
func WriteJUnit(to io.Writer, run *reports.Run) error {
	w := bufio.NewWriterSize(to, 64<<10)
	if err := writeJUnit(w, run); err != nil {
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	return nil
}

// A junitSuite is what is counted of one class, and where its results stand.
type junitSuite struct {
	counts reports.Summary
	ms     float64
	at     []int
}

func (s *junitSuite) add(o reports.Outcome, ms float64) {
	s.counts.Count(o)
	s.ms += ms
}

// writeJUnit leaves errors of writing to Flush: a bufio.Writer keeps its first.
func writeJUnit(w *bufio.Writer, run *reports.Run) error {
	suites := map[string]*junitSuite{}
	total := &junitSuite{}
	count := func(class string, o reports.Outcome, ms float64) *junitSuite {
		suite := suites[class]
		if suite == nil {
			suite = &junitSuite{}
			suites[class] = suite
		}
		suite.add(o, ms)
		total.add(o, ms)
		return suite
	}
	for i, e := range run.Entries() {
		suite := count(e.Class, e.Outcome, e.DurationMS)
		suite.at = append(suite.at, i)
	}
	h, f := run.Header, run.Footer
	failed := f.Summary.Failed > 0 || f.Summary.Errors > 0
	broken := !f.Summary.Conformant && !failed || f.Ended.Broken() != ""
	if broken {
		count(runSuite, reports.Errored, 0)
	}
	properties, err := xml.MarshalIndent(headerProperties(h), "    ", "  ")
	if err != nil {
		return err
	}
	for range f.Findings {
		total.add(reports.Failed, 0)
	}
	w.WriteString(xml.Header)
	fmt.Fprintf(w, "<testsuites name=\"conformance\"%s>\n", suiteAttributes(total, h.Started))
	for i := range f.Findings {
		if err := writeFinding(w, &f.Findings[i], i+1, h.Started); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(suites)) {
		suite := suites[name]
		fmt.Fprintf(w, "  <testsuite name=%s%s>\n%s\n", quoted(name), suiteAttributes(suite, h.Started), properties)
		for _, i := range suite.at {
			r, err := run.At(i)
			if err != nil {
				return err
			}
			if err := writeCase(w, junitCaseOf(&r)); err != nil {
				return err
			}
		}
		if broken && name == runSuite {
			if err := writeCase(w, junitBroken(h, f)); err != nil {
				return err
			}
		}
		w.WriteString("  </testsuite>\n")
	}
	_, err = w.WriteString("</testsuites>\n")
	return err
}

// runSuite is the suite of what is wrong with a run as a whole.
const runSuite = "run"

func writeCase(w *bufio.Writer, c junitCase) error {
	text, err := xml.MarshalIndent(c, "    ", "  ")
	if err != nil {
		return fmt.Errorf("encode the case %q: %w", c.Name, err)
	}
	w.Write(text)
	return w.WriteByte('\n')
}

// writeFinding writes a finding as a suite of one case, which fails.
func writeFinding(w io.Writer, f *findings.Finding, number int, started time.Time) error {
	type failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	data, err := xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"testcase"`
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Failure failure  `xml:"failure"`
	}{Name: f.ID, Class: "finding", Failure: failure{spelled.Line(f.Title), f.Text(number, false)}}, "    ", "  ")
	if err != nil {
		return fmt.Errorf("encode finding %q: %w", f.ID, err)
	}
	one := &junitSuite{}
	one.add(reports.Failed, 0)
	_, err = fmt.Fprintf(w, "  <testsuite name=%s%s>\n%s\n  </testsuite>\n", quoted("finding: "+f.Title), suiteAttributes(one, started), data)
	return err
}

func suiteAttributes(s *junitSuite, started time.Time) string {
	c := s.counts
	skipped := c.NotClaimed
	tests := c.Passed + c.Failed + c.Waived + c.Errors + skipped
	return fmt.Sprintf(` tests="%d" failures="%d" errors="%d" skipped="%d" time="%s" timestamp="%s"`,
		tests, c.Failed, c.Errors, skipped, seconds(s.ms), started.UTC().Format("2006-01-02T15:04:05"))
}

func seconds(ms float64) string { return fmt.Sprintf("%.3f", ms/1000) }

// quoted returns s as an XML attribute's value, quotes included.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	_ = xml.EscapeText(&b, []byte(spelled.Line(s))) // a strings.Builder takes everything
	b.WriteByte('"')
	return b.String()
}
