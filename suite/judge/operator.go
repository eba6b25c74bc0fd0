package judge

import "slices"

// OperatorScope is the scope of a credential that is the operator's own: it stands
// in the server's environment, and no tenant gave it (PRE-8).
const OperatorScope = "operator"

// operators reports whether a call carries a credential of the operator's.
func (c *Call) operators() bool {
	return slices.ContainsFunc(c.Credentials, func(k Carried) bool { return k.Scope == OperatorScope })
}

// operatorPays reports whether a step is about a model that the platform pays, for
// which a server may use what is the operator's (PRE-8 is about BYOK).
func operatorPays(o *Observation, s *StepObservation) bool {
	p := o.Registry.Derive(s.Step.Runtime, s.Step.Model, s.Step.Secrets.InScope).Provider
	return p != nil && p.IsPlatform()
}

// checkOperator reports calls with a credential of the operator's (PRE-8).
func checkOperator(o *Observation, s *StepObservation) []Violation {
	if operatorPays(o, s) {
		return nil
	}
	var out []Violation
	for i := range s.Calls {
		if c := &s.Calls[i]; c.operators() {
			out = append(out, Violation{OperatorSent, "PRE-8", 0, "a credential of the operator's environment was sent for a tenant's workspace", "no credential but the tenant's", c.describe()})
		}
	}
	return out
}
