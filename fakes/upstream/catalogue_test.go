package upstream_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// names returns the names of the answers that a condition holds for.
func names(holds func(upstream.Spec) bool) []string {
	var out []string
	for _, s := range upstream.Catalogue() {
		if holds(s) {
			out = append(out, string(s.Name))
		}
	}
	slices.Sort(out)
	return out
}

func TestCatalogueIsWhatTheCorpusMaySay(t *testing.T) {
	tests := []struct {
		what  string
		holds func(upstream.Spec) bool
		want  []string
	}{
		{"answers", func(upstream.Spec) bool { return true }, scenarios.Answers},
		{"waiting answers", func(s upstream.Spec) bool { return s.Waits }, scenarios.WaitingAnswers},
		{"connection answers", func(s upstream.Spec) bool { return s.Connection }, scenarios.ConnectionAnswers},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			want := slices.Sorted(slices.Values(tt.want))
			if diff := cmp.Diff(want, names(tt.holds)); diff != "" {
				t.Errorf("corpus (-), catalogue (+):\n%s", diff)
			}
		})
	}
	for _, name := range scenarios.LoudAnswers {
		if s, _ := upstream.Lookup(upstream.Answer(name)); !s.Loud {
			t.Errorf("the corpus wants a trace after %s, the catalogue does not", name)
		}
	}
}

// TestMeaningFollowsTheRules derives what LIV-1 to LIV-3 say from the status.
func TestMeaningFollowsTheRules(t *testing.T) {
	for _, s := range upstream.Catalogue() {
		if s.Level != upstream.Core || s.Status == 0 || s.Status/100 == 3 {
			continue
		}
		want := upstream.Inconclusive
		switch {
		case s.Status == 401 || s.Status == 403:
			want = upstream.Dead
		case s.Status == 429 || s.Status >= 500:
			want = upstream.Transient
		case s.Status < 300 && slices.Contains([]upstream.Answer{"live", "late-live", "created", "queued", "partial", "no-content"}, s.Name):
			want = upstream.Alive
		case s.Status < 300: // the status arrives and then something breaks (ROB-1)
			want = upstream.Transient
		}
		if s.Means != want {
			t.Errorf("%s (%d) means %s, the rules say %s", s.Name, s.Status, s.Means, want)
		}
		// No rule asks for a trace after what is above all classes.
		if wantLoud := s.Status/100 == 5; s.Loud != wantLoud {
			t.Errorf("%s (%d): Loud = %v, LIV-11 says %v", s.Name, s.Status, s.Loud, wantLoud)
		}
	}
}

func TestSpecsAreComplete(t *testing.T) {
	for _, s := range upstream.Catalogue() {
		if s.Doc == "" || s.Means == "" || (s.Level != upstream.Core && s.Level != upstream.Extended) {
			t.Errorf("%s lacks a doc, a meaning or a level: %+v", s.Name, s)
		}
		if got, ok := upstream.Lookup(s.Name); !ok || !cmp.Equal(got, s) {
			t.Errorf("Lookup(%s) = %+v, %v", s.Name, got, ok)
		}
	}
	if _, ok := upstream.Lookup("no-such-answer"); ok {
		t.Error("Lookup finds an answer that is not there")
	}
}

// TestProvidersAreThoseOnTheHosts holds the two lists of a dialect together.
func TestProvidersAreThoseOnTheHosts(t *testing.T) {
	for _, s := range upstream.Catalogue() {
		var want []string
		for _, p := range registry.Embedded().Providers {
			if s.Hosts != nil && s.On(p) {
				want = append(want, p.Name)
			}
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(s.Providers))); diff != "" {
			t.Errorf("%s: registry (-), Providers (+):\n%s", s.Name, diff)
		}
	}
}

func TestFacts(t *testing.T) {
	tests := []struct {
		host, name string
		want       []string
		version    bool
	}{
		{"api.anthropic.com", "ANTHROPIC_API_KEY", []string{"x-api-key"}, true},
		{"API.Anthropic.com:443", "ANTHROPIC_API_KEY", []string{"x-api-key"}, true},
		{"api.anthropic.com", "ANTHROPIC_AUTH_TOKEN", []string{"x-api-key", "authorization"}, true},
		{"api.openai.com", "OPENAI_API_KEY", []string{"authorization"}, false},
		{"api.groq.com", "GROQ_API_KEY", []string{"authorization"}, false},
		{"integrate.api.nvidia.com", "NVIDIA_API_KEY", []string{"authorization"}, false},
		{"generativelanguage.googleapis.com", "GEMINI_API_KEY", []string{"authorization", "x-goog-api-key"}, false},
		{"openrouter.ai", "OPENROUTER_API_KEY", []string{"authorization", "x-api-key"}, false},
		{"api.kimi.com", "ANTHROPIC_API_KEY", []string{"authorization", "x-api-key"}, false},
		{"localhost:11434", "OLLAMA_HOST", []string{"authorization", "x-api-key"}, false},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, upstream.Reads(tt.host, tt.name)); diff != "" {
			t.Errorf("Reads(%s, %s):\n%s", tt.host, tt.name, diff)
		}
		if got := upstream.NeedsVersion(tt.host); got != tt.version {
			t.Errorf("NeedsVersion(%s) = %v", tt.host, got)
		}
	}
}
