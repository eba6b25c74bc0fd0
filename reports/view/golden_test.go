package view

import (
	"bytes"
	"testing"
	"time"
)

func TestGolden(t *testing.T) {
	whole := sample()

	interrupted := sample()
	interrupted.Results = interrupted.Results[:1]
	interrupted.Footer = footer(interrupted, Ended{
		Status: Interrupted, Reason: "SIGINT", Finished: whole.Header.Started.Add(time.Second),
	})

	conformant := sample()
	conformant.Results = []Result{whole.Results[0], whole.Results[3], whole.Results[4], whole.Results[6]}
	conformant.Header.Planned = 4
	conformant.Footer = footer(conformant, Ended{Status: Complete, Finished: whole.Footer.Ended.Finished})

	runs := map[string]*Run{"whole": whole, "interrupted": interrupted, "conformant": conformant}
	writers := map[string]func(*bytes.Buffer) Writer{
		"json":        asJSON,
		"html":        asBareHTML,
		"intoto.json": asInToto,
		"xml":         asJUnit,
		"md":          asMarkdown,
		"txt":         asConsole(ConsoleOptions{}),
		"quiet.txt":   asConsole(ConsoleOptions{Quiet: true, Verbose: true}),
		"verbose.txt": asConsole(ConsoleOptions{Verbose: true, Colour: true, Width: 60}),
	}
	for runName, run := range runs {
		for ext, writer := range writers {
			t.Run(runName+"."+ext, func(t *testing.T) {
				golden(t, runName+"."+ext, write(t, run, writer))
			})
		}
	}
}

// Map order, and whatever else is left to chance, must not show.
func TestSameDataSameBytes(t *testing.T) {
	for name, writer := range map[string]func(*bytes.Buffer) Writer{
		"json": asJSON, "html": asHTML, "intoto": asInToto, "junit": asJUnit, "markdown": asMarkdown, "console": asConsole(ConsoleOptions{Verbose: true}),
	} {
		t.Run(name, func(t *testing.T) {
			first := write(t, sample(), writer)
			for range 20 {
				if again := write(t, sample(), writer); again != first {
					t.Fatalf("the same run gave other bytes:\n%s\n%s", first, again)
				}
			}
		})
	}
}
