package findings

import "strings"

// A Fact is one thing that is so in a step of a scenario: on an axis, a value.
// Axes with many values are lists of names, such as "provider"; those without a
// value just hold or not.
type Fact struct {
	Axis  axis
	Value string
}

// An axis is what facts of one kind are about.
type axis string

// The axes that have values.
const (
	inStage     axis = "stage"
	ofProvider  axis = "provider"
	inRuntime   axis = "runtime"
	withModel   axis = "model"
	byAnswer    axis = "answer"
	byFamily    axis = "answer-family"
	byShape     axis = "value-shape"
	byBlank     axis = "blank-shape"
	deciderAt   axis = "deciding-scope"
	deciderIs   axis = "deciding-name"
	deciderName axis = "deciding-credential"
	bySpelling  axis = "name-spelling"
	byName      axis = "name"
	byField     axis = "request-field"
	malformedAs axis = "malformed"
	inEntry     axis = "entry"
	owned       axis = "model-owned"
	ofProtocol  axis = "protocol"
	readFrom    axis = "read-from"
	before      axis = "before"
	verdictDue  axis = "due"
	secrets     axis = "secrets"
	situation   axis = "situation"
)

// many are the axes whose values a description may list: only at, all but.
var many = []axis{ofProvider, inRuntime, byAnswer, malformedAs, bySpelling, byName, byField, deciderName, byShape, byBlank, withModel, inEntry}

// weights make a description simple: what says more about how a server works
// costs less than what names a case.
func weightOf(f Fact, negated bool) float64 {
	w := 1.0
	switch f.Axis {
	case ofProvider, inRuntime:
		w = 2
	case byAnswer, malformedAs, byField, bySpelling, byBlank:
		w = 1.4
	case byFamily, inStage, deciderAt, deciderIs, owned:
		w = 1
	case byName, deciderName:
		w = 2.5
	case ofProtocol:
		w = 1.6
	case withModel:
		w = 4
	case inEntry:
		w = 6
	case before:
		w = 1.3
	case secrets, situation:
		w += dullness(f.Value)
	}
	if negated {
		w += 0.4
	}
	return w
}

// dullness makes words that say more go before those that say less, where both
// are true.
func dullness(v string) float64 {
	w := 0.0
	for _, word := range strings.Fields(v) {
		w += dull[word]
	}
	return w
}

var dull = map[string]float64{
	"any": 0.3, "not-own": 0.15, "any-prefix": 0.1, "key-like": 0.1, "ends-with-key": 0.15, "foreign-probed": 0.1, "same-vendor-probed": 0.05, "several": 0.1,
	"usable": 0.02, "alive": 0.1, "refused": 0.1, "blank": 0.05, "workspace": 0.05, "tenant": 0.05,
	"later-step": 0.2, // the stage says more, where both are true
}
