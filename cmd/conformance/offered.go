package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/registry"
)

// shownDifferences is how many pairs that differ are named; --check names them all.
const shownDifferences = 8

// compareOffered says which pairs of runtime and model the server offers otherwise
// than the registry in use. The run goes on: the corpus follows the registry.
func (p *prepared) compareOffered(ctx context.Context, w io.Writer) error {
	t, ok := p.target.Target.(interface {
		Offers() bool
		Differences(context.Context, *registry.Registry) ([]string, bool, error)
	})
	if !ok || !t.Offers() {
		return nil
	}
	lines, asked, err := t.Differences(ctx, p.registry)
	if err != nil || !asked || len(lines) == 0 {
		return err
	}
	shown, more := lines, ""
	if len(lines) > shownDifferences && !p.flags.Check {
		shown, more = lines[:shownDifferences], fmt.Sprintf("\n  and %s more; --check names them all", spelled.Number(len(lines)-shownDifferences))
	}
	for i, line := range shown {
		shown[i] = spelled.Line(line)
	}
	fmt.Fprintf(w, "conformance: what the server offers differs from the registry in use in %s; give the server's own with --registry FILE:\n  %s%s\n",
		spelled.Counted(len(lines), "pair"), strings.Join(shown, "\n  "), more)
	return nil
}
