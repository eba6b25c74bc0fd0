package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// offeredCall is how the server lists the models that it offers for a runtime.
type offeredCall struct {
	call   call
	models *expression
}

// An Offer is one model that a server lists for a runtime.
type Offer struct {
	// Provider is empty, and AuthEnv nil, where the list does not say it.
	Model, Provider string
	AuthEnv         []string
	// Platform: the operator pays.
	Platform bool
}

// Offers reports whether the profile says how the server lists what it offers.
func (t *Target) Offers() bool { return t.profile.offered.call.set && t.profile.offered.models != nil }

// Differences compares what the server offers with a registry: a line for each
// runtime and model that only one of them has, or whose provider differs; sorted by
// the registry's runtimes. asked is false where the server has no such list. A
// model that the server lists under the first of several providers is no difference.
func (t *Target) Differences(ctx context.Context, reg *registry.Registry) (lines []string, asked bool, err error) {
	var unknown []string
	for _, r := range reg.Runtimes {
		offers, known, err := t.Offered(ctx, r.Name)
		if err != nil {
			return nil, false, err
		}
		if !known {
			unknown = append(unknown, r.Name+": the server does not know the runtime")
			continue
		}
		asked = true
		lines = append(lines, differing(r, offers)...)
	}
	if !asked {
		return nil, false, nil
	}
	return append(lines, unknown...), true, nil
}

// differing holds what the server offers for a runtime to what the registry lists.
func differing(r *registry.Runtime, list []Offer) (lines []string) {
	offers := map[string]string{}
	for _, o := range list {
		offers[o.Model] = o.Provider
	}
	listed := map[string][]string{}
	for _, n := range r.Native {
		for _, model := range n.Models {
			listed[model] = append(listed[model], n.Provider.Name)
		}
	}
	for model, providers := range listed {
		switch provider, there := offers[model]; {
		case !there:
			lines = append(lines, fmt.Sprintf("%s %s: only the registry has it (%s)", r.Name, model, strings.Join(providers, ", ")))
		case provider != "" && !slices.Contains(providers, provider):
			lines = append(lines, fmt.Sprintf("%s %s: %s in the registry, %s at the server", r.Name, model, strings.Join(providers, ", "), provider))
		}
	}
	for model, provider := range offers {
		if listed[model] == nil {
			lines = append(lines, fmt.Sprintf("%s %s: only the server has it (%s)", r.Name, model, provider))
		}
	}
	slices.Sort(lines)
	return lines
}

// Offered are the models that the server lists for a runtime, in its order; known
// is false where the server does not know the runtime, or has no list.
func (t *Target) Offered(ctx context.Context, runtime string) (models []Offer, known bool, err error) {
	o := &t.profile.offered
	r, err := t.do(ctx, &o.call, subject{values: map[string]string{"runtime": runtime}})
	if err != nil {
		return nil, false, fmt.Errorf("listing what the server offers (offered of the profile): %w", err)
	}
	list, ok := r.ask(o.models).([]any)
	if !ok || !o.call.isDone(r) {
		return nil, false, nil
	}
	for _, item := range list {
		m, _ := item.(map[string]any)
		offer := Offer{}
		offer.Model, _ = m["model"].(string)
		offer.Provider, _ = m["provider"].(string)
		offer.Platform, _ = m["platform"].(bool)
		names, _ := m["auth_env"].([]any)
		for _, n := range names {
			if name, ok := n.(string); ok {
				offer.AuthEnv = append(offer.AuthEnv, name)
			}
		}
		if offer.Model != "" {
			models = append(models, offer)
		}
	}
	return models, true, nil
}
