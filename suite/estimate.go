package suite

import (
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// How many requests a step comes to, by what must come of it; a server that does
// otherwise is asked for more or less.
const (
	perRefusal   = 1
	perWorkspace = 4 // the create, two looks at its state, the delete
	perRestart   = 9 // looks at state and failures before, between and after; a change; the restart
	perGlobal    = 2 // set and removed again
)

// Requests is about how many requests the run of a configuration sends its target,
// for a server that keeps the rules.
func Requests(cfg Config) int {
	e := &engine{cfg: cfg, traits: cfg.Target.Traits()}
	if e.cfg.Claims == nil {
		e.cfg.Claims = e.traits.Claims
	}
	n := 0
	globals := map[string]int{}
	for _, s := range cfg.Scenarios {
		if e.unclaimed(s) != "" {
			continue
		}
		for i := range s.Steps {
			n += requestsOf(&s.Steps[i])
		}
		if sets, key := setsOf(s); e.traits.SharedGlobals && globals[key] == 0 {
			for _, set := range sets {
				globals[key] += perGlobal * len(set)
			}
			n += globals[key]
		}
	}
	return n
}

func requestsOf(s *scenarios.Step) int {
	switch {
	case s.Stage == scenarios.Provision:
		return perRestart
	case s.Stage != scenarios.Create:
		return 1
	case s.Expect.Verdict == scenarios.Refused:
		return perRefusal * max(s.AtOnce, 1)
	}
	return perWorkspace * max(s.AtOnce, 1)
}

// At is how long so many requests take at a limit of so many in some time. The
// first window takes its whole share at once.
func At(requests, limit int, per time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	return time.Duration(float64(max(requests-limit, 0)) / float64(limit) * float64(per))
}
