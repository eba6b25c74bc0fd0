package browsertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestFilterAndSearch(t *testing.T) {
	b := openPage(t, writePage(t, 400), "")
	b.shot("light")
	all := "400 scenarios"
	cases := []struct{ filter, value, want string }{
		{"class", "dead", "93 scenarios of 400"},
		{"class", "", all},
		{"rule", "PRE-2", "30 scenarios of 400"},
		{"rule", "", all},
		{"outcome", "failed", "8 scenarios of 400"},
		{"q", "case 2 dead", "33 scenarios of 400"},
		{"outcome", "", ""},
		{"q", "allowed must be refused", "1 scenario of 400"},
		{"q", "no such words", "0 scenarios of 400"},
	}
	for _, c := range cases {
		b.choose(c.filter, c.value)
		got := b.text("#count")
		want := fmt.Sprint(value[int](b, countExpression))
		if number, _, _ := strings.Cut(got, " "); number != want {
			t.Errorf("%s=%q: the page counts %q, and %s results match", c.filter, c.value, got, want)
		}
	}
	b.holds(`!document.getElementById("none").classList.contains("hidden")`)
	b.run(click("#reset"))
	if got := b.text("#count"); got != all {
		t.Errorf("cleared, the page counts %q", got)
	}
	b.clean()
}

// countExpression counts what must match from the page's data, by other means
// than the page's own script.
const countExpression = `document.getElementById("results").textContent.trim().split("\n").map(JSON.parse).filter(r => {
	const f = id => document.getElementById(id).value;
	const text = (r.id + "\n" + r.title + "\n" + r.violations.map(v => v.rule + " " + v.message).join("\n")).toLowerCase();
	return (!f("class") || r.class === f("class")) && (!f("rule") || r.rules.concat(r.violations.map(v => v.rule)).includes(f("rule"))) &&
		(!f("outcome") || r.outcome === f("outcome")) && f("q").toLowerCase().split(" ").every(w => text.includes(w));
}).length`

func TestClickingOpensAScenario(t *testing.T) {
	b := openPage(t, writePage(t, 400), "")
	b.choose("outcome", "failed")
	b.run(click(`.row[title="` + opened + `"]`))
	b.isOpen()
	b.shot("open")
	detail := strings.ToLower(b.text("#detail"))
	for _, want := range []string{
		"given", "claude-code", "openai_api_key = live", "expected", "refused with missing_byok_credential", "anthropic-api",
		"seen", "allowed (status 201)", "harness → target: post http://127.0.0.1:8080/workspaces → 201", "conformance run --id " + strings.ToLower(opened),
	} {
		if !strings.Contains(detail, want) {
			t.Errorf("the scenario does not show %q", want)
		}
	}
	b.holds(`decodeURIComponent(location.hash) === "#` + opened + `"`)
	b.clean()
}

func TestADeepLinkOpensItsScenario(t *testing.T) {
	b := openPage(t, writePage(t, 20_000), "#"+opened)
	b.isOpen()
	// One that is far down, and hidden by a filter, is shown all the same.
	b.choose("class", "valid")
	b.run(script(`location.hash = "#provision/case/19999"`))
	b.waits(headingIs("provision/case/19999"))
	b.holds(`document.getElementById("class").value === ""`)
	b.holds(`document.querySelector(".row[aria-selected=true]").title === "provision/case/19999"`)
	b.holds(`{const r = document.querySelector(".row[aria-selected=true]").getBoundingClientRect(), l = document.getElementById("list").getBoundingClientRect(); r.top >= l.top - 1 && r.bottom <= l.bottom + 1}`)
	b.clean()
}

func TestACellOfTheMatrixLeadsToItsScenarios(t *testing.T) {
	b := openPage(t, writePage(t, 400), "")
	b.holds(`document.querySelectorAll(".heat td a").length === 30`)
	b.holds(`document.querySelectorAll(".heat td a.failed").length === 1`)
	b.run(click(".heat td a.failed"))
	b.waits(`document.querySelectorAll(".row").length === 1`)
	if got := b.text("#count"); got != "1 scenario of 400" {
		t.Errorf("the cell leads to %q", got)
	}
	b.clean()
}

// The list draws what is in sight, however long it is.
func TestTwentyThousandScenarios(t *testing.T) {
	b := openPage(t, writePage(t, 20_000), "")
	b.run(script(`document.getElementById("list").scrollIntoView()`))
	for _, top := range []int{0, 500_000, 1_119_000} {
		b.run(script(fmt.Sprintf(`document.getElementById("list").scrollTop = %d`, top)))
		b.run(chromedp.Evaluate[chromedp.Void](`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))`, chromedp.EvalAwaitPromise))
		b.holds(`document.querySelectorAll(".row").length < 60`)
		b.holds(`{const l = document.getElementById("list").getBoundingClientRect(); const e = document.elementFromPoint(l.left + 60, l.top + l.height / 2); e !== null && e.closest(".row") !== null}`)
	}
	b.clean()
}

func TestKeyboardAlone(t *testing.T) {
	b := openPage(t, writePage(t, 400), "")
	b.run(chromedp.KeyEvent("/"))
	b.holds(`document.activeElement.id === "q"`)
	b.run(chromedp.KeyEvent("openai_api_key anthropic"), chromedp.KeyEvent(kb.Escape))
	b.holds(`document.activeElement.id === "list"`)
	b.run(chromedp.KeyEvent(kb.ArrowDown))
	b.waits(headingIs("anthropic-api with only OPENAI_API_KEY at workspace"))
	b.run(chromedp.KeyEvent(kb.Enter))
	b.holds(`document.activeElement.id === "detail"`)
	b.run(chromedp.KeyEvent(kb.Escape))
	b.holds(`document.activeElement.id === "list"`)
	b.holds(`document.getElementById("detail").classList.contains("closed")`)
	b.run(chromedp.KeyEvent(kb.End))
	b.waits(`document.querySelector(".row[aria-selected=true]") !== null`)
	b.clean()
}

// clean fails where the page asked for anything but itself, where its script
// complained, or where text of a server ran.
func (b *browser) clean() {
	b.t.Helper()
	b.holds(`window.pwned === undefined`)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if !strings.HasPrefix(url, "file:///") || !strings.Contains(url, "/report.html") {
			b.t.Errorf("the page asked for %s", url)
		}
	}
	if len(b.requests) == 0 {
		b.t.Error("no request was seen, not even the page's own; nothing was watched")
	}
	if len(b.complaints) > 0 || b.dialogs > 0 {
		b.t.Errorf("the page complained %q and opened %d dialogs", b.complaints, b.dialogs)
	}
}

// headingIs is true once the open scenario has that title.
func headingIs(title string) string {
	return `(document.querySelector("#detail h2") || {}).textContent === "` + title + `"`
}

// isOpen holds the open scenario to be the one that failed, with what the
// server sent in it as text.
func (b *browser) isOpen() {
	b.t.Helper()
	b.waits(headingIs("anthropic-api with only OPENAI_API_KEY at workspace"))
	b.holds(`document.querySelector("#detail .id").textContent === "` + opened + `"`)
	// What a server sent is there to be read, and is text.
	b.holds(`document.getElementById("detail").innerText.includes("</script><script>window.pwned=1")`)
	b.holds(`document.querySelectorAll("#detail script, #detail img").length === 0`)
	b.holds(`!/[\u001b\u202e]/.test(document.getElementById("detail").innerText)`)
}
