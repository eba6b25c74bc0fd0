package main

import (
	"context"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
	"github.com/molecule-ai/byok-conformance/suite/likeness"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// diagnose adds to findings what needs more than verdicts: how to see the example
// by hand, and which faulty gate of ours answers as the target does.
func (o *output) diagnose(list []findings.Finding, s suite.Summary) {
	o.showByHand(list)
	if len(list) == 0 || s.Interrupted {
		return
	}
	o.progress.Phase("looking for a faulty gate that answers alike")
	q := likeness.Question{Registry: o.p.registry, Cases: o.findings.Cases(), Claims: s.Claims, Level: o.p.selection.Level}
	q.Fill(context.Background(), list)
}

// showByHand writes the examples as shell commands. A profile that cannot say one
// leaves it out.
func (o *output) showByHand(list []findings.Finding) {
	if len(list) == 0 {
		return
	}
	profile, err := server.LoadProfile(o.p.flags.Profile)
	if err != nil {
		return // it was read before the run; it went away meanwhile
	}
	address := "http://127.0.0.1:8080"
	if strings.Contains(o.p.flags.Target, "://") {
		address = o.p.flags.Target
	}
	for i := range list {
		at := slices.IndexFunc(o.p.selected.Scenarios, func(s *scenarios.Scenario) bool { return s.ID == list[i].Example.ID })
		if at < 0 {
			continue
		}
		if text, err := profile.Curl(o.p.selected.Scenarios[at]); err == nil {
			list[i].Example.Curl = "SERVER=" + spelled.Shell(address) + "  # where the server listens\n" + text
		}
	}
}
