package suite

import (
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// Judged returns a configuration whose run asks another judge.
func Judged(cfg Config, judge func(*judge.Observation) []judge.Violation) Config {
	cfg.judge = judge
	return cfg
}
