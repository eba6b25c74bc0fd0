package gates

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/molecule-ai/byok-conformance/gate"
)

// spellingFaults repair a name before they compare it; the runtime does not,
// and finds no credential (PRE-6).
var spellingFaults = []Double{
	{
		Name: "capitalised-name-counts", Rules: []string{"PRE-6"},
		Story: "The form shows names with capitals, Groq_Api_Key, and the gate takes what the form shows.",
		Gate: spelledLike(func(name string) string {
			if name == strings.ToLower(name) {
				return name // another name, as it should be
			}
			return strings.ToUpper(name)
		}),
	},
	{
		Name: "name-tab-cut", Rules: []string{"PRE-6"},
		Story: "Names come out of a table whose columns are separated by tabs, and what is left of one is cut off.",
		Gate:  spelledLike(func(name string) string { return strings.TrimRight(name, "\t") }),
	},
	{
		Name: "name-line-end-cut", Rules: []string{"PRE-6"},
		Story: "Names come from the lines of a file, and the line's end is cut off.",
		Gate:  spelledLike(func(name string) string { return strings.TrimRight(name, "\r\n") }),
	},
	{
		Name: "name-no-break-space-cut", Rules: []string{"PRE-6"},
		Story: "Names are pasted from web pages, and the no-break spaces that come along are cut off.",
		Gate:  spelledLike(func(name string) string { return strings.Trim(name, "\u00a0") }),
	},
	{
		Name: "name-invisible-dropped", Rules: []string{"PRE-6"},
		Story: "What nobody can see, such as a zero-width space, is dropped from a name.",
		Gate:  spelledLike(func(name string) string { return strings.ReplaceAll(name, "\u200b", "") }),
	},
	{
		Name: "name-unquoted", Rules: []string{"PRE-6"},
		Story: "Names are read as those of a .env file, whose quotes do not belong to them.",
		Gate:  spelledLike(func(name string) string { return strings.Trim(name, `"'`) }),
	},
	{
		Name: "name-percent-decoded", Rules: []string{"PRE-6"},
		Story: "Names come out of URLs elsewhere, so they are decoded wherever they come from.",
		Gate: spelledLike(func(name string) string {
			if decoded, err := url.PathUnescape(name); err == nil {
				return decoded
			}
			return name
		}),
	},
	{
		Name: "name-compatibility-folded", Rules: []string{"PRE-6"},
		Story: "Text is brought into Unicode's compatibility form, in which full-width letters are ASCII's.",
		Gate: spelledLike(func(name string) string {
			return strings.Map(func(r rune) rune {
				if r > '\uff00' && r < '\uff5f' {
					return r - '\uff01' + '!'
				}
				return r
			}, name)
		}),
	},
	{
		Name: "name-marks-dropped", Rules: []string{"PRE-6"},
		Story: "Accents are dropped from names, as for a search.",
		Gate: spelledLike(func(name string) string {
			return strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Mn, r) {
					return -1
				}
				return r
			}, name)
		}),
	},
	{
		Name: "name-format-characters-dropped", Rules: []string{"PRE-6"},
		Story: "Characters that only format, such as joiners and byte order marks, are dropped.",
		Gate: spelledLike(func(name string) string {
			return strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Cf, r) {
					return -1
				}
				return r
			}, name)
		}),
	},
}

// spelledLike compares names after a repair.
func spelledLike(repaired func(name string) string) builder {
	return found(where(func(accepted, name string, s gate.Secret) bool {
		return repaired(name) == accepted && s.Present()
	}))
}
