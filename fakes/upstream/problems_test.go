package upstream

import (
	"reflect"
	"testing"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// Whatever an answer's status is, each family has words for it: an answer that is
// added to the corpus's table needs a problem in family.go, if it has no body of
// its own.
func TestEveryAnswerSaysSomething(t *testing.T) {
	for _, f := range append(families, generic) {
		for _, a := range scenarios.Catalogue() {
			s := f.script(a)
			if s.fault == nil && reflect.DeepEqual(s.body, newTemplate(f.body(a.Status, problem{}))) {
				t.Errorf("%s: %s answers %d without a word; add a problem for the status", f.hosts, a.Name, a.Status)
			}
		}
	}
}
