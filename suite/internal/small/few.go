package small

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/registry"
)

// fewProviders are those that are like all others: asked by each protocol and not
// at all, owners by list, by pattern and by patterns that overlap, names of their
// own and shared ones, two of one vendor, and the platform.
var fewProviders = []string{
	"anthropic-api", "anthropic-oauth", "openai-subscription", "openai-api", "minimax", "platform", "kimi-coding", "deepseek", "google", "nvidia", "custom", "byok-anthropic", "groq",
}

// Few loads the part of our own registry that a few providers make. A corpus over it
// has a tenth of the scenarios, and every relation between names, models and
// providers that the whole has.
func Few() (*registry.Registry, error) {
	var doc struct {
		SchemaVersion int                       `yaml:"schema_version"`
		Providers     []map[string]any          `yaml:"providers"`
		Runtimes      map[string]map[string]any `yaml:"runtimes"`
	}
	if err := yaml.Unmarshal(registry.EmbeddedFile(), &doc); err != nil {
		return nil, fmt.Errorf("reading our own registry: %w", err)
	}
	few := func(p map[string]any) bool {
		name, _ := p["name"].(string)
		return slices.Contains(fewProviders, name)
	}
	doc.Providers = slices.DeleteFunc(doc.Providers, func(p map[string]any) bool { return !few(p) })
	for name, runtime := range doc.Runtimes {
		var kept []any
		list, _ := runtime["providers"].([]any)
		for _, p := range list {
			if p, ok := p.(map[string]any); ok && few(p) {
				kept = append(kept, p)
			}
		}
		if runtime["providers"] = kept; len(kept) == 0 {
			delete(doc.Runtimes, name)
		}
	}
	data, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("writing the registry of few providers: %w", err)
	}
	reg, err := registry.Load("few.yaml", data)
	if err != nil {
		return nil, fmt.Errorf("loading the registry of few providers: %w", err)
	}
	return reg, nil
}
