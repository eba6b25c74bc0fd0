package specs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// preamble stands in for what a reader's package has: servers, gates, imports.
const preamble = `package snippets

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite/conform"
	"github.com/molecule-ai/byok-conformance/suite/match"
)

var (
	ourgate   struct{ New func(http.RoundTripper) gate.Gate }
	ourserver struct{ New func(http.RoundTripper) http.Handler }
	server    struct { New func(http.RoundTripper) (http.Handler, error) }
	g         gate.Gate
	ctx       context.Context
	request   gate.Request
	_         = httptest.NewServer
	_         = Expect
	_         = match.BeAllowed
)
`

// Every Go block of the documents that no command of theirs compiles compiles
// here: one that begins with a function stands alone, another within one.
func TestSnippets(t *testing.T) {
	for file, want := range map[string]int{"README.md": 1, "docs/vendoring.md": 3} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../..", file))
			if err != nil {
				t.Fatal(err)
			}
			source, found := preamble, 0
			for _, m := range regexp.MustCompile("(?s)\n```go\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
				found++
				if strings.HasPrefix(m[1], "func ") {
					source += "\n" + m[1]
				} else {
					source += "\nfunc _(t *testing.T) {\n" + m[1] + "}\n"
				}
			}
			if found != want {
				t.Fatalf("%d Go blocks, want %d", found, want)
			}
			path := filepath.Join(t.TempDir(), "snippets_test.go")
			if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), "go", "vet", path).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
