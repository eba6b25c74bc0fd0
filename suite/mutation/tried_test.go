//go:build mutation

//lint:file-ignore ST1019 scripts/mutation leads the imports named tried… to a copy.

package mutation

import (
	"context"
	"fmt"
	"net/http"

	"github.com/molecule-ai/byok-conformance/gate"

	triedgate "github.com/molecule-ai/byok-conformance/gate"
	triedregistry "github.com/molecule-ai/byok-conformance/registry"
)

// tried is the reference gate of the copy, as the suite's own kind of gate.
type tried struct{ reference *triedgate.Reference }

// newTried builds the copy's gate over the copy's reading of a registry,
// with its own default for the probe's bound.
func newTried(providers http.RoundTripper, name string, file []byte) (gate.Gate, error) {
	reg, err := triedregistry.Load(name, file)
	if err != nil {
		return nil, fmt.Errorf("loading %s with the copy's loader: %w", name, err)
	}
	return tried{triedgate.NewReference(reg, triedgate.Options{Transport: providers})}, nil
}

// Decide carries the request over, and the decision back, field by field: to
// the compiler the copy's types are others.
func (t tried) Decide(ctx context.Context, req gate.Request) (gate.Decision, error) {
	d, err := t.reference.Decide(ctx, triedgate.Request{
		Stage: triedgate.Stage(req.Stage), Runtime: req.Runtime, Model: req.Model, External: req.External, URL: req.URL,
		Secrets: triedgate.Secrets{Workspace: secrets(req.Secrets.Workspace), Global: secrets(req.Secrets.Global)},
	})
	out := gate.Decision{
		Verdict: gate.Verdict(d.Verdict), Code: gate.Code(d.Code), Provider: d.Provider,
		Accepted: d.Accepted, Credential: d.Credential, Message: d.Message,
	}
	for _, n := range d.Notices {
		out.Notices = append(out.Notices, gate.Notice(n))
	}
	return out, err
}

func secrets(in map[string]gate.Secret) map[string]triedgate.Secret {
	out := make(map[string]triedgate.Secret, len(in))
	for name, s := range in {
		out[name] = triedgate.Secret(s)
	}
	return out
}
