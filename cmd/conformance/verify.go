package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

func newVerifyCommand() *cobra.Command {
	var v verifier
	cmd := &cobra.Command{
		Use:   "verify EVIDENCE [RUN.json]",
		Short: "Recompute what a report or an in-toto statement says, and say what it relies on",
		Long: "verify takes a JSON report, or an in-toto statement (bare or in a DSSE envelope) and the JSON report beside it. It\n" +
			"recomputes the digests of corpus, registry, profile and program, which scenarios a selection has, what each of them\n" +
			"gives and expects, and the counts; and it says of what it cannot recompute that it relies on it. Signatures are for the\n" +
			"tool that made them. Exit status: 0 nothing contradicts, 1 something does, 2 a file could not be read.",
		Example: "  conformance verify run.json\n  conformance verify run.intoto.json run.json",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			v.out = cmd.OutOrStdout()
			if err := v.verify(args, cmd.InOrStdin()); err != nil {
				return err
			}
			return v.end()
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&v.registry, "registry", "", "the registry file of the run, where it is not where the run read it")
	fl.StringVar(&v.profile, "profile", "", "the profile's file, where it is not where the run read it")
	return cmd
}

// A verifier holds evidence to what can be recomputed, and counts what
// contradicts it.
type verifier struct {
	registry, profile string
	out               io.Writer
	checked, wrong    int
	err               error
}

// say prints one finding; the first write that fails is kept for end.
func (v *verifier) say(kind, format string, args ...any) {
	if _, err := fmt.Fprintf(v.out, "%-10s %s\n", kind, spelled.Line(fmt.Sprintf(format, args...))); err != nil && v.err == nil {
		v.err = fmt.Errorf("printing what was found: %w", err)
	}
}

// holds says what was recomputed, and whether it came out as the evidence says.
func (v *verifier) holds(err error, format string, args ...any) bool {
	v.checked++
	if err != nil {
		v.wrong++
		v.say("MISMATCH", "%s: %v", fmt.Sprintf(format, args...), err)
		return false
	}
	v.say("ok", format, args...)
	return true
}

// relies says what has to be believed.
func (v *verifier) relies(format string, args ...any) { v.say("relies on", format, args...) }

func (v *verifier) end() error {
	v.say("result", "%d checks, %d mismatches", v.checked, v.wrong)
	switch {
	case v.err != nil:
		return v.err
	case v.wrong > 0:
		return errNotConformant
	}
	return nil
}

func (v *verifier) verify(paths []string, stdin io.Reader) error {
	files := make([]*given, len(paths))
	for i, path := range paths {
		var err error
		if files[i], err = openGiven(path, stdin); err != nil {
			return fmt.Errorf("reading the evidence: %w", err)
		}
		defer files[i].Close()
	}
	if !reports.IsStatement(io.NewSectionReader(files[0], 0, files[0].size)) {
		if len(paths) > 1 {
			return fmt.Errorf("%s is no in-toto statement, so %s has nothing to be held to; verify one report at a time", paths[0], paths[1])
		}
		v.run(files[0], paths[0])
		return nil
	}
	statement, err := reports.ReadStatement(io.NewSectionReader(files[0], 0, files[0].size))
	if !v.holds(err, "%s is an in-toto statement with a test-result predicate", paths[0]) {
		return nil
	}
	if len(paths) == 1 {
		v.statement(statement)
		v.relies("the lists and the configuration of %s: no JSON report was given beside it", paths[0])
		return nil
	}
	v.statement(statement)
	if run := v.run(files[1], paths[1]); run != nil {
		v.holds(statement.Agrees(run), "the statement says what %s says", paths[1])
	}
	return nil
}

// statement holds a statement to itself and to the files that are here.
func (v *verifier) statement(s *reports.Statement) {
	v.holds(s.Check(), "the statement's result follows from its lists, each scenario in one of them")
	v.corpusDigest(s.Digest("corpus"))
	fields := s.Configuration("run").GetAnnotations().GetFields()
	var invocation []string
	for _, arg := range fields["commandLine"].GetListValue().GetValues() {
		invocation = append(invocation, arg.GetStringValue())
	}
	v.registryDigest(s.Digest("registry"), invocation)
	v.profileDigest(s.Digest("profile"), flagOf(invocation, "--profile"))
	for _, w := range s.Waivers() {
		v.fileDigest("waiver file", w.Path, w.Digest)
	}
	for _, subject := range s.Subjects {
		if sum := subject.Digest["sha256"]; sum != "" {
			v.fileDigest("program", subject.Name, "sha256:"+sum)
		} else {
			v.relies("the subject %s: it has only an address, and what answered there is not recorded", subject.Name)
		}
	}
	if s.Enveloped {
		v.relies("the envelope's signatures: check them with the tool that made them")
	} else {
		v.relies("whoever gave you the statement: it is not signed")
	}
}

// run holds a JSON report to itself and to what it was made from; nil where it
// cannot be read at all.
func (v *verifier) run(file *given, path string) *reports.Stored {
	run, err := reports.Scan(file, file.size)
	if !v.holds(err, "%s is a whole report, and its summary counts its results", path) {
		return nil
	}
	h := run.Head()
	v.say("verdict", "%s", reports.SummaryLine(h, run.Foot()))
	v.holds(ruleTable(run), "the table of rules counts the results")
	corpus := v.corpusDigest(h.Corpus.Digest)
	if corpus && h.Corpus.Version != "" {
		err := same(h.Corpus.Version, scenarios.Version(), "the report was changed, or its corpus had another version then")
		v.holds(err, "the corpus has version %s", h.Corpus.Version)
	}
	reg := v.registryDigest(h.Registry.Digest, h.Invocation)
	if corpus && reg != nil {
		v.scenarios(run, reg)
	} else {
		v.relies("the scenarios: which were selected, and what each gives and expects, could not be recomputed")
	}
	v.profileDigest(h.Target.ProfileDigest, h.Target.Profile)
	for _, w := range h.Waivers {
		v.fileDigest("waiver file", w.Path, w.Digest)
	}
	for _, p := range h.Target.Programs {
		v.fileDigest("program", p.Path, p.Digest)
	}
	if len(h.Target.Programs) == 0 {
		v.relies("the target %s %s: nothing was started, so what answered there is not recorded", h.Target.Kind, h.Target.Address)
	}
	v.relies("what was seen: replies, calls and times are as whoever ran it recorded them")
	return run
}
