package parsed_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/registry/parsed"
)

func parse(t testing.TB, text string) *yaml.Node {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return document.Content[0]
}

func kept(t testing.TB, texts ...string) parsed.Trees {
	t.Helper()
	var out []byte
	for _, text := range texts {
		var err error
		if out, err = parsed.Append(out, []byte(text), parse(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	return parsed.Trees(out)
}

// TestFindGivesWhatWasParsed compares whole nodes: kinds, styles, tags, values and
// places.
func TestFindGivesWhatWasParsed(t *testing.T) {
	providers, err := os.ReadFile("../providers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreFields(yaml.Node{}, "HeadComment", "LineComment", "FootComment")}
	texts := []string{
		"a: 1", "[]", "{}", "text", "# a comment\nnot: empty # but for this\n", "- 'quoted'\n- \"twice\\n\"\n- 1.5\n- true\n- null\n- 2026-11-24\n",
		"a: >-\n  folded\n  text\n\n\nb: |\n  kept\n", "deep: {er: [{and: [deeper]}]}", "ключ: значение", string(providers),
	}
	trees := kept(t, texts...)
	var room parsed.Room
	for _, text := range texts {
		if diff := cmp.Diff(parse(t, text), trees.Find([]byte(text), &room), same); diff != "" {
			t.Errorf("%.40q: -parsed +kept\n%s", text, diff)
		}
	}
}

func TestFindKnowsOnlyTheSameBytes(t *testing.T) {
	trees := kept(t, "a: 1", "b: 2")
	var room parsed.Room
	for _, text := range []string{"a: 1\n", "A: 1", "", "c: 3"} {
		if trees.Find([]byte(text), &room) != nil {
			t.Errorf("%q was never kept, and is found", text)
		}
	}
	if parsed.Trees("").Find([]byte("a: 1"), nil) != nil {
		t.Error("no trees hold one")
	}
}

// TestFindIsNotLed cuts trees off and spoils them, byte by byte: what comes of it
// is no tree or one of as many nodes, and never a panic.
func TestFindIsNotLed(t *testing.T) {
	const text = "a: [1, {b: two}]\nc: three\n"
	whole := kept(t, text)
	for i := range whole {
		if i < len(whole)-1 && whole[:i+1].Find([]byte(text), nil) != nil {
			t.Errorf("cut off after byte %d, there is still a tree", i)
		}
		for _, b := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			spoilt := []byte(whole)
			spoilt[i] = b
			parsed.Trees(spoilt).Find([]byte(text), nil)
		}
	}
}

func TestAppendRefusesWhatItCannotKeep(t *testing.T) {
	for _, text := range []string{"a: &anchor 1\nb: *anchor", "a: !mine 1"} {
		if _, err := parsed.Append(nil, []byte(text), parse(t, text)); err == nil || !strings.Contains(err.Error(), "line 1: ") {
			t.Errorf("%q: %v, want an error of line 1", text, err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	providers, err := os.ReadFile("../providers.yaml")
	if err != nil {
		b.Fatal(err)
	}
	trees := kept(b, string(providers))
	b.SetBytes(int64(len(providers)))
	var room parsed.Room
	for b.Loop() {
		if trees.Find(providers, &room) == nil {
			b.Fatal("it is not found")
		}
	}
}
