package suite

import "testing"

func TestShown(t *testing.T) {
	for in, want := range map[string]string{
		`{"code": "x"}`:     `{"code": "x"}`,
		"naïve 界":           "naïve 界",
		"":                  "",
		"a\nconformant: \"": `a\nconformant: "`,
		"\x1b[2J\xff":       `\x1b[2J\xff`,
		"\u202e7":           `\u202e7`,
	} {
		if got := shown(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}
