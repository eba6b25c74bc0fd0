package gate

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
)

// anywhere is a host without a dialect.
const anywhere = "api.vendor.example"

type dialect struct {
	host string
	dead int
}

// dialects are the hosts of which the classification says more than the status
// does, with the status of their own words for a dead key (DIA-1); 0: none.
var dialects = []dialect{
	{"generativelanguage.googleapis.com", 400}, {"api.minimax.io", 200}, {"api.minimaxi.com", 200}, {"api.anthropic.com", 400},
	{"api.groq.com", 400}, {"integrate.api.nvidia.com", 0}, {anywhere, 0},
}

// FuzzClassify holds the classification to LIV-1 to LIV-3 and DIA-1 to DIA-4 as
// prose has them, for any answer of any host: above all, nothing but a 2xx is
// alive, and no 2xx, 429 or 5xx is dead but for a provider's own marker.
func FuzzClassify(f *testing.F) {
	for _, r := range classification {
		i := slices.IndexFunc(dialects, func(d dialect) bool { return d.host == r.host || r.host == "" && d.host == anywhere })
		for _, status := range []int{r.from - 1, r.from, r.to, r.to + 1} {
			f.Add(uint8(i), status, "application/json", []byte(`{"data":[{"id":"m"}]}`), false)
		}
		for _, m := range r.markers {
			f.Add(uint8(i), r.from, "application/json", []byte(`{"type":"error","error":[`+m+`]}`), false)
		}
	}
	f.Add(uint8(1), 200, "application/json", []byte(`{"base_resp":{"status_code":1004}}`), false)
	f.Add(uint8(2), 200, "application/json", []byte(`{"data":[1],"base_resp":{"status_code":2049}}`), true)
	f.Add(uint8(9), 401, "text/html", []byte(`<html>`), true)
	f.Add(uint8(3), 403, "Text/HTML; charset=utf-8", []byte(`{"type":"error"}`), false)
	f.Fuzz(func(t *testing.T, host uint8, status int, contentType string, body []byte, cut bool) {
		at := dialects[int(host)%len(dialects)]
		a := answer{host: at.host, status: status, contentType: contentType, body: body}
		if cut {
			a.err = errors.New("cut off")
		}
		got := classify(a)
		if got.Status != status || (got.Cause == "") != (got.Finding == Alive) {
			t.Fatalf("%+v of an answer with %d", got, status)
		}
		if may := lawful(status, status == at.dead); !slices.Contains(may, got.Finding) {
			t.Fatalf("%d of %s is %v (%s), want one of %v", status, at.host, got.Finding, got.Cause, may)
		}
		if at.host == anywhere && status == 200 && (got.Finding == Alive) != (!cut && listsByTheBook(body)) {
			t.Fatalf("a 200 with the body %q (cut off: %v) is %v", body, cut, got.Finding)
		}
	})
}

// lawful are the findings that the rules allow for a status; spoken: it is the
// one at which the provider says in its own words that a key is dead.
func lawful(status int, spoken bool) []Finding {
	var out []Finding
	if status == 401 || status == 403 || spoken {
		out = append(out, Dead)
	}
	if status != 401 {
		out = append(out, Unproven) // of a 403: an edge's page (DIA-2); of a 2xx: a list for anyone, or none (DIA-3, DIA-4)
	}
	if status >= 200 && status < 300 {
		out = append(out, Alive)
	}
	return out
}

// listsByTheBook is DIA-4 over a generic JSON value: an object whose "data" or
// "models", in any case as Go's decoder has it, is a list or an object with
// something in it.
func listsByTheBook(body []byte) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return false
	}
	var named struct{ Data, Models json.RawMessage }
	if json.Unmarshal(body, &named) != nil {
		return false
	}
	full := func(raw json.RawMessage) bool {
		var list []json.RawMessage
		var object map[string]json.RawMessage
		_, _ = json.Unmarshal(raw, &list), json.Unmarshal(raw, &object) // one of the two fits, or neither
		return len(list) > 0 || len(object) > 0
	}
	return full(named.Data) || full(named.Models)
}
