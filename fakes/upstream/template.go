package upstream

import (
	"encoding/json"
	"strings"
)

// A template is a text with {{placeholders}}, cut up once.
type template struct {
	// whole is the text where it has no placeholder.
	whole []byte
	// parts alternate: text, placeholder, text, …
	parts []string
}

func newTemplate(text string) template {
	if !strings.Contains(text, "{{") {
		return template{whole: []byte(text)}
	}
	var t template
	for {
		before, rest, ok := strings.Cut(text, "{{")
		t.parts = append(t.parts, before)
		if !ok {
			return t
		}
		name, after, _ := strings.Cut(rest, "}}")
		t.parts = append(t.parts, name)
		text = after
	}
}

// render fills the placeholders in; quote is applied to each value.
func (t template) render(c *call, quote func(string) string) []byte {
	if t.parts == nil {
		return t.whole
	}
	var b []byte
	for i, part := range t.parts {
		if i%2 == 1 {
			part = quote(c.value(part))
		}
		b = append(b, part...)
	}
	return b
}

// value returns what a placeholder stands for. A name that is none of these is
// a mistake in our tables, which TestTemplatesAreComplete would find.
func (c *call) value(name string) string {
	switch name {
	case "id":
		return c.id()
	case "credential":
		return c.presented
	case "masked":
		return masked(c.presented)
	case "tail":
		return tail(c.presented, 4)
	}
	return "{{" + name + "}}"
}

// id returns 16 hexadecimal digits that are the same in every run with the
// same seed: they follow from whose exchange this is, and not from when.
func (c *call) id() string {
	x := c.exchange
	h := uint64(14695981039346656037) // FNV-1a
	add := func(s string) {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	add(x.Host)
	add(x.Method)
	if len(x.Sightings) > 0 {
		add(x.Sightings[0].Credential.Scenario)
		add(x.Sightings[0].Credential.Name)
	}
	h = (h ^ uint64(x.Nth)) * 1099511628211
	const digits = "0123456789abcdef"
	var out [16]byte
	for i := range out {
		out[i] = digits[h>>(60-4*i)&0xf]
	}
	return string(out[:])
}

// masked is how OpenAI echoes a key: its first characters, stars, its last
// four. A short one is echoed whole (continuedev/continue#12834).
func masked(value string) string {
	if len(value) <= 12 {
		return value
	}
	return value[:5] + "***" + tail(value, 4)
}

func tail(value string, n int) string { return value[max(0, len(value)-n):] }

// jsonText makes a value fit between the quotes of a JSON string.
func jsonText(s string) string {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return string(quoted[1 : len(quoted)-1])
		}
	}
	return s
}

// headerText makes a value fit into a header.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
