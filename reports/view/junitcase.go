package view

import (
	"encoding/xml"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
)

// The elements of JUnit XML, in the order that its schemas want.
type junitCase struct {
	XMLName    xml.Name `xml:"testcase"`
	ClassName  string   `xml:"classname,attr"`
	Name       string   `xml:"name,attr"`
	Time       string   `xml:"time,attr"`
	Properties *junitProperties
	Skipped    *junitProblem `xml:"skipped,omitempty"`
	Error      *junitProblem `xml:"error,omitempty"`
	Failure    *junitProblem `xml:"failure,omitempty"`
	SystemOut  *junitText    `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

type junitText struct {
	Text string `xml:",cdata"`
}

type junitProperties struct {
	XMLName  xml.Name        `xml:"properties"`
	Property []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// junitCaseOf turns a result into a test case. A failure is one element, however
// many rules were violated: CI servers show only the first.
func junitCaseOf(r *reports.Result) junitCase {
	c := junitCase{
		ClassName:  junitClass(r.Class),
		Name:       spelled.Line(r.ID),
		Time:       seconds(r.DurationMS),
		Properties: resultProperties(r),
	}
	switch r.Outcome {
	case reports.Failed:
		c.Failure = &junitProblem{Message: junitMessage(r), Type: strings.Join(violatedRules(r), ", "), Text: text.Violations(r, junitDetail)}
	case reports.Errored:
		c.Error = &junitProblem{Message: spelled.Line(spelled.Clip(r.Reason, junitDetail.Value)), Type: "error", Text: text.Violations(r, junitDetail)}
	case reports.Waived:
		c.SystemOut = &junitText{"waived: " + spelled.Line(r.Reason) + "\n" + text.Violations(r, junitDetail) + text.Context(r, junitDetail)}
	case reports.NotClaimed:
		c.Skipped = &junitProblem{Message: spelled.Line("not claimed: " + r.Reason)}
	}
	if r.Outcome == reports.Failed || r.Outcome == reports.Errored || len(r.Exchanges) > 0 {
		c.SystemOut = &junitText{text.Context(r, junitDetail)}
	}
	return c
}

// junitClass is a class with a package before it: Jenkins takes what stands
// before the last dot for one, and calls it (root) where there is none.
func junitClass(class string) string { return "conformance." + spelled.Line(class) }

func junitMessage(r *reports.Result) string {
	message := spelled.Clip(r.Violations[0].Message, junitDetail.Value)
	if more := len(r.Violations) - 1; more > 0 {
		message += " (and " + spelled.Counted(more, "more violation") + ")"
	}
	return spelled.Line(message)
}

// violatedRules returns the rules that a result violated, each once.
func violatedRules(r *reports.Result) []string {
	var rules []string
	for _, v := range r.Violations {
		if rule := spelled.Line(v.Rule); !slices.Contains(rules, rule) {
			rules = append(rules, rule)
		}
	}
	return rules
}

// junitBroken is the case that keeps CI from showing green for a run that
// proves nothing.
func junitBroken(h reports.Header, f reports.Footer) junitCase {
	name := "every planned scenario ended"
	if f.Ended.Status == reports.Complete && f.Ended.Reason != "" {
		name = "nothing speaks against the run"
	}
	_, more := f.Ended.Reasons()
	return junitCase{
		ClassName: junitClass("run"),
		Name:      name,
		Time:      seconds(0),
		Error:     &junitProblem{Message: strings.Join(f.WhyNot(), ", "), Type: "run", Text: strings.TrimSpace(reports.SummaryLine(h, f) + "\n" + more)},
	}
}

func resultProperties(r *reports.Result) *junitProperties {
	return filled([]junitProperty{
		{"title", r.Title},
		{"rules", strings.Join(r.Rules, ", ")},
		{"level", r.Level},
		{"severity", r.Severity},
		{"waived", waivedBy(r)},
	})
}

// waivedBy is the reason of a waived result; empty for any other.
func waivedBy(r *reports.Result) string {
	if r.Outcome != reports.Waived {
		return ""
	}
	return r.Reason
}

func headerProperties(h reports.Header) *junitProperties {
	return filled([]junitProperty{
		{"schema", h.Schema},
		{"tool", strings.TrimSpace(h.Tool.Name + " " + h.Tool.Version)},
		{"run", h.Run},
		{"seed", h.Seed},
		{"level", h.Level},
		{"target", strings.TrimSpace(h.Target.Kind + " " + h.Target.Address)},
		{"profile", spaced(h.Target.Profile, h.Target.ProfileDigest)},
		{"corpus", h.Corpus.Named()},
		{"registry", h.Registry.Digest},
		{"waivers", h.WaiverFiles()},
		{"claims", strings.Join(h.Claims, ", ")},
		{"not claimed", strings.Join(h.NotClaimedAreas, ", ")},
		{"shard", h.Shard},
		{"command line", strings.Join(h.Invocation, " ")},
	})
}

// filled returns the properties that have a value, safe for XML.
func filled(properties []junitProperty) *junitProperties {
	kept := &junitProperties{}
	for _, p := range properties {
		if p.Value = spelled.Line(p.Value); p.Value != "" {
			kept.Property = append(kept.Property, p)
		}
	}
	return kept
}
