package suite

import (
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// TestWrite holds every shape to how it is sent, and to what a lawful probe
// carries of it.
func TestWrite(t *testing.T) {
	random := strings.Repeat("r", randomLength)
	const half = randomLength / 2
	plain := "gsk_" + random
	cut := func(with string) string { return plain[:4+half] + with + plain[4+half:] }
	tests := []struct {
		value string
		want  secret
	}{
		{"live", secret{written: plain, sent: plain, random: random}},
		{"dead,live#2", secret{written: plain, sent: plain, random: random}},
		{"empty", secret{}},
		{"blank", secret{written: " \t "}},
		{"padded", secret{written: "  " + plain + "\t ", sent: plain, random: random}},
		{"newline", secret{written: plain + "\n", sent: plain, random: random}},
		{"inner-newline", secret{written: cut("\r\nX-Smuggled: 1\r\n"), random: random}},
		{"inner-nul", secret{written: cut("\x00"), random: random}},
		{"inner-space", secret{written: cut(" \t"), sent: cut(" \t"), random: random}},
		{"non-ascii", secret{written: cut("é"), sent: cut("é"), random: random}},
		{"long", secret{written: plain + strings.Repeat("x", 1<<20), sent: plain + strings.Repeat("x", 1<<20), random: random}},
		{"url", secret{written: "https://elsewhere.invalid/v1/" + random, sent: "https://elsewhere.invalid/v1/" + random, random: random}},
		{"unreadable", secret{written: plain, random: random, unreadable: true}},
	}
	for _, test := range tests {
		v, err := scenarios.ParseValue(test.value)
		if err != nil {
			t.Fatal(err)
		}
		if got := written(v, "GROQ_API_KEY", random); got != test.want {
			t.Errorf("%s is written %.60q, sent %.60q, unreadable %v", test.value, got.written, got.sent, got.unreadable)
		}
	}
	if got := written(scenarios.Value{}, "A_KEY_OF_NOBODY", random); got.written != random {
		t.Errorf("a name without a vendor's prefix is written %q", got.written)
	}
}

// TestMaker holds random parts to the seed and to all that tells them apart,
// and to letters and digits that no header or URL changes.
func TestMaker(t *testing.T) {
	parts := [][]string{{"seed", "a"}, {"seed", "a", "b"}, {"seed", "ab"}, {"seed", "a", ""}, {"seed"}, {"other", "a"}}
	seen := map[string]int{}
	m := map[string]*maker{"seed": newMaker("seed"), "other": newMaker("other")}
	for i, p := range parts {
		value := m[p[0]].value("gsk_", p[1:]...)
		if again := newMaker(p[0]).value("gsk_", p[1:]...); again != value {
			t.Errorf("%q gives %s, and %s when it is asked first", p, value, again)
		}
		random, prefixed := strings.CutPrefix(value, "gsk_")
		if j, twice := seen[random]; twice {
			t.Errorf("%q and %q give the same part", parts[j], p)
		}
		seen[random] = i
		if !prefixed || len(random) != randomLength || strings.Trim(random, alphabet) != "" {
			t.Errorf("%q gives %q", p, value)
		}
	}
}
