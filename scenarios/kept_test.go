package scenarios

import (
	"bytes"
	"io/fs"
	"os"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry/parsed"
	"github.com/molecule-ai/byok-conformance/scenarios/strict"
)

// TestKeptTrees holds corpus.tree to the files: what it keeps of each is what
// parsing it gives, and it keeps nothing else.
func TestKeptTrees(t *testing.T) {
	files, err := fs.Glob(embedded, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for _, file := range files {
		data, err := fs.ReadFile(embedded, file)
		if err != nil {
			t.Fatal(err)
		}
		r := &strict.Reader{File: file} // it keeps nothing, so it parses
		root := r.Root(data)
		if root == nil {
			t.Fatal(r.Err())
		}
		if want, err = parsed.Append(want, data, root); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	if bytes.Equal([]byte(kept), want) {
		return
	}
	if !*update {
		t.Fatal("corpus.tree is not what the files give; every start parses those that were edited, until you run: go test ./scenarios -run TestKeptTrees -update")
	}
	if err := os.WriteFile("corpus.tree", want, 0o644); err != nil {
		t.Fatal(err)
	}
}
