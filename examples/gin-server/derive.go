package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// providersFile is the registry, in the order that breaks ties.
//
//go:embed providers.json
var providersFile []byte

// platform is the provider whose bill the operator pays.
const platform = "platform"

// A provider is a row of the registry.
type provider struct {
	Name     string   `json:"name"`
	Protocol string   `json:"protocol"`
	AuthMode string   `json:"auth_mode"`
	BaseURL  string   `json:"base_url"`
	Accepted []string `json:"accepted"`
	Pattern  string   `json:"pattern"`

	pattern *regexp.Regexp
}

// A native is one provider of a runtime, with the models that it lists for it.
type native struct {
	Provider string   `json:"provider"`
	Models   []string `json:"models"`

	provider *provider
}

type registry struct {
	Providers []*provider         `json:"providers"`
	Runtimes  map[string][]native `json:"runtimes"`
}

func loadRegistry(data []byte) (*registry, error) {
	var r registry
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("reading the registry: %w", err)
	}
	rows := map[string]*provider{}
	for _, p := range r.Providers {
		var err error
		if p.pattern, err = regexp.Compile(p.Pattern); err != nil {
			return nil, fmt.Errorf("reading the registry: provider %s: %w", p.Name, err)
		}
		rows[p.Name] = p
	}
	for name, natives := range r.Runtimes {
		for i, n := range natives {
			if natives[i].provider = rows[n.Provider]; natives[i].provider == nil {
				return nil, fmt.Errorf("reading the registry: runtime %s names provider %q, which has no row", name, n.Provider)
			}
		}
	}
	return &r, nil
}

// derive returns the provider of a (runtime, model) pair, or nil where there is
// none. A listed model beats every pattern; a tie goes to the provider that has
// a credential in scope.
func (r *registry) derive(runtime, model string, has func(*provider) bool) *provider {
	model = strings.TrimSpace(model)
	if model == "" {
		return nil
	}
	var listing, matching []*provider
	for _, n := range r.Runtimes[runtime] {
		if slices.Contains(n.Models, model) {
			listing = append(listing, n.provider)
		}
		if n.provider.Pattern != "" && n.provider.pattern.MatchString(model) {
			matching = append(matching, n.provider)
		}
	}
	if len(listing) > 0 {
		if i := slices.IndexFunc(listing, has); i >= 0 {
			return listing[i]
		}
		return listing[0]
	}
	if len(matching) > 1 {
		matching = slices.DeleteFunc(matching, func(p *provider) bool { return !has(p) })
	}
	if len(matching) != 1 {
		return nil
	}
	return matching[0]
}
