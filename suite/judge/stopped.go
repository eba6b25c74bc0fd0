package judge

import (
	"fmt"
	"strings"
)

// shownUnderWay is how many scenarios a stop names.
const shownUnderWay = 8

// stopped tells that the target stopped answering (ROB-3), and what it was asked
// for by then.
func stopped(o *Observation) Violation {
	ids, more := o.Stopped.UnderWay, ""
	if len(ids) > shownUnderWay {
		ids, more = ids[:shownUnderWay], fmt.Sprintf(" and %d more", len(ids)-shownUnderWay)
	}
	asked := 0
	for i := range o.Steps {
		asked += len(o.Steps[i].Replies)
	}
	return Violation{
		Kind: StoppedAnswering, Rule: "ROB-3", Step: len(o.Steps) - 1,
		Message: "the server stopped answering to anything, also to a request that changes nothing",
		Want:    "requests that come together are all answered, and the server goes on",
		Got:     fmt.Sprintf("no answer any more after %d creates of this scenario; under way: %s%s", asked, strings.Join(ids, ", "), more),
	}
}
