// Package attest is a run as an in-toto Statement that others can sign: it makes
// one of a run, reads one back, also from a DSSE envelope, and holds it to a run.
//
// What does not live here: signing, and what else a report says (reports/verify).
package attest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	testresult "github.com/in-toto/attestation/go/predicates/test_result/v0"
	attestation "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
)

// The in-toto types come from in-toto's own module, so that the Statement is
// theirs and not ours. It and protobuf, which it is generated for, are all that
// it brings; whoever vendors the suite imports suite/specs, which imports
// neither this package nor them, so that nothing of it is built or downloaded
// there. A module of its own would only make two versions to release at once.

// TestResultPredicate is the predicate's type; see in-toto's attestation
// repository, spec/predicates/test-result.md.
const TestResultPredicate = "https://in-toto.io/attestation/test-result/v0.1"

// AddressDigest is the name of the digest of a subject that has only an address:
// a SHA-256 of the address itself. It says which address was tested and nothing
// about what answers there, so it is none of the algorithms that in-toto knows.
const AddressDigest = "addressSha256"

// WaiversName is the name of the configuration that a file of known failures is,
// one for each file.
const WaiversName = "waivers"

// The words of the predicate's result.
const (
	ResultPassed = "PASSED"
	ResultWarned = "WARNED"
	ResultFailed = "FAILED"
)

// Write writes an in-toto Statement with a test-result predicate, unsigned: its
// subject is what was tested, its configuration what it was tested with, and its
// lists are the ids that passed, warned (waived and not-claimed) and failed
// (errors included).
func Write(w io.Writer, run *reports.Run) error {
	s, err := statementOf(run)
	if err != nil {
		return fmt.Errorf("make the in-toto report: %w", err)
	}
	text, err := stable(protojson.Marshal(s))
	if err != nil {
		return fmt.Errorf("make the in-toto report: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("write the in-toto report: %w", err)
	}
	return nil
}

func statementOf(run *reports.Run) (*attestation.Statement, error) {
	h, f := reports.Visible(run.Header), reports.Visible(run.Footer)
	configuration, err := configurationOf(h, f)
	if err != nil {
		return nil, err
	}
	predicate := &testresult.TestResult{Result: StatementResult(f.Summary), Configuration: configuration}
	for _, e := range run.Entries() {
		id := spelled.Line(e.ID)
		switch e.Outcome {
		case reports.Passed:
			predicate.PassedTests = append(predicate.PassedTests, id)
		case reports.Waived, reports.NotClaimed:
			predicate.WarnedTests = append(predicate.WarnedTests, id)
		default:
			predicate.FailedTests = append(predicate.FailedTests, id)
		}
	}
	text, err := protojson.Marshal(predicate)
	if err != nil {
		return nil, err
	}
	s := &attestation.Statement{
		Type: attestation.StatementTypeUri, Subject: SubjectsOf(h.Target), PredicateType: TestResultPredicate, Predicate: &structpb.Struct{},
	}
	if err := protojson.Unmarshal(text, s.Predicate); err != nil {
		return nil, err
	}
	return s, s.Validate()
}

// StatementResult is the predicate's word for a run.
func StatementResult(s reports.Summary) string {
	switch {
	case !s.Conformant:
		return ResultFailed
	case s.Waived > 0 || s.NotClaimed > 0:
		return ResultWarned
	}
	return ResultPassed
}

// SubjectsOf says what was tested: the files that were started, by their
// digests, or else the address (see [AddressDigest]), or for a target without
// one its kind.
func SubjectsOf(t reports.Target) []*attestation.ResourceDescriptor {
	var out []*attestation.ResourceDescriptor
	for _, p := range t.Programs {
		out = append(out, &attestation.ResourceDescriptor{Name: p.Path, Digest: digestSet(p.Digest)})
	}
	if len(out) > 0 {
		return out
	}
	name := t.Address
	if name == "" {
		name = t.Kind
	}
	sum := sha256.Sum256([]byte(name))
	d := &attestation.ResourceDescriptor{Name: strings.TrimSpace(t.Kind + " " + t.Address), Uri: t.Address, Digest: map[string]string{AddressDigest: hex.EncodeToString(sum[:])}}
	return append(out, d)
}

// digestSet turns "sha256:…" into in-toto's form; nil where there is none.
func digestSet(digest string) map[string]string {
	algorithm, value, ok := strings.Cut(digest, ":")
	if !ok {
		return nil
	}
	return map[string]string{algorithm: value}
}

// configurationOf says what the target was tested with.
func configurationOf(h reports.Header, f reports.Footer) ([]*attestation.ResourceDescriptor, error) {
	type item struct {
		name, digest string
		annotations  map[string]any
	}
	list := []item{
		{"corpus", h.Corpus.Digest, map[string]any{"version": h.Corpus.Version, "scenarios": float64(h.Corpus.Scenarios)}},
		{"registry", h.Registry.Digest, nil},
		{"profile", h.Target.ProfileDigest, map[string]any{"profile": h.Target.Profile}},
		{"run", "", map[string]any{
			"schema": h.Schema, "tool": strings.TrimSpace(h.Tool.Name + " " + h.Tool.Version), "run": h.Run, "seed": h.Seed, "level": h.Level,
			"shard": h.Shard, "commandLine": texts(h.Invocation), "targetCommand": texts(h.Target.Command), "target": h.Target.Kind, "address": h.Target.Address,
			"claims": texts(h.Claims), "notClaimed": texts(h.NotClaimedAreas), "planned": float64(f.Ended.Planned), "ended": float64(f.Ended.Ended),
			"status": string(f.Ended.Status), "started": h.Started.UTC().Format(time.RFC3339Nano), "finished": f.Ended.Finished.UTC().Format(time.RFC3339Nano),
		}},
	}
	for _, w := range h.Waivers {
		list = append(list, item{WaiversName, w.Digest, map[string]any{"file": w.Path}})
	}
	var out []*attestation.ResourceDescriptor
	for _, c := range list {
		d := &attestation.ResourceDescriptor{Name: c.name, Digest: digestSet(c.digest)}
		if c.annotations != nil {
			var err error
			if d.Annotations, err = structpb.NewStruct(c.annotations); err != nil {
				return nil, fmt.Errorf("annotations of %s: %w", c.name, err)
			}
		}
		out = append(out, d)
	}
	return out, nil
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// stable gives protojson's text one form; it varies the white space on purpose.
func stable(text []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
