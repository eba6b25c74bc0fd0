package registry

import (
	_ "embed"
	"sync"
)

//go:embed providers.yaml
var embeddedYAML []byte

var embedded = sync.OnceValue(func() *Registry {
	registry, err := Load("registry/providers.yaml", embeddedYAML)
	if err != nil {
		// The file is part of the program, and a test loads it.
		panic(err)
	}
	return registry
})

// Embedded returns the registry that the suite ships with, the same one at
// every call.
func Embedded() *Registry { return embedded() }
