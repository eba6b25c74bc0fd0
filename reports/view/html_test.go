package view

import (
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"
	"golang.org/x/net/html"
)

// elements are what a browser makes of a page: its tags in order, and the text
// of the element that holds the results.
func elements(t *testing.T, page string) (tags []string, results string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	inResults := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			return tags, results
		case html.TextToken:
			if inResults {
				results += string(z.Raw())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			tags = append(tags, token.Data)
			inResults = slices.Contains(token.Attr, html.Attribute{Key: "id", Val: "results"})
		case html.EndTagToken:
			inResults = false
		case html.CommentToken:
			t.Error("there is a comment, and we write none")
		}
	}
}

// Whatever a server sent, the page has the elements that it has for plain text,
// and gives every result back.
func TestHTMLHasTheSameElementsWhateverTheServerSent(t *testing.T) {
	want, _ := elements(t, write(t, reportstest.HostileRun("plain"), WriteHTML))
	for name, s := range reportstest.Hostile {
		t.Run(name, func(t *testing.T) {
			page := write(t, reportstest.HostileRun(s), WriteHTML)
			got, results := elements(t, page)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("elements (-plain +hostile):\n%s", diff)
			}
			lines := strings.Split(strings.TrimSpace(results), "\n")
			if len(lines) != 5 {
				t.Fatalf("there are %d results, want 5", len(lines))
			}
			for i, line := range lines {
				var r reports.Result
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					t.Fatal(err)
				}
				if want := reports.Visible(resultAt(t, reportstest.HostileRun(s), i)); cmp.Diff(want, r, cmpopts.EquateEmpty()) != "" {
					t.Errorf("result %d differs:\n%s", i, cmp.Diff(want, r))
				}
			}
			if strings.ContainsFunc(page, func(r rune) bool { return r == 0x1b || r == 0x202e || r == 0xfffd || r == 0 }) {
				t.Error("the page holds a character that should be spelled out")
			}
		})
	}
}

// The page asks for nothing: it names no file and no host but those that are
// shown as text, and its policy lets nothing be loaded.
func TestHTMLIsSelfContained(t *testing.T) {
	page := write(t, reportstest.Sample(), WriteHTML)
	for _, pattern := range []string{`\ssrc=`, `<link`, `<iframe`, `@import`, `url\(`, `fetch\(`, `XMLHttpRequest`, `href="[^#]`} {
		if found := regexp.MustCompile(pattern).FindString(page); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
	policy := regexp.MustCompile(`content="(default-src [^"]+)"`).FindStringSubmatch(page)
	if policy == nil || !strings.HasPrefix(policy[1], "default-src 'none';") || strings.Contains(policy[1], "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
}

func TestHTMLMatrix(t *testing.T) {
	result := func(id string, o reports.Outcome) reports.Result { return reports.Result{ID: id, Outcome: o} }
	m, err := newMatrix()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []reports.Result{
		result("mismatched/foreign/groq/HF_TOKEN/workspace", reports.Passed), result("mismatched/foreign/groq/HF_TOKEN/global", reports.Failed),
		result("mismatched/beside-blank/groq/OPENAI_API_KEY", reports.Passed), result("mismatched/one-at-each/openai-api/HF_TOKEN/GROQ_API_KEY", reports.Errored),
		result("mismatched/report", reports.Failed), result("provision/swapped/groq/HF_TOKEN", reports.Passed),
		result("provision/swapped-for-global/groq/HF_TOKEN", reports.Waived), result("provision/kept/groq/x/HF_TOKEN", reports.Failed),
		result("mismatched/beside-empty/groq/NVIDIA_API_KEY", reports.Passed),
	} {
		m.add(&r)
	}
	got := map[string]string{}
	for _, table := range m.tables() {
		got[table.Stage] = table.Says
		for _, row := range table.Rows {
			for i, c := range row.Cells {
				got[table.Stage+" "+row.Provider+" "+table.Names[i]] = string(c.Outcome) + " " + c.Mark + " " + string(c.Query)
			}
		}
	}
	want := map[string]string{
		"create":                           "4 pairs of provider and foreign credential, 2 held in every case",
		"create groq HF_TOKEN":             "failed ✗ class=mismatched&q=%2Fgroq%2FHF_TOKEN",
		"create groq OPENAI_API_KEY":       "passed ✓ class=mismatched&q=%2Fgroq%2FOPENAI_API_KEY",
		"create groq NVIDIA_API_KEY":       "passed ✓ class=mismatched&q=%2Fgroq%2FNVIDIA_API_KEY",
		"create openai-api NVIDIA_API_KEY": "  ",
		"create openai-api HF_TOKEN":       "error ! class=mismatched&q=%2Fopenai-api%2FHF_TOKEN",
		"create openai-api OPENAI_API_KEY": "  ",
		"provision":                        "1 pair of provider and foreign credential, 0 held in every case",
		"provision groq HF_TOKEN":          "waived w class=provision&q=%2Fgroq%2FHF_TOKEN",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("matrix (-want +got):\n%s", diff)
	}
}

func resultAt(t *testing.T, p *reportstest.Parts, i int) reports.Result {
	t.Helper()
	r, err := p.Run().At(i)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
