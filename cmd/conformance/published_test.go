package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/itchyny/gojq"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// publishedFolder holds the runs of the corpus as it is now.
var publishedFolder = "../../reports/published/" + scenarios.Version()

// publishedMost is what the samples may take in all, in bytes.
const publishedMost = 1_500_000

// publishedIDs thin the corpus: the report's own case, one provider's row of the
// mismatch matrix at both stages, and a little of what else can be seen.
var publishedIDs = []string{
	"mismatched/report", "mismatched/foreign/groq/*/workspace", "provision/swapped/groq/*", "missing/*groq*", "dead/answer/groq/*",
	"transient/answer/groq/GROQ_API_KEY/workspace/*",
}

// publishedFiles are the formats with the names of their files.
var publishedFiles = map[string]string{
	"json": "run.json", "html": "run.html", "junit": "run.xml", "markdown": "run.md", "intoto": "run.intoto.json",
}

// published are the runs, by the folder of their files.
var published = []struct {
	folder, target string
	status         int
}{
	{"reference", "reference", exitConformant},
	{"any-known-credential", "faulty:any-known-credential", exitNotConformant},
}

// TestPublished makes each published run again: its JSON has to be what comes
// out, but for what may vary, and every view what comes out of its JSON, to the
// byte. With -update it logs what is other than before, and writes them.
func TestPublished(t *testing.T) {
	for _, c := range published {
		t.Run(c.folder, func(t *testing.T) {
			folder := filepath.Join(publishedFolder, c.folder)
			args := []string{"run", "--target", c.target, "--seed", "published"}
			for _, id := range publishedIDs {
				args = append(args, "--id", id)
			}
			readme := publishedReadme(c.folder, args)
			now := filepath.Join(t.TempDir(), "run.json")
			runs(t, c.status, append(args, "--quiet", "--report", "json="+now))
			diff := ""
			if _, err := os.Stat(filepath.Join(folder, "run.json")); err == nil || !*update {
				diff = cmp.Diff(unvaried(t, filepath.Join(folder, "run.json")), unvaried(t, now))
			}
			switch {
			case *update:
				// What is about to be lost from sight is told: -v shows it.
				t.Logf("written anew (-published +now):\n%.4000s", diff)
				publish(t, folder, now, readme)
			case diff != "":
				t.Errorf("the run is no longer what comes out; -update writes it (-published +now):\n%.4000s", diff)
			}
			for format, file := range publishedFiles {
				again := filepath.Join(t.TempDir(), file)
				runs(t, exitConformant, []string{"report", "--from", filepath.Join(folder, "run.json"), "--report", format + "=" + again})
				if readText(t, filepath.Join(folder, file)) != readText(t, again) {
					t.Errorf("%s is no longer what its JSON gives; -update writes it", file)
				}
			}
			if readText(t, filepath.Join(folder, "README.md")) != readme {
				t.Error("README.md does not say how it was made; -update writes it")
			}
			runs(t, exitConformant, []string{"verify", filepath.Join(folder, "run.intoto.json"), filepath.Join(folder, "run.json")})
		})
	}
}

func TestPublishedIsSmallAndWhole(t *testing.T) {
	for _, format := range reports.Formats() {
		if publishedFiles[format] == "" {
			t.Errorf("the format %s is not published", format)
		}
	}
	size := int64(0)
	err := filepath.WalkDir(publishedFolder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if err != nil || size > publishedMost {
		t.Errorf("the samples take %d bytes, want at most %d (%v)", size, publishedMost, err)
	}
}

// runs runs our command line, which has to end with that status.
func runs(t *testing.T, want int, args []string) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&out)
	if got := status(root.ExecuteContext(t.Context()), &out); got != want {
		t.Fatalf("conformance %q: exit status %d, want %d:\n%s", args, got, want, out.String())
	}
}

// publish writes a run's files.
func publish(t *testing.T, folder, run, readme string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "README.md"), []byte(readme), 0o644); err != nil {
		t.Fatal(err)
	}
	for format, file := range publishedFiles {
		runs(t, exitConformant, []string{"report", "--from", run, "--report", format + "=" + filepath.Join(folder, file)})
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; -update writes it", err)
	}
	return string(text)
}

// unvaried is a JSON report without what may vary between two runs with one seed.
func unvaried(t *testing.T, path string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(readText(t, path)), &v); err != nil {
		t.Fatal(err)
	}
	q, err := gojq.Parse(unvarying)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := q.Run(v).Next()
	if err, failed := got.(error); failed {
		t.Fatal(err)
	}
	return got
}

func publishedReadme(folder string, args []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# A published run: %s\n\nMade with\n\n```sh\nconformance", folder)
	for _, a := range args {
		b.WriteString(" " + quote(a))
	}
	for _, format := range reports.Formats() {
		fmt.Fprintf(&b, " --report %s=%s", format, publishedFiles[format])
	}
	b.WriteString("\n```\n\nThe selection is thin so that the files stay small. The same command gives the same files but for times, addresses\n" +
		"and what the server makes up for a workspace; a test holds the files to that. `docs/reports.md` says what each is for, and\n" +
		"`conformance verify run.intoto.json run.json` recomputes what can be recomputed.\n")
	return b.String()
}
