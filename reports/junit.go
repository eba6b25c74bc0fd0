package reports

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// junitSpill is how many bytes of test cases are held in memory before they go
// to a temporary file; JUnit wants them grouped and counted first.
const junitSpill = 8 << 20

// junitDetail leaves room for evidence and keeps a report of a thousand failures
// within what CI servers accept (GitLab: 30 MB).
var junitDetail = detail{value: 4 << 10, body: 4 << 10, violations: 20, exchanges: 20, headers: true}

// NewJUnit returns the writer of JUnit XML, for the test views of CI servers. A
// finding is a <testsuite> of one failing case, and they come first; a class is a
// <testsuite>, a scenario a <testcase>; failed is <failure>, error is
// <error>, and not-claimed, which JUnit has no word for, is <skipped> with the
// reason. A waived scenario ran and broke a rule, so that <skipped> would be
// untrue, and is known to, so that <failure> would keep CI red: it is a plain
// case with the property "waived" and the violations as its output, which CI
// servers show for cases that pass, too. A run that is not whole, or in which
// nothing passed, gets a suite "run" with an <error>, since CI looks at the
// cases only.
// All of it is written at End; w is not closed.
func NewJUnit(w io.Writer) Writer { return newJUnit(w, junitSpill) }

func newJUnit(w io.Writer, limit int) *junitWriter {
	return &junitWriter{order: order{name: "JUnit"}, w: w, cases: newSpill(limit), suites: map[string]*junitSuite{}}
}

type junitWriter struct {
	order  order
	w      io.Writer
	cases  *spill
	suites map[string]*junitSuite
}

// A junitSuite is what is counted of one class.
type junitSuite struct {
	counts Summary
	ms     float64
}

func (s *junitSuite) add(o Outcome, ms float64) {
	s.counts.count(o)
	s.ms += ms
}

func (s *junitSuite) merge(o junitSuite) {
	s.counts.Passed += o.counts.Passed
	s.counts.Failed += o.counts.Failed
	s.counts.Waived += o.counts.Waived
	s.counts.NotClaimed += o.counts.NotClaimed
	s.counts.Errors += o.counts.Errors
	s.ms += o.ms
}

// discard drops what was kept for an End that will not come.
func (j *junitWriter) discard() error { return j.cases.close() }

func (j *junitWriter) Begin(h Header) error {
	_, err := j.order.begin(h)
	return err
}

func (j *junitWriter) Result(r Result) error {
	if err := j.order.result(r); err != nil {
		return err
	}
	return j.add(r.Class, r.Outcome, r.DurationMS, junitCaseOf(r))
}

func (j *junitWriter) add(class string, o Outcome, ms float64, c junitCase) error {
	text, err := xml.MarshalIndent(c, "    ", "  ")
	if err != nil {
		return fmt.Errorf("encode result %q of the JUnit report: %w", c.Name, err)
	}
	suite := j.suites[class]
	if suite == nil {
		suite = &junitSuite{}
		j.suites[class] = suite
	}
	suite.add(o, ms)
	return j.cases.add(class, append(text, '\n'))
}

func (j *junitWriter) End(f Footer) error {
	if err := j.order.end(f); err != nil {
		return err
	}
	failed := f.Summary.Failed > 0 || f.Summary.Errors > 0
	if !f.Summary.Conformant && !failed || broken(f.Ended) != "" {
		if err := j.add("run", Errored, 0, junitBroken(j.order.header, f)); err != nil {
			return err
		}
	}
	if err := j.writeAll(f.Findings); err != nil {
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	if err := j.cases.close(); err != nil {
		return fmt.Errorf("remove the JUnit report's temporary file: %w", err)
	}
	return nil
}

func (j *junitWriter) writeAll(list []findings.Finding) error {
	w := bufio.NewWriterSize(j.w, 64<<10)
	var total junitSuite
	for _, name := range j.cases.names() {
		total.merge(*j.suites[name])
	}
	for range list {
		total.add(Failed, 0)
	}
	h := j.order.header
	properties, err := xml.MarshalIndent(headerProperties(h), "    ", "  ")
	if err != nil {
		return err
	}
	// A bufio.Writer keeps its first error for Flush.
	w.WriteString(xml.Header)
	fmt.Fprintf(w, "<testsuites name=\"conformance\"%s>\n", suiteAttributes(total, h.Started))
	for i := range list {
		if err := junitFinding(w, &list[i], i+1, h.Started); err != nil {
			return err
		}
	}
	for _, name := range j.cases.names() {
		fmt.Fprintf(w, "  <testsuite name=%s%s>\n", quoted(name), suiteAttributes(*j.suites[name], h.Started))
		w.Write(properties)
		w.WriteByte('\n')
		if err := j.cases.copyTo(w, name); err != nil {
			return err
		}
		w.WriteString("  </testsuite>\n")
	}
	w.WriteString("</testsuites>\n")
	return w.Flush()
}

// junitFinding writes a finding as a suite of one case, which fails.
func junitFinding(w io.Writer, f *findings.Finding, number int, started time.Time) error {
	type failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	text, err := xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"testcase"`
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Failure failure  `xml:"failure"`
	}{Name: f.ID, Class: "finding", Failure: failure{spelled.Line(f.Title), f.Text(number, false)}}, "    ", "  ")
	if err != nil {
		return fmt.Errorf("encode finding %q of the JUnit report: %w", f.ID, err)
	}
	var one junitSuite
	one.add(Failed, 0)
	_, err = fmt.Fprintf(w, "  <testsuite name=%s%s>\n%s\n  </testsuite>\n", quoted("finding: "+f.Title), suiteAttributes(one, started), text)
	return err
}

func suiteAttributes(s junitSuite, started time.Time) string {
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
