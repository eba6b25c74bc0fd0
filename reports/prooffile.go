package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// proofFormats are the reports of a proof, by name.
var proofFormats = map[string]func(io.Writer, *Proof) error{
	"html":     writeProofHTML,
	"json":     writeProofJSON,
	"markdown": writeProofMarkdown,
}

// ProofFormats returns the names that [CreateProof] takes, sorted.
func ProofFormats() []string { return strict.SortedKeys(proofFormats) }

// A ProofFile is the report of a proof, with a file behind it. Close it in any case.
type ProofFile struct {
	file  *File
	write func(io.Writer, *Proof) error
}

// CreateProof returns a proof's report of that format. The file is handled as
// [Create] handles a run's.
func CreateProof(format, path string) (*ProofFile, error) {
	write := proofFormats[format]
	if write == nil {
		return nil, fmt.Errorf("no report of a proof is called %q%s; there are %s", format, strict.DidYouMean(format, ProofFormats()), strings.Join(ProofFormats(), ", "))
	}
	f := &File{path: path}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("create the %s report %q: %w", format, path, err)
	}
	return &ProofFile{f, write}, nil
}

// Write writes the proof; it is in its place after Close.
func (f *ProofFile) Write(p *Proof) error {
	err := f.write(f.file.out, p)
	f.file.ended = err == nil
	return f.file.named(err)
}

// Close is [File.Close].
func (f *ProofFile) Close() error { return f.file.Close() }

// writeProofJSON writes the proof as one object that people can read.
func writeProofJSON(w io.Writer, p *Proof) error {
	line, err := encode(*p)
	if err != nil {
		return fmt.Errorf("encode the proof: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, line, "", "  "); err != nil {
		return fmt.Errorf("encode the proof: %w", err)
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}
