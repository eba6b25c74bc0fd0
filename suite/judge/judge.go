package judge

import (
	"slices"
)

// A check looks at one aspect of an observation.
type check func(*Observation) []Violation

// each makes a check of what looks at one step by itself.
func each(look func(*Observation, *StepObservation) []Violation) check {
	return func(o *Observation) []Violation {
		var out []Violation
		for i := range o.Steps {
			for _, v := range look(o, &o.Steps[i]) {
				v.Step = i
				out = append(out, v)
			}
		}
		return out
	}
}

// checks are all aspects, in the order in which a reader wants to hear of them.
var checks = []check{
	each(checkVerdict),
	each(checkLate),
	each(checkMade),
	each(checkRefusal),
	each(checkFields),
	each(checkAtOnce),
	checkStages,
	each(checkOperator),
	each(checkCertificate),
	each(checkCalls),
	each(checkBound),
	each(checkTrace),
	checkLeaks,
	checkPassedOn,
	checkRows,
}

// Judge turns an observation into the rules that it violates; none means that
// the scenario passed. It is a pure function.
func Judge(o *Observation) []Violation {
	if o.Stopped != nil {
		return []Violation{stopped(o)} // whatever else was seen comes of that
	}
	var out []Violation
	for _, c := range checks {
		for _, v := range c(o) {
			// What is wrong with every step in the same way is told once.
			if !slices.ContainsFunc(out, func(w Violation) bool { w.Step = v.Step; return v == w }) {
				out = append(out, v)
			}
		}
	}
	return out
}
