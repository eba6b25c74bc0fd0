package reports

import (
	"bytes"
	_ "embed" // for the schema
)

//go:embed report.schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of a report, which a whole JSON
// report always satisfies. The caller may change the bytes.
func Schema() []byte { return bytes.Clone(schema) }
