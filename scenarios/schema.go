package scenarios

import (
	"bytes"
	_ "embed" // for the schema
)

//go:embed scenario.schema.json
var schema []byte

// Schema returns the JSON Schema of a scenario file, for editors. The loader
// checks more than it can say.
func Schema() []byte { return bytes.Clone(schema) }
