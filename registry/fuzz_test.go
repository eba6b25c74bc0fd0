package registry_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
)

var withPlace = regexp.MustCompile(`^fuzz\.yaml:[1-9][0-9]*:[1-9][0-9]*: .`)

// FuzzLoad: whatever the bytes, Load ends with a registry that can be used or
// with an error with its place in the file, and never panics.
func FuzzLoad(f *testing.F) {
	data, err := os.ReadFile("providers.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(data), minimal, ties, "", "- 1", "a: &a {<<: *a}", "&a [*a]", "? [x]\n: y\n", minimal + "---\n", chainOfMerges(5)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := registry.Load("fuzz.yaml", data)
		if err != nil {
			if r != nil || !withPlace.MatchString(err.Error()) {
				t.Fatalf("registry %v, error without a place: %v", r, err)
			}
			return
		}
		for _, p := range r.Providers {
			if p.Name == "" || len(p.AuthEnv) == 0 || r.Provider(p.Name) != p {
				t.Fatalf("provider %+v is not valid", p)
			}
			p.Hosts()
		}
		for _, runtime := range r.Runtimes {
			if runtime.Name == "" || len(runtime.Native) == 0 || r.Runtime(runtime.Name) != runtime {
				t.Fatalf("runtime %+v is not valid", runtime)
			}
		}
		for _, route := range r.Routes() {
			need := ""
			if len(route.Needs) > 0 {
				need = route.Needs[0]
			}
			if d := r.Derive(route.Runtime, route.Model, scope(need)); d.Provider != route.Provider {
				t.Fatalf("route %+v: %s", route, d.Explain())
			}
		}
	})
}

// FuzzDerive holds Derive to the rules as naive prose would have them.
func FuzzDerive(f *testing.F) {
	registries := []*registry.Registry{registry.Embedded(), mustLoad(f, ties)}
	for i, r := range registries {
		for _, route := range r.Routes() {
			f.Add(i == 0, route.Runtime, route.Model, strings.Join(route.Needs, ","))
		}
	}
	f.Add(true, "codex", " gpt-5.5\n", "OPENAI_API_KEY,CODEX_AUTH_JSON")
	f.Add(false, "main", "q-1", "TWO")
	f.Fuzz(func(t *testing.T, embedded bool, runtime, model, env string) {
		r := registries[1]
		if embedded {
			r = registries[0]
		}
		inScope := scope(strings.Split(env, ",")...)
		d := r.Derive(runtime, model, inScope)
		want, reason := deriveByTheBook(r, runtime, model, inScope)
		if d.Provider != want || d.Reason != reason || (d.By == "") != (want == nil) {
			t.Fatalf("derived %v %q, want %v %q", d.Provider, d.Reason, want, reason)
		}
		if d.Explain() == "" {
			t.Fatal("nothing is explained")
		}
	})
}

// deriveByTheBook is DER-1 and DER-2 with no thought of speed.
func deriveByTheBook(r *registry.Registry, runtime, model string, inScope func(string) bool) (*registry.Provider, registry.Reason) {
	i := slices.IndexFunc(r.Runtimes, func(rt *registry.Runtime) bool { return rt.Name == runtime })
	model = strings.TrimSpace(model)
	switch {
	case i < 0:
		return nil, registry.UnknownRuntime
	case model == "":
		return nil, registry.EmptyModel
	}
	var listing, matching []*registry.Provider
	for _, native := range r.Runtimes[i].Native {
		if slices.Contains(native.Models, model) {
			listing = append(listing, native.Provider)
		}
		if native.Provider.Matches(model) {
			matching = append(matching, native.Provider)
		}
	}
	accepting := func(providers []*registry.Provider) []*registry.Provider {
		return slices.DeleteFunc(slices.Clone(providers), func(p *registry.Provider) bool {
			return !slices.ContainsFunc(p.AuthEnv, inScope)
		})
	}
	switch {
	case len(listing) > 0 && len(accepting(listing)) > 0:
		return accepting(listing)[0], ""
	case len(listing) > 0:
		return listing[0], ""
	case len(matching) == 0:
		return nil, registry.UnownedModel
	case len(matching) == 1:
		return matching[0], ""
	case len(accepting(matching)) == 1:
		return accepting(matching)[0], ""
	}
	return nil, registry.UndecidedOverlap
}
