package scenarios

import (
	"fmt"
	"slices"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/registry"
)

// The matrix grows with the square of a registry: 36 providers make some 36,000
// scenarios, and 300 would make six million, which no memory holds and no run ends.
const (
	// mostPairs is how many pairs of a provider and a credential's name a registry
	// may have until its matrix is bounded.
	mostPairs = 10_000
	// boundedPairs is how many pairs of a provider and a foreign name are tried then,
	// and fewestForeign how many for one provider at the least.
	boundedPairs, fewestForeign = 2_400, 8
)

// foreignEach is how many foreign names each provider meets; 0 means all.
func foreignEach(reg *registry.Registry) int {
	providers := len(reg.BYOK())
	if providers*len(reg.CredentialNames()) <= mostPairs {
		return 0
	}
	return max(fewestForeign, boundedPairs/providers)
}

// Bounded says by how much the matrix over a registry is bounded; empty where it is
// not. Then Select takes PairwiseMatrix whatever a selection says.
func Bounded(reg *registry.Registry) string {
	each := foreignEach(reg)
	if each == 0 {
		return ""
	}
	return fmt.Sprintf("the registry has %s providers that tenants pay, with %s names of credentials: the matrix is pairwise, and each provider meets %d foreign names instead of all",
		spelled.Number(len(reg.BYOK())), spelled.Number(len(reg.CredentialNames())), each)
}

// MatrixOver is the matrix that a selection has over a registry: its own, or
// PairwiseMatrix where that is bounded.
func (sel *Selection) MatrixOver(reg *registry.Registry) Matrix {
	if foreignEach(reg) > 0 {
		return PairwiseMatrix
	}
	return sel.Matrix
}

// fewer keeps so many of the names that are foreign to a provider, 0 meaning all:
// for each provider others, so that all together meet every name.
func fewer(names []string, each int, p *registry.Provider, reg *registry.Registry) []string {
	if each == 0 || len(names) <= each {
		return names
	}
	at := slices.Index(reg.BYOK(), p) * each % len(names)
	return slices.Concat(names[at:], names[:at])[:each]
}
