package suite

import "slices"

// A check looks at one aspect of an observation.
type check func(*Observation) []Violation

// checks are all aspects, in the order in which a reader wants to hear of them.
var checks = []check{
	checkVerdict,
	checkLate,
	checkRefusal,
	checkAgreement,
	checkCalls,
	checkBound,
	checkTrace,
	checkLeaks,
	checkPassedOn,
	checkRows,
}

// Judge turns an observation into the rules that it violates; none means that
// the scenario passed. It is a pure function.
func Judge(o *Observation) []Violation {
	var out []Violation
	for _, c := range checks {
		for _, v := range c(o) {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}
