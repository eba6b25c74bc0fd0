package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports/view"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// publishedRoot holds a folder for each version of the corpus that was released.
const publishedRoot = "../../reports/published"

// publishedMost is what the samples of one version may take in all, in bytes.
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

var (
	publishRuns = flag.Bool("publish", false, "make the published runs of this version of the corpus; done once, at its release")
	released    = flag.Bool("released", false, "demand published runs of this very corpus, as at a release")
)

// TestPublish makes the runs of a release, where the flag asks for it.
func TestPublish(t *testing.T) {
	for _, c := range published {
		folder := filepath.Join(publishedRoot, scenarios.Version(), c.folder)
		args := []string{"run", "--target", c.target, "--seed", "published"}
		for _, id := range publishedIDs {
			args = append(args, "--id", id)
		}
		if *publishRuns {
			publish(t, folder, c.status, args, publishedReadme(c.folder, args))
		}
		if !*released {
			continue // TestPublished holds what is there
		}
		if now, then := digestNow(t), readRun(t, folder).Corpus.Digest; then != now {
			t.Errorf("%s is a run of %s, and the corpus is %s; raise scenarios/VERSION, then: go test ./cmd/conformance -run TestPublish -publish", folder, then, now)
		}
	}
}

// TestPublished holds each published run to the corpus that it was made of. That
// may have grown since: what an id means stays, so each scenario of the run that
// there still is has to end as it did. Where it is the same corpus, all is the same.
func TestPublished(t *testing.T) {
	versions, err := os.ReadDir(publishedRoot)
	if err != nil || len(versions) == 0 {
		t.Fatalf("%d published versions (%v)", len(versions), err)
	}
	for _, version := range versions {
		for _, c := range published {
			t.Run(version.Name()+"/"+c.folder, func(t *testing.T) {
				folder := filepath.Join(publishedRoot, version.Name(), c.folder)
				then := readRun(t, folder)
				if then.Corpus.Version != version.Name() {
					t.Errorf("it is a run of the corpus %s, and stands under %s", then.Corpus.Version, version.Name())
				}
				if readme := readText(t, filepath.Join(folder, "README.md")); readme != publishedReadme(c.folder, then.Invocation[1:]) {
					t.Error("README.md does not say how it was made")
				}
				sameOutcomes(t, c.target, then)
				if then.Corpus.Digest == digestNow(t) {
					runs(t, exitConformant, []string{"verify", filepath.Join(folder, "run.intoto.json"), filepath.Join(folder, "run.json")})
				}
				// Every view can be made of it, whatever version of the program wrote it.
				for format := range publishedFiles {
					runs(t, exitConformant, []string{"report", "--from", filepath.Join(folder, "run.json"), "--report", format + "=" + filepath.Join(t.TempDir(), format)})
				}
			})
		}
	}
}

// sameOutcomes replays what the corpus still has of a published run.
func sameOutcomes(t *testing.T, target string, then publishedRun) {
	t.Helper()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	list, err := corpus.Expand(registry.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, s := range list {
		there[s.ID] = true
	}
	was, args, gone := map[string]string{}, []string{"run", "--target", target, "--seed", "published", "--quiet"}, 0
	for _, r := range then.Results {
		if !there[r.ID] {
			t.Logf("%s is gone", r.ID)
			gone++
			continue
		}
		was[r.ID], args = r.Outcome, append(args, "--id", r.ID)
	}
	// A minor version may take providers out of the registry, and their cells with them.
	if len(was) == 0 || gone > 0 && then.Corpus.Version == scenarios.Version() {
		t.Fatalf("%d of the %d scenarios are gone from the corpus %s", gone, len(then.Results), scenarios.Version())
	}
	folder := t.TempDir()
	status := exitConformant
	if !then.Summary.Conformant {
		status = exitNotConformant
	}
	runs(t, status, append(args, "--report", "json="+filepath.Join(folder, "run.json")))
	for _, r := range readRun(t, folder).Results {
		if then, asked := was[r.ID]; asked && then != r.Outcome {
			t.Errorf("%s %s when it was published, and %s now; an id never changes its meaning", r.ID, then, r.Outcome)
		}
	}
}

// publishedRun is what is read of a published run.json.
type publishedRun struct {
	Corpus     struct{ Digest, Version string }
	Invocation []string
	Summary    struct{ Conformant bool }
	Results    []struct{ ID, Outcome string }
}

func readRun(t *testing.T, folder string) publishedRun {
	t.Helper()
	var run publishedRun
	if err := json.Unmarshal([]byte(readText(t, filepath.Join(folder, "run.json"))), &run); err != nil {
		t.Fatal(err)
	}
	return run
}

func digestNow(t *testing.T) string {
	t.Helper()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return corpus.Digest()
}

func TestPublishedIsSmallAndWhole(t *testing.T) {
	for _, format := range view.Formats() {
		if publishedFiles[format] == "" {
			t.Errorf("the format %s is not published", format)
		}
	}
	sizes := map[string]int64{}
	err := filepath.WalkDir(publishedRoot, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		sizes[filepath.Dir(filepath.Dir(path))] += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for version, size := range sizes {
		if size > publishedMost {
			t.Errorf("the samples of %s take %d bytes, want at most %d", version, size, publishedMost)
		}
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

// publish makes a run and writes its files.
func publish(t *testing.T, folder string, status int, args []string, readme string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "README.md"), []byte(readme), 0o644); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(t.TempDir(), "run.json")
	runs(t, status, append(args, "--quiet", "--report", "json="+run))
	for format, file := range publishedFiles {
		runs(t, exitConformant, []string{"report", "--from", run, "--report", format + "=" + filepath.Join(folder, file)})
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(text)
}

func publishedReadme(folder string, args []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# A published run: %s\n\nMade with\n\n```sh\nconformance", folder)
	for _, a := range args {
		b.WriteString(" " + spelled.Shell(a))
	}
	for _, format := range view.Formats() {
		fmt.Fprintf(&b, " --report %s=%s", format, publishedFiles[format])
	}
	b.WriteString("\n```\n\nThe selection is thin so that the files stay small. The same command gives the same files but for times, addresses\n" +
		"and what the server makes up for a workspace; a test holds the files to that. `docs/reports.md` says what each is for, and\n" +
		"`conformance verify run.intoto.json run.json` recomputes what can be recomputed.\n")
	return b.String()
}
