package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// SchemaV1 is the value of a report's "schema" field. Another value means
// another format: under this one a field never changes its meaning, and a field
// that is added is one that a report may do without.
const SchemaV1 = "byok-conformance/report/v1"

// A Header says what is about to run against what.
type Header struct {
	// Schema is SchemaV1. Writers fill it in where it is empty.
	Schema string `json:"schema"`
	Tool   Tool   `json:"tool"`
	// Run is the id that begins each X-Request-ID which the target sees.
	Run     string    `json:"run"`
	Started time.Time `json:"started"`
	// Seed is what every credential value of the run was made from.
	Seed string `json:"seed"`
	// Level is "core" or "extended".
	Level    string   `json:"level"`
	Corpus   Corpus   `json:"corpus"`
	Registry Registry `json:"registry"`
	Target   Target   `json:"target"`
	// Waivers are the files of known failures that were given to the run; nil
	// where there were none.
	Waivers []WaiverFile `json:"waivers,omitempty"`
	// Planned is the number of scenarios that were selected; the run is whole
	// only when as many have ended.
	Planned int `json:"planned"`
	// Invocation is the command line that made the report, its program first;
	// nil where it is not known.
	Invocation []string `json:"invocation,omitempty"`
	// Shard is "I/N" where the run is one of several parts; empty otherwise.
	Shard     string    `json:"shard,omitempty"`
	Selection Selection `json:"selection"`
	// Claims are the areas that the target is held to.
	Claims []string `json:"claims"`
	// NotClaimedAreas are the areas that the target's profile does not claim.
	NotClaimedAreas []string `json:"not_claimed_areas"`
	// Matrix is "full", or "pairwise" where the matrix was thinned; empty is full.
	Matrix string `json:"matrix,omitempty"`
	// LeftOut counts the scenarios that a thinned matrix left out.
	LeftOut int `json:"left_out,omitempty"`
	// MatrixBound says why and by how much the matrix was bounded by itself, because
	// the registry is large; empty where it was not.
	MatrixBound string `json:"matrix_bound,omitempty"`
}

// A Tool is the program that made the report.
type Tool struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version"`
}

// A Corpus is the set of scenarios that the run selected from.
type Corpus struct {
	// Digest is "sha256:…".
	Digest string `json:"digest"`
	// Scenarios is the size of the corpus, before any selection.
	Scenarios int `json:"scenarios"`
	// Version is what --corpus-version takes, as in "1.0.0"; empty in reports
	// that were made before there was one.
	Version string `json:"version,omitempty"`
	// Own are scenarios that were selected from beside the corpus, and are no part of
	// it; nil where there were none.
	Own *Own `json:"own,omitempty"`
}

// An Own is a folder of scenarios beside the corpus.
type Own struct {
	// Class is what their ids begin with.
	Class string `json:"class"`
	// Digest is "sha256:…" of their files.
	Digest string `json:"digest"`
	// Entries is how many entries the files hold.
	Entries int `json:"entries"`
}

// Named is the corpus in one line, with what stands beside it.
func (c Corpus) Named() string {
	named := strings.TrimSpace(c.Version + " " + c.Digest)
	if c.Own != nil {
		named += fmt.Sprintf(", and beside it %s %s", spelled.Line(c.Own.Class), spelled.Line(c.Own.Digest))
	}
	return named
}

// A Registry is the registry that the scenarios were expanded over.
type Registry struct {
	// Digest is "sha256:…".
	Digest string `json:"digest"`
}

// A Target is what was tested.
type Target struct {
	// Kind says how the target is reached: a Go value, a handler, a URL, a command.
	Kind    string `json:"kind"`
	Profile string `json:"profile"`
	// ProfileDigest is "sha256:…" of the profile's file; empty where none was read.
	ProfileDigest string `json:"profile_digest,omitempty"`
	// Precedence is the order in which the target tries the names of a provider, by
	// its name, where that is not the registry's (LIV-8); nil where it is.
	Precedence map[string][]string `json:"precedence,omitempty"`
	// LivenessCache is how long the target says that it keeps a live verdict, such as
	// 1m0s; empty where it keeps none (LIV-13).
	LivenessCache string `json:"liveness_cache,omitempty"`
	// Address is empty for a target without one.
	Address string `json:"address"`
	// Command is what the harness started, with its arguments; nil otherwise.
	Command []string `json:"command,omitempty"`
	// Programs are the files that Command names: the program first, then each
	// argument that is a file, such as a script. Nil where nothing was started.
	Programs []Program `json:"programs,omitempty"`
}

// A Program is a file that was run.
type Program struct {
	Path string `json:"path"`
	// Digest is "sha256:…" of the file as it was when the run began.
	Digest string `json:"digest"`
}

// A WaiverFile is a file of known failures.
type WaiverFile struct {
	Path string `json:"path"`
	// Digest is "sha256:…" of the file as it was when the run began.
	Digest string `json:"digest"`
}

// A Selection holds the filters of the run as they were given. All empty means
// everything at the run's level.
type Selection struct {
	Classes []string `json:"classes,omitempty"`
	Rules   []string `json:"rules,omitempty"`
	IDs     []string `json:"ids,omitempty"`
}

// WaiverFiles are the files of known failures with their digests, in one line;
// empty where there are none.
func (h Header) WaiverFiles() string {
	var all []string
	for _, w := range h.Waivers {
		all = append(all, w.Path+" "+w.Digest)
	}
	return strings.Join(all, ", ")
}

// Thinning says what a thinned matrix left out; empty where it is whole.
func (h Header) Thinning() string {
	if h.Matrix == "" || h.Matrix == "full" {
		return ""
	}
	thinned := fmt.Sprintf("matrix %s: %s left out", spelled.Line(h.Matrix), spelled.Counted(h.LeftOut, "scenario"))
	if h.MatrixBound != "" {
		thinned += "; " + spelled.Line(h.MatrixBound)
	}
	return thinned
}

// RunID is the id of a run with that seed.
func RunID(seed string) string {
	sum := sha256.Sum256([]byte("run " + seed))
	return hex.EncodeToString(sum[:4])
}
