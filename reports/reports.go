// Package reports is a conformance run as data, and the writers that show it.
//
// A run is a [Header], then one [Result] for every scenario in whatever order
// they end, then a [Footer]. Whoever runs scenarios streams these three into
// one or more [Writer] values: JSON, which is the source, and its views HTML,
// JUnit XML, Markdown, an in-toto Statement and the console. No writer holds
// results in memory; what has to be kept until the end is counted, cut, an id,
// or spilled to a temporary file. [Read] takes a JSON report back in, [Replay]
// shows it through any writer, [Merge] puts shards together and [Compare] says
// what became of each scenario between two runs. The page's own files stand in
// page, what a browser makes of them is tested in the module browsertest, and
// runs of the corpus are published in published.
//
// What does not live here: running and judging scenarios (suite), the choice of
// files and exit statuses (cmd/conformance), and the masking of credential
// values, which whoever makes a Result has done before it gets here. Strings
// that came from a server are taken as hostile: every writer makes them safe
// for its own format and shows visibly what it had to replace.
package reports

import (
	"errors"
	"fmt"
)

// A Writer takes one run in order: Begin once, Result for each scenario that
// ended, End once. It checks what it is given and returns an error, without
// writing the offending record, for calls out of order, for a result that
// contradicts itself (a failure without a violation) and for a footer that does
// not add up. A Writer is for one goroutine.
type Writer interface {
	Begin(Header) error
	Result(Result) error
	End(Footer) error
}

// Replay shows a run through a writer, as if it were happening again. A partial
// run (see [Run.Partial]) gets a footer counted from what it holds, with status
// [Aborted], so that no view of it can pass for a whole one.
func Replay(run *Run, w Writer) error {
	if run == nil {
		return errors.New("replay a report: there is no run; read one with reports.Read first")
	}
	if err := w.Begin(run.Header); err != nil {
		return err
	}
	for _, r := range run.Results {
		if err := w.Result(r); err != nil {
			return err
		}
	}
	if run.Partial() {
		return w.End(run.missingFooter())
	}
	return w.End(run.Footer)
}

// missingFooter counts what a partial run holds.
func (r *Run) missingFooter() Footer {
	tally := NewTally(r.Header.Planned)
	for _, result := range r.Results {
		tally.Add(result)
	}
	ended := Ended{
		Status: Aborted,
		Reason: fmt.Sprintf("the report was cut off after %s of %s results", number(len(r.Results)), number(r.Header.Planned)),
	}
	return tally.Footer(ended, r.Header.Claims, r.Header.NotClaimedAreas, nil)
}
