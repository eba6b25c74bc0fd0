package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/waivers"
)

// A waiving is what a run does about failures that are known.
type waiving struct {
	set   *waivers.Set
	draft *waivers.Draft
	// files are those that the waivers came from.
	files []waivers.File
	// path is where the draft goes; empty where none was asked for.
	path string
}

// openWaivers reads the waivers before anything is started. A draft never takes
// the place of a file, whose reasons somebody has written.
func openWaivers(p *prepared, files []string, draft string) (*waiving, error) {
	list, read, err := waivers.LoadFiles(files, p.corpus.Rules)
	if err != nil {
		return nil, fmt.Errorf("the waivers cannot be used:\n%w", err)
	}
	var all []*scenarios.Scenario
	if len(list) > 0 || draft != "" {
		if all, err = p.corpus.Expand(p.registry); err != nil {
			return nil, fmt.Errorf("expanding the corpus over the registry: %w", err)
		}
	}
	w := &waiving{files: read, draft: waivers.NewDraft(all), path: draft}
	if w.set, err = waivers.New(list, all, time.Now()); err != nil {
		return nil, err
	}
	for _, spec := range p.flags.reports {
		if _, path, _ := strings.Cut(spec, "="); draft != "" && reports.SameFile(path, draft) {
			return nil, fmt.Errorf("--write-waivers %s and --report %q go to one place, where only one of them could stand; give each a path of its own", draft, spec)
		}
	}
	if _, err := os.Lstat(draft); draft != "" && err == nil {
		return nil, fmt.Errorf("--write-waivers %s: there is such a file already; name another one, and take over what you need", draft)
	}
	return w, nil
}

// apply is the engine's view of the waivers.
func (w *waiving) apply(r suite.Result) suite.Result {
	r = w.set.Apply(r)
	w.draft.Add(r)
	return r
}

// reason says why stale waivers keep a run from being conformant; empty where
// there are none. The exit status is then 1 and not 2: the target was judged and
// the reports are whole, but CI must not be green, or nobody would ever delete
// the waiver that hides the next failure.
func (w *waiving) reason() string {
	var at []string
	for _, s := range w.set.Stale() {
		at = append(at, s.Pos.String())
	}
	switch len(at) {
	case 0:
		return ""
	case 1:
		return "the waiver at " + at[0] + " no longer matches a failure"
	}
	return "the waivers at " + strings.Join(at, ", ") + " no longer match a failure"
}

// write writes the draft, if one was asked for and there is anything to waive.
func (w *waiving) write(stderr io.Writer, interrupted bool) error {
	switch {
	case w.path == "":
		return nil
	case interrupted:
		fmt.Fprintf(stderr, "conformance: the run was cut short, so %s is not written\n", w.path)
		return nil
	case w.draft.Failed() == 0:
		fmt.Fprintf(stderr, "conformance: nothing failed that is not waived, so %s is not written\n", w.path)
		return nil
	}
	file, err := os.OpenFile(w.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("writing the waivers: %w; name another file with --write-waivers", err)
	}
	_, err = file.Write(w.draft.YAML(time.Now()))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing the waivers to %s: %w", w.path, err)
	}
	fmt.Fprintf(stderr, "conformance: waivers for %d failures are drafted in %s; fill in reasons and links, and run `conformance lint %s`\n", w.draft.Failed(), w.path, spelled.Shell(w.path))
	return nil
}
