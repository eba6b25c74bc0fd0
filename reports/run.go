package reports

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// A Run is a whole report: how it began, its results in the order of their ids,
// and how it ended. The results stay where they are, in memory or in a file, and
// any number of goroutines may go through them at once. Close lets go of the file.
type Run struct {
	Header Header
	// Footer is zero where the run is partial.
	Footer  Footer
	entries []Entry
	// seen are the different lists of what was seen; results name their places.
	seen [][]Seen
	at   func(i int) (Result, error)
	// raw returns a result's line as it stands in a JSON report; nil where that is
	// not known.
	raw   func(i int) ([]byte, error)
	close func() error
}

// An Entry is a result in short, which is known without reading it.
type Entry struct {
	ID         string
	Class      string
	Outcome    Outcome
	DurationMS float64
	Companion  bool
}

func entryOf(r *Result) Entry { return Entry{r.ID, r.Class, r.Outcome, r.DurationMS, r.Companion} }

// NewRun makes a run of results that are in memory, which it copies.
func NewRun(h Header, results []Result, f Footer) *Run { return inMemory(h, results, f, nil) }

// inMemory makes a run of results whose places are in the list seen.
func inMemory(h Header, results []Result, f Footer, seen [][]Seen) *Run {
	results = Normal(results)
	slices.SortStableFunc(results, func(a, b Result) int { return cmp.Compare(a.ID, b.ID) })
	shared := shared{seen: seen}
	for i := range results {
		results[i] = shared.slim(results[i])
		results[i].bound(shared.seen)
	}
	r := &Run{Header: Normal(h), Footer: Normal(f), seen: shared.seen, at: func(i int) (Result, error) { return results[i], nil }}
	for i := range results {
		r.entries = append(r.entries, entryOf(&results[i]))
	}
	return r
}

// Partial reports whether the run has no end record: whoever wrote it crashed,
// or is still writing. An interrupted run is not partial, it says how it ended.
func (r *Run) Partial() bool { return r.Footer.Ended.Status == "" }

// Entries are the results in short, in the order of their ids. They are not to
// be modified.
func (r *Run) Entries() []Entry { return r.entries }

// At returns the result of entry i. Of a run in a file it fails where the file is
// no longer what it was.
func (r *Run) At(i int) (Result, error) { return r.at(i) }

// All yields the results; after an error there are no more.
func (r *Run) All() iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		for i := range r.entries {
			result, err := r.at(i)
			if !yield(result, err) || err != nil {
				return
			}
		}
	}
}

// Seen returns what a result's steps came to, one for each; nil where nothing is
// known of it.
func (r *Run) Seen(result *Result) []Seen {
	if result.SeenAt != nil && *result.SeenAt < len(r.seen) {
		return r.seen[*result.SeenAt]
	}
	var out []Seen
	for i := range result.Records {
		out = append(out, result.Records[i].Seen)
	}
	return out
}

// RecordsOf returns a result's records. Those of one that passed, or is not
// claimed, hold nothing but what was seen.
func (r *Run) RecordsOf(result *Result) []Record {
	if result.SeenAt == nil {
		return result.Records
	}
	var out []Record
	for _, seen := range r.Seen(result) {
		out = append(out, Record{Seen: seen})
	}
	return out
}

// Find returns the entry's index of that id.
func (r *Run) Find(id string) (i int, found bool) {
	return slices.BinarySearchFunc(r.entries, id, func(e Entry, id string) int { return strings.Compare(e.ID, id) })
}

// Close lets go of the file that holds the results; nil where there is none.
func (r *Run) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close()
}

// Closed returns the run as it can be shown: a partial one gets a footer counted
// from what it holds, with status [Aborted], so that no view of it can pass for a
// whole one. Any other is returned as it is.
func (r *Run) Closed() (*Run, error) {
	if !r.Partial() {
		return r, nil
	}
	tally := NewTally(r.Header.Planned)
	for result, err := range r.All() {
		if err != nil {
			return nil, err
		}
		tally.Add(&result)
	}
	out := *r
	ended := Ended{Status: Aborted, Reason: fmt.Sprintf("the report was cut off after %s of %s results", spelled.Number(len(r.entries)), spelled.Number(r.Header.Planned))}
	out.Footer = tally.Footer(ended, r.Header.Claims, r.Header.NotClaimedAreas, nil)
	return &out, nil
}
