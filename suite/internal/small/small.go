// Package small is a registry of few providers, for tests of the doors for Go: a
// process that only shows what go test or Ginkgo makes of a selection need not
// expand the corpus over all of ours. What users need does not live here.
package small

import (
	_ "embed"
	"fmt"

	"github.com/molecule-ai/byok-conformance/registry"
)

//go:embed small.yaml
var file []byte

// Registry loads the registry. An error names the place in small.yaml.
func Registry() (*registry.Registry, error) {
	reg, err := registry.Load("small.yaml", file)
	if err != nil {
		return nil, fmt.Errorf("loading the registry of few providers: %w", err)
	}
	return reg, nil
}
