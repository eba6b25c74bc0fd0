package view

import (
	"io"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/attest"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"
)

func TestGolden(t *testing.T) {
	whole := reportstest.Sample()

	interrupted := reportstest.Sample()
	interrupted.Results = interrupted.Results[:1]
	interrupted.Footer = reportstest.Footer(interrupted, reports.Ended{
		Status: reports.Interrupted, Reason: "SIGINT", Finished: whole.Header.Started.Add(time.Second),
	})

	conformant := reportstest.Sample()
	conformant.Results = []reports.Result{whole.Results[0], whole.Results[3], whole.Results[4], whole.Results[6]}
	conformant.Header.Planned = 4
	conformant.Footer = reportstest.Footer(conformant, reports.Ended{Status: reports.Complete, Finished: whole.Footer.Ended.Finished})

	runs := map[string]*reportstest.Parts{"whole": whole, "interrupted": interrupted, "conformant": conformant}
	writers := map[string]func(io.Writer, *reports.Run) error{
		"html":        bareHTML,
		"intoto.json": attest.Write,
		"xml":         WriteJUnit,
		"md":          WriteMarkdown,
		"txt":         asConsole(ConsoleOptions{}),
		"quiet.txt":   asConsole(ConsoleOptions{Quiet: true, Verbose: true}),
		"verbose.txt": asConsole(ConsoleOptions{Verbose: true, Colour: true, Width: 60}),
	}
	for runName, run := range runs {
		for ext, writer := range writers {
			t.Run(runName+"."+ext, func(t *testing.T) {
				reportstest.Golden(t, runName+"."+ext, write(t, run, writer))
			})
		}
	}
}
