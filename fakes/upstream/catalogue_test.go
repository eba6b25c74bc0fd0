package upstream_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// TestMeaningFollowsTheRules derives what LIV-1 to LIV-3 say from the status.
func TestMeaningFollowsTheRules(t *testing.T) {
	for _, s := range scenarios.Catalogue() {
		if s.Level != scenarios.Core || s.Status == 0 || s.Status/100 == 3 {
			continue
		}
		want := scenarios.Inconclusive
		switch {
		case s.Status == 401 || s.Status == 403:
			want = scenarios.Dead
		case s.Status == 429 || s.Status >= 500:
			want = scenarios.Transient
		case s.Status < 300 && slices.Contains([]string{"live", "late-live", "empty-list", "created", "queued", "partial", "no-content"}, s.Name):
			want = scenarios.Alive
		case s.Status < 300: // the status arrives and then something breaks (ROB-1)
			want = scenarios.Transient
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
	for _, s := range scenarios.Catalogue() {
		if s.Doc == "" || s.Means == "" || s.Family == "" || (s.Level != scenarios.Core && s.Level != scenarios.Extended) {
			t.Errorf("%s lacks a doc, a meaning, a family or a level: %+v", s.Name, s)
		}
		if got := scenarios.AnswerOf(s.Name); !cmp.Equal(got, s) {
			t.Errorf("AnswerOf(%s) = %+v", s.Name, got)
		}
	}
	if got := scenarios.AnswerOf("no-such-answer"); got.Name != "" {
		t.Errorf("AnswerOf finds an answer that is not there: %+v", got)
	}
}

func TestFacts(t *testing.T) {
	tests := []struct {
		host, path, name string
		want             []string
		version          bool
	}{
		{"api.anthropic.com", "/v1/models", "ANTHROPIC_API_KEY", []string{"x-api-key"}, true},
		{"API.Anthropic.com:443", "/v1/models", "ANTHROPIC_API_KEY", []string{"x-api-key"}, true},
		{"api.anthropic.com", "/v1/models", "ANTHROPIC_AUTH_TOKEN", []string{"x-api-key", "authorization"}, true},
		{"api.openai.com", "/v1/models", "OPENAI_API_KEY", []string{"authorization"}, false},
		{"api.groq.com", "/v1/models", "GROQ_API_KEY", []string{"authorization"}, false},
		{"integrate.api.nvidia.com", "/v1/models", "NVIDIA_API_KEY", []string{"authorization"}, false},
		{"generativelanguage.googleapis.com", "/v1beta/openai/models", "GEMINI_API_KEY", []string{"authorization"}, false},
		{"generativelanguage.googleapis.com", "/v1beta/openai?x=1", "GEMINI_API_KEY", []string{"authorization"}, false},
		{"generativelanguage.googleapis.com", "/v1beta/models", "GEMINI_API_KEY", []string{"x-goog-api-key"}, false},
		{"generativelanguage.googleapis.com", "/v1beta/models?for=/openai/", "GEMINI_API_KEY", []string{"x-goog-api-key"}, false},
		{"openrouter.ai", "/v1/models", "OPENROUTER_API_KEY", []string{"authorization", "x-api-key"}, false},
		{"api.kimi.com", "/v1/models", "ANTHROPIC_API_KEY", []string{"authorization", "x-api-key"}, false},
		{"localhost:11434", "/v1/models", "OLLAMA_HOST", []string{"authorization", "x-api-key"}, false},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, upstream.Reads(tt.host, tt.path, tt.name)); diff != "" {
			t.Errorf("Reads(%s, %s, %s):\n%s", tt.host, tt.path, tt.name, diff)
		}
		if got := upstream.NeedsVersion(tt.host); got != tt.version {
			t.Errorf("NeedsVersion(%s) = %v", tt.host, got)
		}
	}
}
