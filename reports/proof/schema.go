package proof

import (
	"bytes"
	_ "embed" // for the schema
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of a proof, which every JSON report of
// one satisfies. The caller may change the bytes.
func Schema() []byte { return bytes.Clone(schema) }
