package suite

import (
	"fmt"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// InOrder returns the results, kept by id, of some scenarios in their order. One that
// has none is an error: what did not run is no pass.
func InOrder(list []*scenarios.Scenario, ended map[string]Result) ([]Result, error) {
	out := make([]Result, 0, len(list))
	for _, s := range list {
		r, ok := ended[s.ID]
		if !ok {
			return nil, fmt.Errorf("%s was planned and has not ended; this is a defect of the harness, and no verdict", s.ID)
		}
		out = append(out, r)
	}
	return out, nil
}
