package scenarios_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

func TestParseValue(t *testing.T) {
	tests := []struct {
		text string
		want scenarios.Value
		// again is what String gives; empty where it is the text.
		again string
	}{
		{"live", scenarios.Value{Answers: []string{"live"}}, ""},
		{"dead,live", scenarios.Value{Answers: []string{"dead", "live"}}, ""},
		{"live#2", scenarios.Value{Answers: []string{"live"}, Tag: "2"}, ""},
		{"padded:dead", scenarios.Value{Shape: scenarios.Padded, Answers: []string{"dead"}}, ""},
		{"padded", scenarios.Value{Shape: scenarios.Padded, Answers: []string{"live"}}, "padded:live"},
		{"url:live,dead#x", scenarios.Value{Shape: scenarios.URL, Answers: []string{"live", "dead"}, Tag: "x"}, ""},
		{"", scenarios.Value{Answers: []string{"live"}}, "live"},
		{"empty", scenarios.Value{Shape: scenarios.Empty}, ""},
		{"blank", scenarios.Value{Shape: scenarios.Blank}, ""},
		{"blank#2", scenarios.Value{Shape: scenarios.Blank, Tag: "2"}, ""},
		{"unreadable", scenarios.Value{Shape: scenarios.Unreadable}, ""},
	}
	for _, test := range tests {
		got, err := scenarios.ParseValue(test.text)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.text, diff)
		}
		again := test.again
		if again == "" {
			again = test.text
		}
		if got.String() != again {
			t.Errorf("%q prints as %q, want %q", test.text, got, again)
		}
	}
}

func TestParseValueErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"lve", `unknown answer "lve" (did you mean "live"?); conformance list --answers prints them all`},
		{"live,", `unknown answer ""; conformance list --answers prints them all`},
		{"live,,dead", `unknown answer ""; conformance list --answers prints them all`},
		{"live dead", `unknown answer "live dead" (did you mean "late-dead"?); conformance list --answers prints them all`},
		{"live#", `"live#" has an empty tag after #; name the tag or drop the #`},
		{"blank:live", `a value of shape "blank" carries no answer, so "blank" is all that can be said`},
		{"unreadable:dead", `a value of shape "unreadable" carries no answer, so "unreadable" is all that can be said`},
		{":live", `unknown shape ""; the shapes are empty, blank, blank-vertical-tab, blank-form-feed, blank-no-break-space, blank-ideographic-space, blank-lines, blank-unicode, padded, newline, crlf, inner-newline, inner-cr, inner-lf, inner-nul, inner-space, non-ascii, long, url, alike, alike-head, alike-tail, alike-case, alike-middle, form-bare, form-short, form-dotted, form-google, form-token, form-json, form-long, form-marks, brace-reference, dollar-reference, environ-reference, unreadable`},
	}
	for _, test := range tests {
		if _, err := scenarios.ParseValue(test.text); err == nil || err.Error() != test.want {
			t.Errorf("%q: %v, want %s", test.text, err, test.want)
		}
	}
}

// TestParseValueRoundTrip holds every answer in every shape to reading back as
// what it prints as: the sets of global secrets are told apart by that text.
func TestParseValueRoundTrip(t *testing.T) {
	for _, shape := range []string{"", "padded:", "newline:", "inner-newline:", "inner-nul:", "inner-space:", "non-ascii:", "long:", "url:"} {
		for _, answer := range scenarios.Answers {
			v, err := scenarios.ParseValue(shape + answer)
			if err != nil {
				t.Fatal(err)
			}
			again, err := scenarios.ParseValue(v.String())
			if diff := cmp.Diff(v, again); diff != "" || err != nil {
				t.Errorf("%s (-want +got):\n%s%v", v, diff, err)
			}
			if !v.Present() {
				t.Errorf("%s is not present", v)
			}
		}
	}
	for text, present := range map[string]bool{"empty": false, "blank": false, "unreadable": true} {
		if v, err := scenarios.ParseValue(text); err != nil || v.Present() != present {
			t.Errorf("%s: present %v, %v", text, v.Present(), err)
		}
	}
}
