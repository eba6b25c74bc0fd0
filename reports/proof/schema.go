package proof

import (
	"bytes"
	_ "embed" // for proof.schema.json
)

//go:embed proof.schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of a proof, which every JSON proof
// satisfies. The caller may change the bytes.
func Schema() []byte { return bytes.Clone(schema) }
