package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/view"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// An output turns the events of a run into reports, console lines and progress.
type output struct {
	p       *prepared
	console *view.Console
	files   []*view.File
	// recorder keeps the run for the files; nil where there is none.
	recorder *reports.Recorder
	tally    *reports.Tally
	findings *findings.Collector
	header   reports.Header
	progress progress.Display
	stderr   io.Writer
	// left is how many scenarios have not ended yet.
	left int
	// rejected is how many valid creates were refused by other rules of the server.
	rejected int
	// unkept: a result could not be recorded, so that there is no whole report.
	unkept bool
	// err is the first error of writing something; the run goes on without it.
	err error
}

// openReports opens every report before the run begins, so that a path that
// cannot be written is known at once.
func openReports(cmd *cobra.Command, p *prepared) (*output, error) {
	p.invocation = invocation(cmd, p.flags.Command)
	o := &output{p: p, stderr: cmd.ErrOrStderr(), progress: progress.New(cmd.ErrOrStderr(), p.flags.quiet)}
	var err error
	if o.files, err = view.CreateAll(p.flags.reports); err != nil {
		return nil, errors.Join(err, o.close())
	}
	if len(o.files) > 0 {
		if p.size, err = p.corpus.BuiltIn().Count(p.registry); err != nil {
			return nil, errors.Join(fmt.Errorf("counting the corpus's scenarios: %w", err), o.close())
		}
	}
	stdout := cmd.OutOrStdout()
	if onStandardOutput(o.files) {
		stdout = cmd.ErrOrStderr() // a report and our own lines in one stream are neither
	}
	o.console = view.NewConsole(o.progress.Above(stdout), view.ConsoleOptions{
		Colour: colourful(stdout), Quiet: p.flags.quiet, Verbose: p.flags.verbose, Failures: p.flags.maxFailures, Explain: p.explain(), Note: p.again.text,
	})
	return o, nil
}

// colourful reports whether colours help: at a terminal, unless NO_COLOR says
// otherwise (no-color.org).
func colourful(w io.Writer) bool { return os.Getenv("NO_COLOR") == "" && progress.IsTerminal(w) }

func (o *output) close() error {
	o.progress.End()
	var err error
	if o.recorder != nil {
		err = o.recorder.Close()
	}
	return errors.Join(err, view.CloseAll(o.files))
}

// handle takes the events of the engine.
func (o *output) handle(e suite.Event) {
	switch e := e.(type) {
	case suite.Planned:
		o.begin(e.Total)
	case suite.Finished:
		r := o.p.result(e.Result)
		o.tally.Add(&r)
		o.findings.Add(e.Result)
		o.p.again.add(e.Result)
		o.p.count(e.Result.Outcome)
		if rejects(&e.Result) {
			o.rejected++
		}
		step(o.progress, e)
		if o.left--; o.left == 0 {
			o.progress.Phase("cleaning up")
		}
		o.failed(o.console.Result(&r))
		if o.recorder != nil {
			err := o.recorder.Result(&r)
			o.unkept = o.unkept || err != nil
			o.failed(err)
		}
	case suite.Stopped:
		fmt.Fprintln(o.progress.Above(o.stderr), stoppedText(e))
	case suite.Ended:
		o.end(e.Summary)
	}
}

func (o *output) begin(total int) {
	o.header, o.left, o.p.began = o.p.header(total), total, time.Now()
	o.tally, o.findings = reports.NewTally(total), findings.NewCollector(o.p.registry)
	begin(o.progress, o.p.target, total)
	o.failed(o.console.Begin(o.header))
	if len(o.files) == 0 {
		return
	}
	var err error
	if o.recorder, err = reports.NewRecorder(o.header); err != nil {
		o.failed(err)
	}
}

func (o *output) end(s suite.Summary) {
	o.progress.End()
	o.failed(o.p.notes(o.stderr, s))
	o.p.doubtRegistry(o.stderr, o.rejected)
	footer := o.tally.Footer(o.p.ended(s), o.header.Claims, o.header.NotClaimedAreas, o.p.levelOf)
	footer.Findings = o.findings.Findings(o.p.replay)
	o.diagnose(footer.Findings, s)
	for i := range footer.Rules {
		footer.Rules[i].Title = o.p.titleOf(footer.Rules[i].ID)
	}
	if o.recorder != nil && !o.unkept {
		run, err := o.recorder.End(footer)
		if err == nil {
			err = showIn(o.files, run)
		}
		o.failed(err)
	}
	o.failed(o.console.End(footer))
}

// failed keeps the first error.
func (o *output) failed(err error) {
	if o.err == nil && err != nil {
		o.err = fmt.Errorf("writing a report: %w", err)
	}
}

func (p *prepared) ended(s suite.Summary) reports.Ended {
	e := reports.Ended{Status: reports.Complete, Finished: time.Now().UTC(), Planned: s.Planned, Ended: s.Ended(), ReplayedAgain: s.ReplayedAgain, Restarts: s.Restarts}
	if p.target.Died() != nil {
		e.Status, e.Reason = reports.Aborted, p.target.Death()
	} else if s.Interrupted && p.stopped {
		e.Status, e.Reason = reports.Interrupted, plural(p.flags.stopAfter, "failure")+" ended the run (--stop-after)"
	} else if s.Late {
		e.Status, e.Reason = reports.Interrupted, p.flags.deadlineText()+" ended the run"
	} else if s.Interrupted {
		e.Status, e.Reason = reports.Interrupted, "a signal ended the run"
	} else {
		e.Reason = p.waiving.reason()
	}
	for _, w := range s.LeftBehind {
		e.LeftBehind = append(e.LeftBehind, reports.Workspace{ID: w.ID, Name: w.Name})
	}
	if len(e.LeftBehind) > 0 {
		e.Clean = p.cleaning()
	}
	return e
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func (p *prepared) levelOf(rule string) string {
	if r := p.corpus.Rules.Find(rule); r != nil {
		return string(r.Level)
	}
	return ""
}

func (p *prepared) titleOf(rule string) string {
	if r := p.corpus.Rules.Find(rule); r != nil {
		return r.Title
	}
	return ""
}

func (p *prepared) header(planned int) reports.Header {
	traits := p.target.Traits()
	claims := p.target.Claims
	if claims == nil {
		claims = traits.Claims
	}
	var known []reports.WaiverFile
	for _, f := range p.waiving.files {
		known = append(known, reports.WaiverFile(f))
	}
	return reports.Header{
		Tool: reports.Tool{Name: "conformance", Version: version()}, Run: reports.RunID(p.flags.seed), Started: time.Now().UTC(),
		Seed: p.flags.seed, Level: string(p.selection.Level),
		Corpus: reports.Corpus{Version: scenarios.Version(), Digest: p.corpus.Digest(), Scenarios: p.size, Own: (*reports.Own)(p.corpus.Own())}, Registry: reports.Registry{Digest: p.registry.Digest()},
		Target: reports.Target{Kind: traits.Kind, Profile: traits.Profile, Address: withoutPassword(traits.Address), Command: p.flags.Command,
			Precedence: p.registry.Precedence(), LivenessCache: duration(p.cache), ProfileDigest: p.target.ProfileDigest, Programs: programs(p.flags.Command)},
		Waivers: known, Invocation: p.invocation,
		Planned: planned, Shard: p.flags.shard, Matrix: p.flags.matrix, LeftOut: p.selected.LeftOut, MatrixBound: scenarios.Bounded(p.registry), Claims: claims, NotClaimedAreas: notClaimed(claims),
		Selection: reports.Selection{Classes: p.flags.classes, Rules: p.flags.rules, IDs: p.flags.ids},
	}
}

// duration is a length of time as a person writes it; empty for none.
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// result is a scenario's end as reports have it.
func (p *prepared) result(r suite.Result) reports.Result {
	return reports.Of(&r, p.replay(r.Scenario.ID))
}

// explain is the command that tells more of a finding; empty where no JSON report
// is written.
func (p *prepared) explain() string {
	for _, spec := range p.flags.reports {
		if path, ok := strings.CutPrefix(spec, "json="); ok {
			return "conformance explain " + spelled.Shell(path)
		}
	}
	return ""
}

// replay is the command that replays one scenario at the same target.
func (p *prepared) replay(id string) string {
	f := p.flags
	args := []string{"conformance", "run"}
	add := func(flag, value string) {
		if value != "" {
			args = append(args, flag, spelled.Shell(value))
		}
	}
	add("--target", f.Target)
	if f.Profile != "workspace-server" {
		add("--profile", f.Profile)
	}
	add("--registry", f.Registry)
	add("--claim", strings.Join(f.Claims, ","))
	if f.Level != "core" {
		add("--level", string(f.Level))
	}
	if f.Budget > 0 {
		add("--probe-budget", f.Budget.String())
	}
	if p.corpus.Own() != nil && strings.HasPrefix(id, p.corpus.Own().Class+"/") {
		add("--corpus", f.own)
	}
	add("--id", id)
	if len(f.Command) > 0 {
		args = append(args, "--")
		for _, a := range f.Command {
			args = append(args, spelled.Shell(a))
		}
	}
	return strings.Join(args, " ")
}

// version is the module's version from the build, or "devel".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

func notClaimed(claims []string) []string {
	return slices.DeleteFunc(slices.Clone(scenarios.Claims), func(c string) bool { return slices.Contains(claims, c) })
}
