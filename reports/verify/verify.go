// Package verify recomputes what a report or an in-toto statement says, as far as
// that can be done without the server: digests, the selection, the scenarios, the
// outcomes against what was seen, the counts; and it says of the rest that it has
// to be believed.
//
// What does not live here: checking signatures, and reading reports (reports) and
// statements (reports/attest).
package verify

import (
	"fmt"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"io"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/attest"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// Options say where the files of a run are now. The zero value looks for them
// where the run read them.
type Options struct {
	// Registry and Profile are paths; either may be empty.
	Registry, Profile string
}

// A File is evidence that was opened; Name is what it is called.
type File struct {
	io.ReaderAt
	Name string
	Size int64
}

func (f File) section() *io.SectionReader { return io.NewSectionReader(f, 0, f.Size) }

// Evidence recomputes what a JSON report says, or what an in-toto statement says
// and the JSON report that may come second, and prints one line for each point.
// It holds where nothing contradicts; the error is one of printing, or of two
// files that have nothing to do with each other.
func Evidence(w io.Writer, files []File, o Options) (holds bool, err error) {
	v := &verifier{registry: o.Registry, profile: o.Profile, out: w}
	if err := v.verify(files); err != nil {
		return false, err
	}
	v.say("result", "%d checks, %d mismatches", v.checked, v.wrong)
	return v.wrong == 0, v.err
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

func (v *verifier) verify(files []File) error {
	if !attest.IsStatement(files[0].section()) {
		if len(files) > 1 {
			return fmt.Errorf("%s is no in-toto statement, so %s has nothing to be held to; verify one report at a time", files[0].Name, files[1].Name)
		}
		v.run(files[0])
		return nil
	}
	v.holds(strict.DuplicateKeys(files[0].section()), "%s has each of its fields once", files[0].Name)
	statement, err := attest.ReadStatement(files[0].section())
	if !v.holds(err, "%s is an in-toto statement with a test-result predicate", files[0].Name) {
		return nil
	}
	v.statement(statement)
	if len(files) == 1 {
		v.relies("the lists and the configuration of %s: no JSON report was given beside it", files[0].Name)
		return nil
	}
	if run := v.run(files[1]); run != nil {
		v.holds(statement.Agrees(run), "the statement says what %s says", files[1].Name)
	}
	return nil
}

// statement holds a statement to itself and to the files that are here.
func (v *verifier) statement(s *attest.Statement) {
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
func (v *verifier) run(file File) *reports.Run {
	v.holds(strict.DuplicateKeys(file.section()), "%s has each of its fields once", file.Name)
	run, err := reports.Scan(file, file.Size, nil)
	if !v.holds(err, "%s is a whole report, and its summary counts its results", file.Name) {
		return nil
	}
	h := run.Header
	v.say("verdict", "%s", reports.SummaryLine(h, run.Footer))
	v.holds(ruleTable(run), "the table of rules counts the results")
	v.holds(each(run, func(r *reports.Result) error { return violates(run, r) }), "the replies bear out what is called wrongly allowed or refused")
	v.holds(ending(run.Footer), "what is left behind is named, and a run that was cut short says by what")
	v.holds(claims(run), "every area is claimed or not, and the summary says the same")
	v.holds(times(run), "the run ended after it began, and nothing took longer than the whole")
	v.holds(same(h.Run, reports.RunID(h.Seed), "the seed or the run's id was changed"), "the run's id %s is made from the seed %s", h.Run, h.Seed)
	if own := h.Corpus.Own; own != nil {
		v.holds(fmt.Errorf("it selected from the class %s (%s), too, which is no part of the corpus; verify a run without --corpus", spelled.Line(own.Class), spelled.Line(own.Digest)), "the run selected from the corpus alone")
	}
	corpus := v.corpusDigest(h.Corpus.Digest)
	if corpus && h.Corpus.Version != "" {
		err := same(h.Corpus.Version, scenarios.Version(), "the report was changed, or its corpus had another version then")
		v.holds(err, "the corpus has version %s", h.Corpus.Version)
	}
	reg := v.registryDigest(h.Registry.Digest, h.Invocation)
	if corpus && reg != nil {
		v.holds(corpusSize(h, reg), "the corpus makes %d scenarios of the registry", h.Corpus.Scenarios)
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
