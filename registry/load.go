package registry

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/internal/textfile"
)

// schemaVersion is the one version of the format that Load knows.
const schemaVersion = 1

// LoadFile loads the registry at path. Its errors are Load's, and those of
// reading the file, which name the path too.
func LoadFile(path string) (*Registry, error) {
	data, err := textfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("reading a registry: %w", err)
	}
	return Load(path, data)
}

// Load parses and validates a registry; name stands for the file in its errors.
// The error joins one *PositionError for each thing that is wrong, in the order
// of the file; the registry is nil then.
func Load(name string, data []byte) (*Registry, error) {
	r := &reader{Reader: strict.Reader{File: name}, merging: make(map[*yaml.Node]bool), rows: make(map[*Provider]record)}
	document := r.Root(data)
	if document == nil {
		return nil, r.Err()
	}
	r.budget = countNodes(document) + maxAliasNodes
	registry := r.registry(r.value(document, ""))
	if r.exhausted != nil {
		return nil, r.exhausted
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	r.review(registry)
	registry.digest = fmt.Sprintf("sha256:%x", sha256.Sum256(data))
	sortFindings(r.findings)
	registry.findings = r.findings
	registry.index()
	return registry, nil
}

// index fills what lookups and Derive read.
func (r *Registry) index() {
	r.providers = make(map[string]*Provider, len(r.Providers))
	for _, p := range r.Providers {
		r.providers[p.Name] = p
		r.names = append(r.names, p.AuthEnv...)
	}
	slices.Sort(r.names)
	r.names = slices.Compact(r.names)

	r.runtimes = make(map[string]*Runtime, len(r.Runtimes))
	for _, runtime := range r.Runtimes {
		r.runtimes[runtime.Name] = runtime
		runtime.owners = make(map[string][]*Provider)
		for _, native := range runtime.Native {
			for _, model := range native.Models {
				runtime.owners[model] = append(runtime.owners[model], native.Provider)
			}
		}
	}
}
