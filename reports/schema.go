package reports

import (
	"bytes"
	_ "embed" // for the schemas
)

//go:embed report.schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of a report, which a whole JSON
// report always satisfies. The caller may change the bytes.
func Schema() []byte { return bytes.Clone(schema) }

//go:embed proof.schema.json
var proofSchema []byte

// ProofSchema returns the JSON Schema (2020-12) of a proof, which every JSON
// report of one satisfies. The caller may change the bytes.
func ProofSchema() []byte { return bytes.Clone(proofSchema) }
