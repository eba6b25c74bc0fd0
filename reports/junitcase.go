package reports

import (
	"encoding/xml"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
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
func junitCaseOf(r Result) junitCase {
	c := junitCase{
		ClassName:  junitClass(r.Class),
		Name:       spelled.Line(r.ID),
		Time:       seconds(r.DurationMS),
		Properties: resultProperties(r),
	}
	switch r.Outcome {
	case Failed:
		c.Failure = &junitProblem{Message: junitMessage(r), Type: strings.Join(violatedRules(r), ", "), Text: violationsText(r, junitDetail)}
	case Errored:
		c.Error = &junitProblem{Message: spelled.Line(spelled.Clip(r.Reason, junitDetail.value)), Type: "error", Text: violationsText(r, junitDetail)}
	case Waived:
		c.SystemOut = &junitText{"waived: " + spelled.Line(r.Reason) + "\n" + violationsText(r, junitDetail) + contextText(r, junitDetail)}
	case NotClaimed:
		c.Skipped = &junitProblem{Message: spelled.Line("not claimed: " + r.Reason)}
	}
	if r.Outcome == Failed || r.Outcome == Errored || len(r.Exchanges) > 0 {
		c.SystemOut = &junitText{contextText(r, junitDetail)}
	}
	return c
}

// junitClass is a class with a package before it: Jenkins takes what stands
// before the last dot for one, and calls it (root) where there is none.
func junitClass(class string) string { return "conformance." + spelled.Line(class) }

func junitMessage(r Result) string {
	message := spelled.Clip(r.Violations[0].Message, junitDetail.value)
	if more := len(r.Violations) - 1; more > 0 {
		message += " (and " + counted(more, "more violation") + ")"
	}
	return spelled.Line(message)
}

// violatedRules returns the rules that a result violated, each once.
func violatedRules(r Result) []string {
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
func junitBroken(h Header, f Footer) junitCase {
	name := "every planned scenario ended"
	if f.Ended.Status == Complete && f.Ended.Reason != "" {
		name = "nothing speaks against the run"
	}
	_, more := reasonOf(f.Ended)
	return junitCase{
		ClassName: junitClass("run"),
		Name:      name,
		Time:      seconds(0),
		Error:     &junitProblem{Message: strings.Join(whyNot(f), ", "), Type: "run", Text: strings.TrimSpace(SummaryLine(h, f) + "\n" + more)},
	}
}

func resultProperties(r Result) *junitProperties {
	return filled([]junitProperty{
		{"title", r.Title},
		{"rules", strings.Join(r.Rules, ", ")},
		{"level", r.Level},
		{"severity", r.Severity},
		{"waived", waivedBy(r)},
	})
}

// waivedBy is the reason of a waived result; empty for any other.
func waivedBy(r Result) string {
	if r.Outcome != Waived {
		return ""
	}
	return r.Reason
}

func headerProperties(h Header) *junitProperties {
	return filled([]junitProperty{
		{"schema", h.Schema},
		{"tool", strings.TrimSpace(h.Tool.Name + " " + h.Tool.Version)},
		{"run", h.Run},
		{"seed", h.Seed},
		{"level", h.Level},
		{"target", strings.TrimSpace(h.Target.Kind + " " + h.Target.Address)},
		{"profile", spaced(h.Target.Profile, h.Target.ProfileDigest)},
		{"corpus", h.Corpus.named()},
		{"registry", h.Registry.Digest},
		{"waivers", waiverFiles(h)},
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
