package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// The kinds of our own gates, as they stand before the colon of a gate's name.
const (
	faultyKind  = "faulty"
	correctKind = "correct"
)

// isDouble reports whether a word means one of our own gates.
func isDouble(word string) bool {
	kind, _, named := strings.Cut(word, ":")
	return word == "reference" || named && (kind == faultyKind || kind == correctKind)
}

// findDouble returns the gate that reference, faulty:NAME or correct:NAME means.
func findDouble(word string) (*gates.Double, error) {
	if word == "reference" {
		return &gates.Double{Name: word}, nil
	}
	kind, name, _ := strings.Cut(word, ":")
	lists := map[string][]gates.Double{faultyKind: gates.Faulty(), correctKind: gates.Correct()}
	list := lists[kind]
	if list == nil {
		return nil, fmt.Errorf("unknown gate %q; it is reference, faulty:NAME or correct:NAME", word)
	}
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = d.Name
	}
	if i := slices.Index(names, name); i >= 0 {
		return &list[i], nil
	}
	return nil, fmt.Errorf("there is no %s gate %q%s; conformance list --%s prints them all", kind, name, strict.DidYouMean(name, names), kind)
}
