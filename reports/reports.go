// Package reports is a conformance run as data, and the writers that show it.
//
// A run is a [Header], then one [Result] for every scenario in whatever order
// they end, then a [Footer]. Whoever runs scenarios streams these three into
// one or more [Writer] values: JSON, which is the source, and its views HTML,
// JUnit XML, Markdown, an in-toto Statement and the console. No writer holds
// results in memory; what has to be kept until the end is counted, cut, an id,
// or spilled to a temporary file. [Scan] goes through a JSON report and leaves its
// results where they are, [Read] takes them in; [Replay] shows either through any writer, [Merge] puts shards together and [Compare] says
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
