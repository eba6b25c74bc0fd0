package secrets

import (
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// TestWrite holds every shape to how it is sent, and to what a lawful probe
// carries of it.
func TestWrite(t *testing.T) {
	random := strings.Repeat("r", RandomLength)
	const half = RandomLength / 2
	plain := "gsk_" + random
	cut := func(with string) string { return plain[:4+half] + with + plain[4+half:] }
	tests := []struct {
		value string
		want  Secret
	}{
		{"live", Secret{Written: plain, sent: plain, Random: random}},
		{"dead,live#2", Secret{Written: plain, sent: plain, Random: random}},
		{"empty", Secret{}},
		{"blank", Secret{Written: " \t "}},
		{"padded", Secret{Written: "  " + plain + "\t ", sent: plain, Random: random}},
		{"newline", Secret{Written: plain + "\n", sent: plain, Random: random}},
		{"inner-newline", Secret{Written: cut("\r\nX-Smuggled: 1\r\n"), Random: random}},
		{"inner-nul", Secret{Written: cut("\x00"), Random: random}},
		{"inner-space", Secret{Written: cut(" \t"), sent: cut(" \t"), Random: random}},
		{"non-ascii", Secret{Written: cut("é"), sent: cut("é"), Random: random}},
		{"long", Secret{Written: plain + strings.Repeat("x", 1<<20), sent: plain + strings.Repeat("x", 1<<20), Random: random}},
		{"url", Secret{Written: "https://elsewhere.invalid/v1/" + random, sent: "https://elsewhere.invalid/v1/" + random, Random: random}},
		{"unreadable", Secret{Written: plain, Random: random, unreadable: true}},
	}
	for _, test := range tests {
		v, err := scenarios.ParseValue(test.value)
		if err != nil {
			t.Fatal(err)
		}
		if got := written(v, "GROQ_API_KEY", random); got != test.want {
			t.Errorf("%s is written %.60q, sent %.60q, unreadable %v", test.value, got.Written, got.sent, got.unreadable)
		}
	}
	if got := written(scenarios.Value{}, "A_KEY_OF_NOBODY", random); got.Written != random {
		t.Errorf("a name without a vendor's prefix is written %q", got.Written)
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
		if !prefixed || len(random) != RandomLength || strings.Trim(random, alphabet) != "" {
			t.Errorf("%q gives %q", p, value)
		}
	}
}
