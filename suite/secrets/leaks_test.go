package secrets

import (
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

func TestLeaksAreFoundAndMasked(t *testing.T) {
	r := NewRing()
	value := written(scenarios.Value{Answers: []string{"live"}}, "ANTHROPIC_API_KEY", newMaker("seed").value("", "x"))
	c := &Credential{Scope: "workspace", Secret: value}
	c.Name, c.Value = "ANTHROPIC_API_KEY", value.sent
	r.Add([]*Credential{c})
	for start := range len(value.Random) - LeakLength + 1 {
		text := "…" + value.Random[start:start+LeakLength] + "…"
		if len(r.sight(text)) != 1 {
			t.Fatalf("8 characters from %d on are not found", start)
		}
		if masked := r.Mask(text); strings.Contains(masked, value.Random[start:start+LeakLength]) {
			t.Fatalf("8 characters from %d on are not masked", start)
		}
		if short := value.Random[start : start+LeakLength-1]; len(r.sight(short)) != 0 {
			t.Fatalf("7 characters from %d on are called a leak", start)
		}
	}
	if masked := r.Mask("key=" + value.sent); strings.Contains(masked, value.Random[:8]) || !strings.Contains(masked, "ANTHROPIC_API_KEY") {
		t.Errorf("masked = %q", masked)
	}
	r.Drop([]*Credential{c})
	if len(r.Sight(value.sent)) != 0 || r.Find(value.sent) != nil {
		t.Error("a dropped credential is still known to providers")
	}
}

func TestValuesFollowTheSeed(t *testing.T) {
	a, b, other := newMaker("one").value("", "s", "n"), newMaker("one").value("", "s", "n"), newMaker("two").value("", "s", "n")
	if a != b || a == other || len(a) != RandomLength {
		t.Errorf("random parts %q, %q and %q", a, b, other)
	}
}
