package registry

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/registry/parsed"
)

// TestKeptTree holds providers.tree to providers.yaml: it is what parsing gives.
func TestKeptTree(t *testing.T) {
	var document yaml.Node
	if err := yaml.Unmarshal(embeddedYAML, &document); err != nil {
		t.Fatal(err)
	}
	want, err := parsed.Append(nil, embeddedYAML, document.Content[0])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal([]byte(kept), want) {
		return
	}
	if flag.Lookup("update").Value.String() != "true" {
		t.Fatal("providers.tree is not what providers.yaml gives; every start parses it again, until you run: go test ./registry -run TestKeptTree -update")
	}
	if err := os.WriteFile("providers.tree", want, 0o644); err != nil {
		t.Fatal(err)
	}
}
