package reports

import "testing"

func TestPrintable(t *testing.T) {
	cases := []struct{ name, in, printable, oneLine string }{
		{"plain", "naïve 界 🙂", "naïve 界 🙂", "naïve 界 🙂"},
		{"lines", "a\tb\nc", "a\tb\nc", `a\tb\nc`},
		{"carriage return", "a\rb", `a\rb`, `a\rb`},
		{"escape", "\x1b[31m", `\x1b[31m`, `\x1b[31m`},
		{"C1", "\u009b31m", `\u009b31m`, `\u009b31m`},
		{"invalid", "a\xffb", `a\xffb`, `a\xffb`},
		{"replacement character", "\ufffd", "\ufffd", "\ufffd"},
		{"direction", "\u202ex", `\u202ex`, `\u202ex`},
		{"no character", "\uffff", `\uffff`, `\uffff`},
		{"quotes", `'"\`, `'"\`, `'"\`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := printable(c.in); got != c.printable {
				t.Errorf("printable is %q, want %q", got, c.printable)
			}
			if got := oneLine(c.in); got != c.oneLine {
				t.Errorf("oneLine is %q, want %q", got, c.oneLine)
			}
		})
	}
}

func TestClip(t *testing.T) {
	cases := []struct {
		in   string
		n    int
		want string
	}{
		{"short", 5, "short"},
		{"longer", 5, "longe… (1 more bytes)"},
		{"aé", 2, "a… (2 more bytes)"},
		{"\x80\x80\x80", 2, "… (3 more bytes)"},
	}
	for _, c := range cases {
		if got := clip(c.in, c.n); got != c.want {
			t.Errorf("clip(%q, %d) is %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) is %s, want %s", n, got, want)
		}
	}
}
