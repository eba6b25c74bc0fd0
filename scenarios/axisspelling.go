package scenarios

import (
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// spellings are the ways to write an accepted name so that it is another one
// (PRE-6), and most readers do not see it.
var spellings = []string{"mixed-case", "trailing-tab", "trailing-newline", "no-break-space", "zero-width-space", "quoted",
	"percent-encoded", "full-width", "combining-mark", "zero-width-joiner", "byte-order-mark", "look-alike", "dollar-sign"}

// spelt writes a name in one of the spellings.
func spelt(name, spelling string) string {
	switch spelling {
	case "mixed-case":
		return mixedCase(name)
	case "trailing-tab":
		return name + "\t"
	case "trailing-newline":
		return name + "\n"
	case "no-break-space":
		return name + "\u00a0"
	case "zero-width-space":
		return name + "\u200b"
	}
	if s, ok := moreSpellings[spelling]; ok {
		return s(name)
	}
	return `"` + name + `"` // quoted
}

// moreSpellings are those in which some character stands for another one.
var moreSpellings = map[string]func(name string) string{
	"percent-encoded": func(name string) string { return strings.ReplaceAll(name, "_", "%5F") },
	"full-width": func(name string) string {
		return strings.Map(func(r rune) rune { return r - '!' + '\uff01' }, name) // U+FF01 to U+FF5E are ASCII's ! to ~
	},
	"combining-mark":    func(name string) string { return name[:1] + "\u0301" + name[1:] },
	"zero-width-joiner": func(name string) string { return name[:1] + "\u200d" + name[1:] },
	"byte-order-mark":   func(name string) string { return "\ufeff" + name },
	"look-alike":        func(name string) string { return strings.ReplaceAll(name, "A", "\u0410") }, // Cyrillic
	"dollar-sign":       func(name string) string { return "$" + name },
}

// mixedCase is a name with a capital at the beginning of each word only:
// Groq_Api_Key for GROQ_API_KEY.
func mixedCase(name string) string {
	words := strings.Split(strings.ToLower(name), "_")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "_")
}

// spellingOptions lists the spellings that make another name of the first that
// a provider accepts; one that gives an accepted name is left out.
func spellingOptions(list []string, p *registry.Provider) []option {
	var out []option
	for _, spelling := range list {
		if spelled := spelt(p.AuthEnv[0], spelling); !p.Accepts(spelled) {
			out = append(out, option{spelling, vars{{"spelling", spelling}, {"spelled", spelled}}})
		}
	}
	return out
}
