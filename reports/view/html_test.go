package view

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// A bareHTML writes the page without its style and its script, which stand in
// files of their own and change with every hand that is laid on them.
type bareHTML struct {
	Writer
	page bytes.Buffer
	to   *bytes.Buffer
}

func asBareHTML(b *bytes.Buffer) Writer {
	bare := &bareHTML{to: b}
	bare.Writer = NewHTML(&bare.page)
	return bare
}

func (b *bareHTML) End(f Footer) error {
	err := b.Writer.End(f)
	text := b.page.String()
	for name, file := range map[string]string{"style": "style.css", "script": "app.js"} {
		text = strings.Replace(text, string(asset(file)), name, 1)
		text = strings.ReplaceAll(text, sourceHash(asset(file)), "hash of the "+name)
	}
	b.to.WriteString(text)
	return err
}

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
	want, _ := elements(t, write(t, hostileRun("plain"), asHTML))
	for name, s := range hostile {
		t.Run(name, func(t *testing.T) {
			page := write(t, hostileRun(s), asHTML)
			got, results := elements(t, page)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("elements (-plain +hostile):\n%s", diff)
			}
			lines := strings.Split(strings.TrimSpace(results), "\n")
			if len(lines) != 5 {
				t.Fatalf("there are %d results, want 5", len(lines))
			}
			for i, line := range lines {
				var r Result
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					t.Fatal(err)
				}
				if want := visible(hostileRun(s).Results[i]); cmp.Diff(want, r) != "" {
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
	page := write(t, sample(), asHTML)
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
	result := func(id string, o Outcome) Result { return Result{ID: id, Outcome: o} }
	m := newMatrix()
	for _, r := range []Result{
		result("mismatched/foreign/groq/HF_TOKEN/workspace", Passed), result("mismatched/foreign/groq/HF_TOKEN/global", Failed),
		result("mismatched/beside-blank/groq/OPENAI_API_KEY", Passed), result("mismatched/one-at-each/openai-api/HF_TOKEN/GROQ_API_KEY", Errored),
		result("mismatched/report", Failed), result("provision/swapped/groq/HF_TOKEN", Passed),
		result("provision/swapped-for-global/groq/HF_TOKEN", Waived), result("provision/kept/groq/x/HF_TOKEN", Failed),
	} {
		m.add(r)
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
		"create":                           "3 pairs of provider and foreign credential, 1 held in every case",
		"create groq HF_TOKEN":             "failed ✗ class=mismatched&q=%2Fgroq%2FHF_TOKEN",
		"create groq OPENAI_API_KEY":       "passed ✓ class=mismatched&q=%2Fgroq%2FOPENAI_API_KEY",
		"create openai-api HF_TOKEN":       "error ! class=mismatched&q=%2Fopenai-api%2FHF_TOKEN",
		"create openai-api OPENAI_API_KEY": "  ",
		"provision":                        "1 pair of provider and foreign credential, 0 held in every case",
		"provision groq HF_TOKEN":          "waived w class=provision&q=%2Fgroq%2FHF_TOKEN",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("matrix (-want +got):\n%s", diff)
	}
}
