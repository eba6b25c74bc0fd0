package reports

import (
	_ "embed" // for the page
	"html/template"
	"io"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

//go:embed proof.html
var proofPage string

var proofTemplate = template.Must(template.New("proof").Funcs(template.FuncMap{
	"line": spelled.Line, "text": spelled.Text, "number": spelled.Number, "join": strings.Join,
	"counted": counted, "counts": func(g ControlledBy) string { return g.counts() }, "first": func(g ControlledBy) string { return g.first() },
}).Parse(proofPage))

// proofPageIDs is how many open combinations the page lists, to stay small.
const proofPageIDs = 200

// writeProofHTML writes a proof as one page that asks nothing of the network.
func writeProofHTML(w io.Writer, p *Proof) error {
	type row struct {
		Provider          string
		Create, Provision ProofCounts
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
		view.IDs = p.OpenIDs[:min(len(p.OpenIDs), proofPageIDs)]
		view.More = len(p.OpenIDs) - len(view.IDs)
	}
	return proofTemplate.Execute(w, view)
}
