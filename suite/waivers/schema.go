package waivers

import (
	"bytes"
	_ "embed" // for the schema
)

//go:embed waivers.schema.json
var schema []byte

// Schema returns the JSON Schema of a waiver file, for editors. [Parse] checks
// more than it can say.
func Schema() []byte { return bytes.Clone(schema) }
