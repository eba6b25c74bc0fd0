package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// contrasts are the lowest contrast of text on its background in the page, as
// WCAG 2.2 defines it, and where that is.
const contrasts = `(() => {
	const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return {rgb: m.slice(0, 3), alpha: m.length > 3 ? m[3] : 1}; };
	const light = rgb => { const [r, g, b] = rgb.map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	let worst = {ratio: 99, where: ""};
	for (const e of document.querySelectorAll("main *")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
		let at = e, back;
		for (; at; at = at.parentElement) { back = parse(getComputedStyle(at).backgroundColor); if (back.alpha === 1) break; }
		const a = light(parse(getComputedStyle(e).color).rgb), b = light(back ? back.rgb : [255, 255, 255]);
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < worst.ratio) worst = {ratio, where: e.tagName + "." + e.className + ": " + e.textContent.slice(0, 40)};
	}
	return worst;
})()`

func TestLegibleInLightAndDark(t *testing.T) {
	file := writePage(t, 400)
	backgrounds := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			b := openPage(t, file, "#"+opened, media("screen", scheme))
			b.isOpen()
			worst := value[struct {
				Ratio float64
				Where string
			}](b, contrasts)
			if worst.Ratio < 4.5 || worst.Where == "" {
				t.Errorf("contrast is %.2f at %s; WCAG AA asks for 4.5", worst.Ratio, worst.Where)
			}
			backgrounds[scheme] = value[string](b, `getComputedStyle(document.body).backgroundColor`)
			b.shot("open-" + scheme)
			b.clean()
		})
	}
	if backgrounds["light"] == backgrounds["dark"] {
		t.Errorf("light and dark have the same background %s", backgrounds["light"])
	}
}

func TestOnAPhone(t *testing.T) {
	b := openPage(t, writePage(t, 400), "", phone())
	b.holds(`document.documentElement.scrollWidth <= innerWidth`)
	b.holds(`getComputedStyle(document.getElementById("detail")).display === "none"`)
	b.shot("phone")
	b.run(script(`document.getElementById("scenarios").scrollIntoView()`))
	b.shot("phone-list")
	b.choose("outcome", "failed")
	b.run(click(`.row[title="` + opened + `"]`))
	b.isOpen()
	b.holds(`{const r = document.getElementById("detail").getBoundingClientRect(); r.left === 0 && r.top === 0 && r.width === innerWidth && r.height === innerHeight}`)
	b.holds(`document.getElementById("detail").scrollWidth <= innerWidth`)
	b.shot("phone-open")
	b.run(click(".back"))
	b.holds(`getComputedStyle(document.getElementById("detail")).display === "none"`)
	b.clean()
}

func TestPrinted(t *testing.T) {
	b := openPage(t, writePage(t, 2_000), "#"+opened)
	b.isOpen()
	b.choose("outcome", "failed")
	paper := get(b, chromedp.PrintToPDF(chromedp.PDFPrintBackground()))
	if len(paper) < 10_000 {
		t.Errorf("the paper has %d bytes", len(paper))
	}
	b.holds(`document.querySelectorAll("#printed tr").length === Number(document.getElementById("count").textContent.split(" ")[0])`)
	b.run(media("print", "light"))
	for _, id := range []string{"list", "tools"} {
		b.holds(`getComputedStyle(document.getElementById("` + id + `")).display === "none"`)
	}
	b.holds(`document.getElementById("printed").checkVisibility() && document.getElementById("detail").checkVisibility()`)
	b.clean()
}

// How long the page takes from a key to the drawn list, with 20,000 scenarios.
func BenchmarkFilter(b *testing.B) {
	p := openPage(b, writePage(b, 20_000), "")
	for b.Loop() {
		p.choose("q", "openai")
		p.choose("q", "")
	}
}
