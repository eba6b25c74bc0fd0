package gates

import "slices"

// Correct returns the correct variants: what differs from the reference gate
// in them, no rule fixes. Each holds the suite to one freedom that the rules
// leave to a server.
func Correct() []Double {
	return slices.Concat(lawfulGates, lawfulProbes, lawfulReplies, lawfulWires, lawfulHabits, lawfulAnswers, lawfulLeaving)
}
