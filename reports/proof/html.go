package proof

import (
	_ "embed" // for the page
	"html/template"
	"io"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

//go:embed page.html
var page string

var pageTemplate = template.Must(template.New("proof").Funcs(template.FuncMap{
	"line": spelled.Line, "text": spelled.Text, "number": spelled.Number, "join": strings.Join,
	"counted": spelled.Counted, "counts": func(g ControlledBy) string { return g.counts() }, "first": func(g ControlledBy) string { return g.first() },
}).Parse(page))

// pageIDs is how many open combinations the page lists, to stay small.
const pageIDs = 200

// writeHTML writes a proof as one page that asks nothing of the network.
func writeHTML(w io.Writer, p *Proof) error {
	type row struct {
		Provider          string
		Create, Provision Counts
		Asked, AskedAgain int
	}
	view := struct {
		*Proof
		Rows  []row
		Open  string
		IDs   []string
		More  int
		Gaps  []string
		Facts [][2]string
	}{Proof: p, Gaps: p.gaps(), Facts: p.facts()}
	for _, r := range p.Providers {
		view.Rows = append(view.Rows, row{r.Provider, r.Create, r.Provision, r.Create.judged(), r.Provision.judged()})
	}
	if p.Smallest != nil {
		view.Open = p.Smallest.text()
		view.IDs = p.OpenIDs[:min(len(p.OpenIDs), pageIDs)]
		view.More = len(p.OpenIDs) - len(view.IDs)
	}
	return pageTemplate.Execute(w, view)
}
