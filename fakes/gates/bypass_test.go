package gates

import (
	"errors"
	"net/http"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// The mismatch proof uses these gates as its control, and asks them without a
// server: each lets some foreign credential through that the reference refuses,
// and calls nobody for it.
func TestBypasses(t *testing.T) {
	reg := registry.Embedded()
	silent := gate.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		t.Errorf("a call to %s", r.URL.Host)
		return nil, errors.New("no call is due")
	})}
	reference := gate.NewReference(reg, silent)
	if len(Bypasses()) == 0 {
		t.Fatal("there is no bypass to find")
	}
	for _, d := range Bypasses() {
		if d.HTTPOnly() {
			t.Errorf("%s shows itself over HTTP only", d.Name)
			continue
		}
		g, let := d.Build(reg, silent), 0
		for req := range foreign(reg) {
			if verdictOf(t, reference, req) != gate.Refused {
				t.Fatalf("the reference gate allows %s with %s", req.Runtime, req.Model)
			}
			if verdictOf(t, g, req) == gate.Allowed {
				let++
			}
		}
		if let == 0 {
			t.Errorf("%s lets nothing through", d.Name)
		}
	}
}

func verdictOf(t *testing.T, g gate.Gate, req gate.Request) gate.Verdict {
	t.Helper()
	d, err := g.Decide(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return d.Verdict
}

// foreign yields every provider with every known credential that it does not
// accept: at each scope, at both, and beside a blank value of its own.
func foreign(reg *registry.Registry) func(yield func(gate.Request) bool) {
	there := gate.Secret{Value: "placeholder"}
	return func(yield func(gate.Request) bool) {
		for _, r := range reg.Routes() {
			if r.Provider.IsPlatform() || len(r.Needs) > 0 {
				continue
			}
			for _, name := range reg.CredentialNames() {
				if r.Provider.Accepts(name) {
					continue
				}
				one := map[string]gate.Secret{name: there}
				for _, s := range []gate.Secrets{
					{Workspace: one}, {Global: one}, {Workspace: one, Global: one},
					{Workspace: map[string]gate.Secret{name: there, r.Provider.AuthEnv[0]: {Value: " "}}},
				} {
					if reg.Derive(r.Runtime, r.Model, s.InScope).Provider != r.Provider {
						continue // a tie leads to the provider whose credential is there
					}
					for _, stage := range []gate.Stage{gate.Create, gate.Provision} {
						if !yield(gate.Request{Stage: stage, Runtime: r.Runtime, Model: r.Model, Secrets: s}) {
							return
						}
					}
				}
			}
		}
	}
}
