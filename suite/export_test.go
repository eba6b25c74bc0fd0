package suite

// Judged returns a configuration whose run asks another judge.
func Judged(cfg Config, judge func(*Observation) []Violation) Config {
	cfg.judge = judge
	return cfg
}
