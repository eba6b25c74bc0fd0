package spelled

import "testing"

func TestTextAndLine(t *testing.T) {
	cases := []struct{ name, in, text, line string }{
		{"plain", "naïve 界 🙂", "naïve 界 🙂", "naïve 界 🙂"},
		{"lines", "a\tb\nc", "a\tb\nc", `a\tb\nc`},
		{"carriage return", "a\rb", `a\rb`, `a\rb`},
		{"escape", "\x1b[31m", `\x1b[31m`, `\x1b[31m`},
		{"C1", "\u009b31m", `\u009b31m`, `\u009b31m`},
		{"invalid", "a\xffb", `a\xffb`, `a\xffb`},
		{"replacement character", "\ufffd", "\ufffd", "\ufffd"},
		{"direction", "\u202ex", `\u202ex`, `\u202ex`},
		{"no character", "\uffff", `\uffff`, `\uffff`},
		{"what begins a line", "a\nconformant: \"", "a\nconformant: \"", `a\nconformant: "`},
		{"quotes", `'"\`, `'"\`, `'"\`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Text(c.in); got != c.text {
				t.Errorf("Text is %q, want %q", got, c.text)
			}
			if got := Line(c.in); got != c.line {
				t.Errorf("Line is %q, want %q", got, c.line)
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
		if got := Clip(c.in, c.n); got != c.want {
			t.Errorf("Clip(%q, %d) is %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) is %s, want %s", n, got, want)
		}
	}
}

func TestValid(t *testing.T) {
	for in, want := range map[string]string{"": "", "naïve \x1b\n": "naïve \x1b\n", "a\xffb\xc3": `a\xffb\xc3`} {
		if got := Valid(in); got != want {
			t.Errorf("Valid(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestShell(t *testing.T) {
	for in, want := range map[string]string{
		"": "''", "a-b_c.d/e:f=g,h@i+1": "a-b_c.d/e:f=g,h@i+1", "a b": "'a b'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "é": "'é'", "a\nb": "'a\nb'",
	} {
		if got := Shell(in); got != want {
			t.Errorf("%q is written %s, want %s", in, got, want)
		}
	}
}

func TestHeadCutsAtACharacter(t *testing.T) {
	for n, want := range []string{"", "a", "a", "aé", "aéz", "aéz"} {
		if got := Head("aéz", n); got != want {
			t.Errorf("the first %d bytes are %q, want %q", n, got, want)
		}
	}
}
