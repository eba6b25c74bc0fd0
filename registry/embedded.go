package registry

import (
	"bytes"
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

// EmbeddedFile returns a copy of the file that Embedded was read from.
func EmbeddedFile() []byte { return bytes.Clone(embeddedYAML) }

// Embedded returns the registry that the suite ships with, the same one at
// every call.
func Embedded() *Registry { return embedded() }
