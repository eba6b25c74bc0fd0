package waivers_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/waivers"
)

var placed = regexp.MustCompile(`^fuzzed\.yaml:[1-9][0-9]*:[1-9][0-9]*: .`)

// FuzzParse: whatever the bytes, every error has its place in the file, and
// waivers without an error are whole: they name what is waived, by which rules
// it fails, why, where that is tracked and until when.
func FuzzParse(f *testing.F) {
	corpus, err := scenarios.Embedded()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		good, "", "\xff\xfes\x00", "a\x00b", "schema: [", "- 1", "&a [*a]", "schema: byok-conformance/waivers/v1\nwaivers: &a [*a]\n",
		strings.ReplaceAll(good, "2027-02-28", "!!timestamp 2027-02-30"), strings.ReplaceAll(good, "[PRE-2]", "[]"),
		strings.ReplaceAll(good, "Groq", "FILL IN"), strings.ReplaceAll(good, "scenario: mismatched/foreign/groq/*", "rule: PRE-2"),
		strings.ReplaceAll(good, "reason", "? [a, b]\n    : c\n    reason"), strings.ReplaceAll(good, "    reason", "    <<: {a: 1}\n    reason"),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := waivers.Parse("fuzzed.yaml", data, corpus.Rules)
		if err != nil {
			if !placed.MatchString(err.Error()) {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		if len(list) == 0 {
			return // the file waives nothing
		}
		for _, w := range list {
			whole := (w.Scenario == "") != (w.Rule == "") && len(w.Violates) > 0 && w.Reason != "" && w.Link != "" && !w.Expires.IsZero()
			if !whole || w.Pos.Line < 1 || w.Pos.Column < 1 || w.Pos.File != "fuzzed.yaml" {
				t.Fatalf("a waiver that is not whole: %+v", w)
			}
		}
	})
}
