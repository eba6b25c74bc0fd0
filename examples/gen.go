//go:build ignore

// Gen prints our registry as the JSON that the example servers read: Node and
// Python have no YAML in their standard libraries.
//
//	go run ./examples/gen.go > examples/registry.json
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/molecule-ai/byok-conformance/registry"
)

type document struct {
	// Providers and the natives of a runtime keep the registry's order, which
	// breaks ties (DER-2).
	Providers []provider          `json:"providers"`
	Runtimes  map[string][]native `json:"runtimes"`
}

type provider struct {
	Name     string `json:"name"`
	Protocol string `json:"protocol"`
	AuthMode string `json:"auth_mode"`
	// BaseURL is as in the registry: empty where there is none, and with its
	// {placeholders} where it is a template.
	BaseURL  string   `json:"base_url"`
	Accepted []string `json:"accepted"`
	// Pattern is RE2, empty where the provider owns no model by pattern.
	Pattern string `json:"pattern"`
}

type native struct {
	Provider string   `json:"provider"`
	Models   []string `json:"models"`
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(convert(registry.Embedded())); err != nil {
		fmt.Fprintln(os.Stderr, "gen: printing the registry as JSON:", err)
		os.Exit(1)
	}
}

func convert(r *registry.Registry) document {
	d := document{Runtimes: map[string][]native{}}
	for _, p := range r.Providers {
		d.Providers = append(d.Providers, provider{
			p.Name, p.Protocol, p.AuthMode, p.BaseURLTemplate, p.AuthEnv, p.ModelPrefixMatch,
		})
	}
	for _, rt := range r.Runtimes {
		for _, n := range rt.Native {
			// append keeps a provider that lists no model at [] and not at null.
			d.Runtimes[rt.Name] = append(d.Runtimes[rt.Name], native{n.Provider.Name, append([]string{}, n.Models...)})
		}
	}
	return d
}
