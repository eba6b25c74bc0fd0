package view

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"

	"github.com/molecule-ai/byok-conformance/reports/reportstest"
)

// ourTags are the only ones that a page may hold.
var ourTags = regexp.MustCompile(`</?(details|summary|code|pre)>`)

// preBlock is where Markdown has no meaning.
var preBlock = regexp.MustCompile(`(?s)\n<pre>\n.*?</pre>\n`)

func TestMarkdownHasNoMarkupOfTheServer(t *testing.T) {
	for name, s := range reportstest.Hostile {
		t.Run(name, func(t *testing.T) {
			page := write(t, reportstest.HostileRun(s), WriteMarkdown)
			if len(page) > markdownLimit {
				t.Errorf("the page has %d bytes, more than %d", len(page), markdownLimit)
			}
			if rest := ourTags.ReplaceAllString(page, ""); strings.ContainsAny(rest, "<>") {
				t.Errorf("markup got through:\n%s", rest)
			}
			for _, tag := range []string{"details", "pre", "code", "summary"} {
				if opened, closed := strings.Count(page, "<"+tag+">"), strings.Count(page, "</"+tag+">"); opened != closed {
					t.Errorf("<%s> is opened %d times and closed %d times", tag, opened, closed)
				}
			}
			text := preBlock.ReplaceAllString(page, "\n")
			if strings.ContainsAny(text, "`*[]~@\x1b\x00\x07\u202e\u2028\ufffd") {
				t.Errorf("Markdown or control characters got through:\n%q", text)
			}
			if strings.Contains(text, "://") {
				t.Error("a link would be made")
			}
			if n := strings.Count(page, "\n## "); n != 0 || !strings.HasPrefix(page, "## BYOK conformance: interrupted\n") {
				t.Errorf("%d headings besides ours", n)
			}
			for line := range strings.Lines(text) {
				// The bars of a table's row are ours: 7 or 9 of them.
				if n := strings.Count(line, "|"); n != 0 && n != 7 && n != 9 {
					t.Errorf("a row with %d bars: %s", n, line)
				}
			}
		})
	}
}

func TestMarkdownStaysWithinItsLimit(t *testing.T) {
	for name, s := range reportstest.Hostile {
		// Few failures of few rules, and one failure of more rules than fit.
		for shape, run := range map[string]*reportstest.Parts{"folds": manyFailures(12, 12, s), "table": manyFailures(400, 1, s)} {
			for _, limit := range []int{1, 20_000, 60_000} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, shape, limit), func(t *testing.T) {
					page := write(t, run, func(w io.Writer, run *reports.Run) error { return writeMarkdown(w, run, limit) })
					if most := max(limit, markdownLeast); len(page) > most {
						t.Errorf("%d bytes, more than %d", len(page), most)
					}
					if !strings.Contains(page, " more, see the JSON report") {
						t.Error("it does not say that failures are left out")
					}
					if told := strings.Contains(page, " more rules, see the JSON report"); told != (limit < 60_000 && shape == "table") {
						t.Errorf("that it leaves rules out is told: %v", told)
					}
				})
			}
		}
	}
}

// A rule that failed thousands of times leaves room for one that failed once.
func TestMarkdownShowsEveryRule(t *testing.T) {
	run := manyFailures(1, 3000, "x")
	rare := reportstest.Mismatch()
	rare.ID, rare.Violations[0].Rule = "rare", "LIV-6"
	run.Results = append(run.Results, rare)
	run.Header.Planned++
	run.Footer = reportstest.Footer(run, reports.Ended{Status: reports.Complete})
	page := write(t, run, WriteMarkdown)
	for _, want := range []string{
		"<summary>3,000 failures of <code>PRE-0</code>", "… 2,990 more, see the JSON report",
		"<summary>1 failure of <code>LIV-6</code>", "<code>rare</code>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
}

// What is kept of a rule's failures is bounded by bytes too, not by number alone.
func TestMarkdownKeepsLittle(t *testing.T) {
	const limit = 20_000
	w := &markdownPage{limit: limit, folds: map[string]*fold{}, waived: map[string]int{}}
	for _, r := range manyFailures(1, 12, strings.Repeat("x", 2000)).Results {
		w.add(&r)
	}
	kept := w.folds["PRE-0"]
	if last := kept.blocks[len(kept.blocks)-1]; kept.size-len(last) > limit/4 {
		t.Errorf("%d blocks with %d bytes are kept for a page of %d", len(kept.blocks), kept.size, limit)
	}
}

// manyFailures fails each of so many rules so many times.
func manyFailures(rules, times int, s string) *reportstest.Parts {
	run := &reportstest.Parts{Header: reportstest.Header()}
	for rule := range rules {
		for i := range times {
			r := reportstest.Mismatch()
			r.ID = fmt.Sprintf("%s/%d/%d", s, rule, i)
			r.Violations[0] = reports.Violation{Rule: fmt.Sprintf("PRE-%d", rule), Message: s, Want: s, Got: s}
			r.Exchanges[0].ResponseBody = s
			run.Results = append(run.Results, r)
		}
	}
	run.Header.Planned = len(run.Results)
	run.Footer = reportstest.Footer(run, reports.Ended{Status: reports.Complete})
	return run
}
