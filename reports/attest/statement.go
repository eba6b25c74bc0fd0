package attest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	testresult "github.com/in-toto/attestation/go/predicates/test_result/v0"
	attestation "github.com/in-toto/attestation/go/v1"
	"github.com/molecule-ai/byok-conformance/reports"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// A Statement is an in-toto Statement with a test-result predicate, read back.
type Statement struct {
	Subjects []*attestation.ResourceDescriptor
	Result   *testresult.TestResult
	// Enveloped: it stood in a DSSE envelope. Its signatures were not looked at.
	Enveloped bool
}

// maxStatement is the largest statement that is read, in bytes: the ids of half a
// million scenarios.
const maxStatement = 64 << 20

// IsStatement tells a Statement, or an envelope around one, from other JSON. It
// reads no further than it has to, and no further than a Statement may go.
func IsStatement(r io.Reader) bool {
	dec := json.NewDecoder(io.LimitReader(r, maxStatement))
	depth := 0
	name := false // the next token of the object is a name
	for {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			name = depth == 1 && token == json.Delim('{')
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
		case "_type", "payloadType":
			if depth == 1 && name {
				return true
			}
		case "schema":
			if depth == 1 && name {
				return false // a report
			}
		}
		if depth == 1 {
			name = !name
		}
	}
}

// ReadStatement reads a Statement, bare or in a DSSE envelope. Unknown fields, a
// Statement that in-toto's own rules do not accept, and another predicate are
// errors.
func ReadStatement(r io.Reader) (*Statement, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxStatement+1))
	if err != nil {
		return nil, fmt.Errorf("read the in-toto statement: %w", err)
	}
	if len(text) > maxStatement {
		return nil, fmt.Errorf("read the in-toto statement: it is larger than %d MiB, which none of ours is", maxStatement>>20)
	}
	out := &Statement{}
	if text, out.Enveloped, err = opened(text); err != nil {
		return nil, fmt.Errorf("read the in-toto envelope: %w", err)
	}
	var s attestation.Statement
	if err := protojson.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("read the in-toto statement: %w", err)
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read the in-toto statement: %w", err)
	}
	if s.PredicateType != TestResultPredicate {
		return nil, fmt.Errorf("read the in-toto statement: its predicate is %q, and only %q can be verified", s.PredicateType, TestResultPredicate)
	}
	predicate, err := protojson.Marshal(s.Predicate)
	if err != nil {
		return nil, fmt.Errorf("read the in-toto statement: %w", err)
	}
	out.Subjects, out.Result = s.Subject, &testresult.TestResult{}
	if err := protojson.Unmarshal(predicate, out.Result); err != nil {
		return nil, fmt.Errorf("read the in-toto statement's predicate: %w", err)
	}
	return out, nil
}

// PayloadType is the type of what a DSSE envelope around a Statement holds.
const PayloadType = "application/vnd.in-toto+json"

// opened takes a Statement out of its DSSE envelope, where it has one.
func opened(text []byte) (payload []byte, enveloped bool, err error) {
	var envelope struct {
		PayloadType *string `json:"payloadType"`
		Payload     string  `json:"payload"`
	}
	if json.Unmarshal(text, &envelope) != nil || envelope.PayloadType == nil {
		return text, false, nil
	}
	if *envelope.PayloadType != PayloadType {
		return nil, true, fmt.Errorf("its payloadType is %q, and that of a statement is %q", *envelope.PayloadType, PayloadType)
	}
	if payload, err = base64.StdEncoding.DecodeString(envelope.Payload); err != nil {
		if payload, err = base64.URLEncoding.DecodeString(envelope.Payload); err != nil {
			return nil, true, fmt.Errorf("its payload is no base64: %w", err)
		}
	}
	return payload, true, nil
}

// Configuration returns the descriptor of that name, or nil.
func (s *Statement) Configuration(name string) *attestation.ResourceDescriptor {
	for _, d := range s.Result.Configuration {
		if d.GetName() == name {
			return d
		}
	}
	return nil
}

// Digest returns a configuration's digest as "sha256:…"; empty where it has none.
func (s *Statement) Digest(name string) string {
	if value := s.Configuration(name).GetDigest()["sha256"]; value != "" {
		return "sha256:" + value
	}
	return ""
}

// Waivers are the files of known failures in the configuration; nil where there
// are none.
func (s *Statement) Waivers() []reports.WaiverFile {
	var out []reports.WaiverFile
	for _, d := range s.Result.Configuration {
		if d.GetName() == WaiversName {
			path := d.GetAnnotations().GetFields()["file"].GetStringValue()
			out = append(out, reports.WaiverFile{Path: path, Digest: "sha256:" + d.GetDigest()["sha256"]})
		}
	}
	return out
}

// Check holds the statement's parts to each other: every test stands in one
// list, once, and the result follows from the lists.
func (s *Statement) Check() error {
	seen := map[string]bool{}
	for _, list := range [][]string{s.Result.PassedTests, s.Result.WarnedTests, s.Result.FailedTests} {
		for _, id := range list {
			if seen[id] {
				return fmt.Errorf("%q stands in the lists twice", id)
			}
			seen[id] = true
		}
	}
	run := s.Configuration("run").GetAnnotations().GetFields()
	planned, ended := int(run["planned"].GetNumberValue()), int(run["ended"].GetNumberValue())
	if ended != len(seen) {
		return fmt.Errorf("it says that %d scenarios ended, and its lists hold %d", ended, len(seen))
	}
	whole := planned == ended && run["status"].GetStringValue() == string(reports.Complete)
	want := ResultPassed
	switch {
	case !whole || len(s.Result.FailedTests) > 0 || len(s.Result.PassedTests) == 0:
		want = ResultFailed
	case len(s.Result.WarnedTests) > 0:
		want = ResultWarned
	}
	if s.Result.Result != want {
		return fmt.Errorf("its result is %q, and its lists say %q", s.Result.Result, want)
	}
	return nil
}

// errOtherRun is returned when the statement describes another run.
var errOtherRun = errors.New("the statement is about another run")

// Agrees returns an error where a run, shown as a Statement, is not this one:
// another run, other lists, other digests.
func (s *Statement) Agrees(run *reports.Run) error {
	run, err := run.Closed()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := Write(&b, run); err != nil {
		return err
	}
	other, err := ReadStatement(&b)
	if err != nil {
		return err
	}
	if !proto.Equal(s.Result, other.Result) {
		return fmt.Errorf("%w: its lists, its result or its configuration are not what the run gives", errOtherRun)
	}
	if !slices.EqualFunc(s.Subjects, other.Subjects, func(a, b *attestation.ResourceDescriptor) bool { return proto.Equal(a, b) }) {
		return fmt.Errorf("%w: its subject is not what the run gives", errOtherRun)
	}
	return nil
}
