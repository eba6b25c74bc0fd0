package terminaltest

import (
	"flag"
	"fmt"
	"html"
	"image/color"
	"os"
	"regexp"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

var update = flag.Bool("update", false, "write the README's picture of a run anew")

// pictured are the commands of the picture, from top to bottom.
var pictured = []documented{
	{args: []string{"run", "--id", "mismatched/report", "--target", "faulty:any-known-credential"}, status: 1},
	{args: []string{"run", "--id", "mismatched/report"}, status: 0},
}

const pictureFile = root + "/docs/pictures/run.svg"

// TestPicture makes the README's picture of a failing and of a passing run from
// the screen of a terminal, and holds the one in the repository to it. Numbers
// may differ: they are those of the corpus on the day that the picture was made.
func TestPicture(t *testing.T) {
	var raw strings.Builder
	for _, c := range pictured {
		s := start(t, size{100, 60}, nil, c.args...)
		if got := s.status(); got != c.status {
			t.Fatalf("exit status %d, want %d", got, c.status)
		}
		fmt.Fprintf(&raw, "\x1b[1m$ conformance %s\x1b[0m\r\n%s\r\n", strings.Join(c.args, " "), steady(s.written()))
	}
	screen := vt.NewEmulator(100, 60)
	_, _ = screen.WriteString(raw.String()) // fails only once it is closed
	got := drawing(screen)
	if *update {
		if err := os.MkdirAll(root+"/docs/pictures", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(pictureFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	if figures.ReplaceAllString(got, "0") != figures.ReplaceAllString(string(want), "0") {
		t.Errorf("%s is not what the program prints today; make it anew with go test . -run TestPicture -update", pictureFile)
	}
}

var figures = regexp.MustCompile(`[0-9][0-9,.]*`)

// steady gives what differs from run to run a value that stays.
func steady(screen string) string {
	for _, r := range []struct{ find, put string }{
		{`127\.0\.0\.1:\d+`, "127.0.0.1:8080"},
		{`\d+(\.\d+)? ms`, "1 ms"},
		{`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, "6f1c0d3e-52a7-4b9e-8c11-0a7d93f2be54"},
		{`byok-[0-9a-f]{8}-`, "byok-1f0c9a77-"},
	} {
		screen = regexp.MustCompile(r.find).ReplaceAllString(screen, r.put)
	}
	return screen
}

// What the picture measures, in pixels.
const (
	cellWidth, cellHeight = 8.4, 19.0
	margin, titleHeight   = 16.0, 30.0
)

// drawing is the screen as an SVG picture, without the empty rows at its end.
func drawing(screen *vt.Emulator) string {
	rows := 0
	for y := range screen.Height() {
		for x := range screen.Width() {
			if c := screen.CellAt(x, y); c != nil && strings.TrimSpace(c.Content) != "" {
				rows = y + 1
			}
		}
	}
	width, height := 2*margin+cellWidth*float64(screen.Width()), titleHeight+margin+cellHeight*float64(rows)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %[1]g %[2]g" role="img" aria-label="A terminal: a failing and a passing run">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%g" height="%g" rx="8" fill="#16181d"/>`+"\n", width, height)
	for i, c := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="16" r="6" fill="%s"/>`+"\n", 20+20*i, c)
	}
	b.WriteString(`<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">` + "\n")
	for y := range rows {
		for _, p := range pieces(screen, y) {
			bold := ""
			if p.bold {
				bold = ` font-weight="bold"`
			}
			fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" fill="%s"%s textLength="%.1f">%s</text>`+"\n",
				margin+cellWidth*float64(p.column), titleHeight+cellHeight*float64(y+1)-4, p.colour, bold, cellWidth*float64(p.columns), html.EscapeString(p.text))
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// A piece is text of one look in a row.
type piece struct {
	column, columns int
	text, colour    string
	bold            bool
}

func pieces(screen *vt.Emulator, y int) []piece {
	var out []piece
	for x := range screen.Width() {
		c := screen.CellAt(x, y)
		if c == nil || c.Width == 0 || strings.TrimSpace(c.Content) == "" {
			continue
		}
		colour, bold := shade(c.Style.Fg), c.Style.Attrs&uv.AttrBold != 0
		if n := len(out) - 1; n >= 0 && out[n].colour == colour && out[n].bold == bold && x-out[n].column-out[n].columns <= 1 {
			gap := x - out[n].column - out[n].columns
			out[n].text += strings.Repeat(" ", gap) + c.Content
			out[n].columns += gap + c.Width
			continue
		}
		out = append(out, piece{column: x, columns: c.Width, text: c.Content, colour: colour, bold: bold})
	}
	return out
}

// shade is a colour of the program as the picture has it.
func shade(c color.Color) string {
	if c == nil {
		return "#d7dae0"
	}
	r, g, b, _ := c.RGBA()
	switch {
	case r > b && g > b:
		return "#e5c07b" // yellow
	case r > g:
		return "#ff7b72" // red
	case g > r:
		return "#7ee787" // green
	}
	return "#d7dae0"
}
