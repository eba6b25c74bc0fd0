// Package reports is a conformance run as data: what was run against what, how
// each scenario ended, and what that comes to.
//
// A run is a [Header], then one [Result] for every scenario in whatever order
// they end, then a [Footer]. Whoever runs scenarios gives the three to a
// [Recorder], which checks them and makes a [Run] of them. A Run's results stay
// in a file; it can be gone through as often as wanted, by any number of
// readers at once. [WriteJSON] writes it as a JSON report, which is the source
// of every view, [Scan] reads one, and [Tally] counts it.
//
// The rooms beside this one:
//
//	reports/view      a run as JSON, HTML, JUnit, Markdown, SARIF, ..., and on a console
//	reports/attest    a run as an in-toto statement, and such a statement read back
//	reports/diff      what became of each scenario between two runs
//	reports/merge     the shards of one run put together
//	reports/verify    what a report says, recomputed
//	reports/proof     the proof of provider mismatch as data, and its views
//	reports/text      the lines and escapes that views share
//	reports/published runs of the corpus that are published, as files
//
// What does not live here: running and judging scenarios (suite), the choice of
// files and exit statuses (cmd/conformance), and the masking of credential
// values, which whoever makes a Result has done before it gets here. Strings
// that came from a server are taken as hostile: every view makes them safe
// for its own format and shows visibly what it had to replace.
package reports
