package specs

import (
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/modules.golden")

// What a vendor's module graph and vendor folder get is a promise: each module
// that the packages for vendors reach stands in the golden file.
func TestModulesOfVendors(t *testing.T) {
	var b strings.Builder
	for _, pkg := range []string{"conform", "match", "specs"} {
		b.WriteString("suite/" + pkg + "\n")
		for _, m := range modules(t, "../"+pkg) {
			b.WriteString("\t" + m + "\n")
		}
	}
	const golden = "testdata/modules.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("modules that vendors get (-golden +now); accept with go test ./suite/specs -run TestModulesOfVendors -update, and correct docs/vendoring.md:\n%s", diff)
	}
}

// modules lists the modules, but ours, of everything that a package imports.
func modules(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(out))
	slices.Sort(list)
	return slices.Compact(list)
}

// Rooms that a vendor has no use for must not be reached, whatever they import.
func TestRoomsOfVendors(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "../conform", "../match", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	var rooms []string
	for _, pkg := range strings.Fields(string(out)) {
		if room, ours := strings.CutPrefix(pkg, "github.com/molecule-ai/byok-conformance/"); ours {
			rooms = append(rooms, room)
		}
	}
	slices.Sort(rooms)
	want := []string{"fakes/upstream", "gate", "internal/scratch", "internal/spelled", "internal/strict", "internal/textfile", "registry", "reports", "reports/text", "scenarios", "suite", "suite/conform", "suite/explore", "suite/findings", "suite/govalue", "suite/judge", "suite/match", "suite/secrets", "suite/server", "suite/specs", "suite/target", "suite/timing", "suite/waivers"}
	if diff := cmp.Diff(want, rooms); diff != "" {
		t.Errorf("rooms (-want +got):\n%s", diff)
	}
}
