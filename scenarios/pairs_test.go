package scenarios_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestForeignPairs(t *testing.T) {
	pairs, err := embeddedCorpus(t).ForeignPairs("mismatched", "provision")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range pairs {
		got[p.ID] = p.Class + " " + string(p.Stage)
		if p.Class != strings.Split(p.ID, "/")[0] {
			t.Errorf("%s is of class %s", p.ID, p.Class)
		}
	}
	for id, want := range map[string]string{
		"mismatched/foreign": "mismatched create", "mismatched/beside-blank": "mismatched create", "provision/swapped": "provision provision",
		"mismatched/report": "", "provision/kept": "", "dead/beside-foreign": "", "unreadable/foreign": "",
	} {
		if diff := cmp.Diff(want, got[id]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}
