package server

import (
	"bytes"
	_ "embed"
)

//go:embed profile.schema.json
var schema []byte

// Schema returns the JSON Schema of a profile, for editors.
func Schema() []byte { return bytes.Clone(schema) }
