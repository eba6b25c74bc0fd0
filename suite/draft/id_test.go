package draft

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestIDCandidates finds what may be the id of a new workspace, the likeliest
// first, also where no field is called an id.
func TestIDCandidates(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"an id", `{"owner_id":"o","id":"7"}`, []string{".body.id", ".body.owner_id"}},
		{"a reference, nested", `{"data":{"crew":{"ref":"crew_1","phase":"starting"}}}`, []string{".body.data.crew.ref"}},
		{"a UUID under any name", `{"crew":"crew_6e1ff25a-3e2f-464d-b018-57359ef6518f","phase":"starting"}`, []string{".body.crew"}},
		{"an id before a reference", `{"ref":"r","id":"7"}`, []string{".body.id", ".body.ref"}},
		{"nothing", `{"phase":"starting"}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &reply{body: []byte(test.body)}
			if err := json.Unmarshal(r.body, &r.json); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range idCandidates(r) {
				got = append(got, c.expression)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("candidates (-want +got):\n%s", diff)
			}
		})
	}
}
