package strict_test

import (
	"testing"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

func TestNearest(t *testing.T) {
	tests := []struct {
		word  string
		known []string
		want  string
	}{
		{"ded", []string{"live", "dead"}, "dead"},
		{"dead", []string{"live", "dead"}, "dead"},
		{"severty", []string{"source", "severity"}, "severity"},
		{"xyz", []string{"live", "dead"}, ""},
		// Two letters are always near; of longer words a third is.
		{"abc", []string{"abcde"}, "abcde"},
		{"abc", []string{"abcdef"}, ""},
		{"transiet-answer", []string{"transient/answer"}, "transient/answer"},
		// The first of two that are as near.
		{"cat", []string{"bat", "rat"}, "bat"},
		{"", []string{"a"}, ""},
		{"ab", []string{"xy"}, ""}, // nothing of it would be left
		{"x", nil, ""},
	}
	for _, test := range tests {
		if got := strict.Nearest(test.word, test.known); got != test.want {
			t.Errorf("nearest to %q of %v: %q, want %q", test.word, test.known, got, test.want)
		}
	}
	if got := strict.DidYouMean("ded", []string{"dead"}); got != ` (did you mean "dead"?)` {
		t.Errorf("suggestion %q", got)
	}
	if got := strict.DidYouMean("zzzzz", []string{"dead"}); got != "" {
		t.Errorf("suggestion %q for a word like none", got)
	}
}
