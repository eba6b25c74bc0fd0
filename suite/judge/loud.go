package judge

import (
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// loudMatches reports whether a line of output says it loudly for a step. What the
// step's own request ids hold does not count.
func loudMatches(l target.LoudLine, o *Observation, step *scenarios.Step, line string) bool {
	re, err := l.Pattern(o.Registry, step)
	return err == nil && re.MatchString(withoutRequestIDs(line, o.RunID))
}
