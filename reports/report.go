package reports

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// A Report is a run that can be shown, compared and merged, as often as wanted:
// a [Run], which is in memory; a [Stored] one, whose results stay in their file;
// or what [Merge] makes of several.
type Report interface {
	// Head is how the run began.
	Head() Header
	// Foot is how it ended; zero where it is partial.
	Foot() Footer
	// Entries are what is known of the results without reading them, in the
	// report's order. They are not to be modified.
	Entries() []Entry
	// At returns the result of entry i. Of a report in a file it fails where the
	// file is no longer what it was.
	At(i int) (Result, error)
}

// An Entry is a result in short.
type Entry struct {
	ID        string
	Outcome   Outcome
	Companion bool
}

// All yields the results of a report, one at a time; after an error there are no more.
func All(r Report) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		for i := range r.Entries() {
			result, err := r.At(i)
			if !yield(result, err) || err != nil {
				return
			}
		}
	}
}

// partial reports whether a report has no end record.
func partial(r Report) bool { return r.Foot().Ended.Status == "" }

// Head is [Report]'s.
func (r *Run) Head() Header { return r.Header }

// Foot is [Report]'s.
func (r *Run) Foot() Footer { return r.Footer }

// Entries is [Report]'s.
func (r *Run) Entries() []Entry {
	out := make([]Entry, len(r.Results))
	for i := range r.Results {
		out[i] = entryOf(&r.Results[i])
	}
	return out
}

// At is [Report]'s; it never fails.
func (r *Run) At(i int) (Result, error) { return r.Results[i], nil }

func entryOf(r *Result) Entry { return Entry{r.ID, r.Outcome, r.Companion} }

// byID returns the places of a report's entries in the order of their ids.
func byID(list []Entry) []int {
	at := make([]int, len(list))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(a, b int) int { return strings.Compare(list[a].ID, list[b].ID) })
	return at
}

// Replay shows a run through a writer, as if it were happening again. A partial
// run (see [Run.Partial]) gets a footer counted from what it holds, with status
// [Aborted], so that no view of it can pass for a whole one.
func Replay(r Report, w Writer) error {
	if r == nil {
		return errors.New("replay a report: there is no run; read one with reports.Read first")
	}
	h := r.Head()
	if err := w.Begin(h); err != nil {
		return err
	}
	tally := NewTally(h.Planned)
	n := 0
	for result, err := range All(r) {
		if err != nil {
			return err
		}
		if err := w.Result(result); err != nil {
			return err
		}
		tally.Add(result)
		n++
	}
	if !partial(r) {
		return w.End(r.Foot())
	}
	ended := Ended{Status: Aborted, Reason: fmt.Sprintf("the report was cut off after %s of %s results", spelled.Number(n), spelled.Number(h.Planned))}
	return w.End(tally.Footer(ended, h.Claims, h.NotClaimedAreas, nil))
}
