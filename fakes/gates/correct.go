package gates

// Correct returns the correct variants: what differs from the reference gate
// in them, no rule fixes.
func Correct() []Double { return correct }

var correct = []Double{}
