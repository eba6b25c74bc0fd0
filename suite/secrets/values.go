package secrets

import (
	"crypto/sha512"
	"strings"
	"unicode"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// RandomLength is how many characters of a value are random. 36 letters and
// digits carry more than 200 bits, as the providers' own keys do.
const RandomLength = 36

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// prefixes are the vendors' fixed beginnings, by credential name, so that a
// gate that looks at a key's form sees what it would see in production.
var prefixes = map[string]string{
	"ANTHROPIC_API_KEY": "sk-ant-api03-", "ANTHROPIC_AUTH_TOKEN": "sk-ant-", "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-",
	"OPENAI_API_KEY": "sk-proj-", "KIMI_API_KEY": "sk-kimi-", "MOONSHOT_API_KEY": "sk-", "MINIMAX_API_KEY": "sk-",
	"DEEPSEEK_API_KEY": "sk-", "DASHSCOPE_API_KEY": "sk-", "OPENROUTER_API_KEY": "sk-or-v1-", "GROQ_API_KEY": "gsk_",
	"NVIDIA_API_KEY": "nvapi-", "HF_TOKEN": "hf_", "HUGGINGFACE_API_KEY": "hf_", "GEMINI_API_KEY": "AQ.", "GOOGLE_API_KEY": "AQ.",
	"AI_GATEWAY_API_KEY": "vck_",
}

// A maker makes credential values from a seed.
type maker struct {
	key [sha512.Size]byte
}

func newMaker(seed string) *maker { return &maker{sha512.Sum512([]byte(seed))} }

// value returns a prefix and a random part behind it; the same parts give the
// same value for the same seed.
func (m *maker) value(prefix string, parts ...string) string {
	message := append(make([]byte, 0, 512), m.key[:]...)
	for _, p := range parts {
		message = append(append(message, p...), 0)
	}
	sum := sha512.Sum512(message)
	out := append(make([]byte, 0, 64), prefix...)
	for _, b := range sum[:RandomLength] {
		out = append(out, alphabet[int(b)%len(alphabet)])
	}
	return string(out)
}

// A secret is a symbolic value written out.
type Secret struct {
	// Written is what is sent to the target, as it stands in the request.
	Written string
	// sent is what a lawful probe carries; empty where nothing can be.
	sent string
	// Random is the part that must not leak; empty where there is none.
	Random     string
	unreadable bool
	// exact: it has no random part, and is known by all of it only. What has the
	// same value must not be replayed beside it.
	exact bool
}

// Reference is a value that looks like a reference to a variable of the
// environment; empty for other shapes.
func Reference(shape scenarios.Shape, name string) string {
	switch shape {
	case scenarios.BraceReference:
		return "${" + name + "}"
	case scenarios.DollarReference:
		return "$" + name
	case scenarios.EnvironReference:
		return "os.environ/" + name
	}
	return ""
}

// blanks are the values that are nothing but white space, by Unicode's White_Space.
// U+0085 is left out: it is no white space to JavaScript.
var blanks = map[scenarios.Shape]string{
	scenarios.Blank: " \t ", scenarios.BlankVerticalTab: "\v", scenarios.BlankFormFeed: "\f", scenarios.BlankNoBreak: "\u00a0",
	scenarios.BlankIdeographic: "\u3000", scenarios.BlankLines: "\r\n\n",
	scenarios.BlankUnicode: "\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u00a0\v\f ",
}

// Blank is a value that is nothing but white space, as a blank shape writes it; empty
// for other shapes.
func Blank(shape scenarios.Shape) string { return blanks[shape] }

// maxLong is the size of a long value, in bytes (ROB-2).
const maxLong = 1 << 20

// write gives a symbolic value its form. plain ends with the random part.
func write(v scenarios.Value, plain, random string) Secret {
	if v.Shape.IsBlank() {
		return Secret{Written: blanks[v.Shape]}
	}
	s := Secret{Written: plain, sent: plain, Random: random}
	half := len(plain) - len(random)/2
	switch v.Shape {
	case scenarios.Empty:
		return Secret{}
	case scenarios.Padded:
		s.Written = "  " + plain + "\t "
	case scenarios.Newline:
		s.Written = plain + "\n"
	case scenarios.CRLF:
		s.Written = plain + "\r\n"
	case scenarios.InnerCR:
		s.Written, s.sent = plain[:half]+"\r"+plain[half:], ""
	case scenarios.InnerLF:
		s.Written, s.sent = plain[:half]+"\n"+plain[half:], ""
	case scenarios.InnerNewline:
		s.Written = plain[:half] + "\r\nX-Smuggled: 1\r\n" + plain[half:]
		s.sent = ""
	case scenarios.InnerNUL:
		s.Written = plain[:half] + "\x00" + plain[half:]
		s.sent = ""
	case scenarios.InnerSpace:
		s.Written = plain[:half] + " \t" + plain[half:]
		s.sent = s.Written
	case scenarios.NonASCII:
		s.Written = plain[:half] + "\u00e9" + plain[half:]
		s.sent = s.Written
	case scenarios.Long:
		s.Written = plain + strings.Repeat("x", maxLong)
		s.sent = s.Written
	case scenarios.AlikeHead, scenarios.AlikeTail, scenarios.AlikeCase, scenarios.AlikeMiddle:
		return secretOf(strings.TrimSuffix(plain, random), alike(v.Shape, random))
	case scenarios.FormBare:
		return secretOf("", random)
	case scenarios.FormShort:
		return secretOf("", random[:12])
	case scenarios.FormDotted:
		return secretOf("AQ.", random)
	case scenarios.FormGoogle:
		return secretOf("AI"+"za", random[:35])
	case scenarios.FormToken:
		return secretOf("sk-ant-"+"oat01-", random)
	case scenarios.FormJSON:
		s.Written = `{"key":"` + random + `"}`
		s.sent = s.Written
	case scenarios.FormLong:
		s.Written = plain + strings.Repeat("x", 2000-len(plain))
		s.sent = s.Written
	case scenarios.FormMarks:
		s.Written = `"` + plain[:half] + "%2B,#" + plain[half:] + `"`
		s.sent = s.Written
	case scenarios.URL:
		s.Written = "https://elsewhere.invalid/v1/" + random
		s.sent = s.Written
	case scenarios.Unreadable:
		s.unreadable, s.sent = true, ""
	}
	return s
}

// secretOf is a secret that is a prefix and a random part.
func secretOf(prefix, random string) Secret {
	return Secret{Written: prefix + random, sent: prefix + random, Random: random}
}

func isAlike(s scenarios.Shape) bool {
	switch s {
	case scenarios.Alike, scenarios.AlikeHead, scenarios.AlikeTail, scenarios.AlikeCase, scenarios.AlikeMiddle:
		return true
	}
	return false
}

// alike is a random part that differs in little from another one.
func alike(shape scenarios.Shape, random string) string {
	half := len(random) / 2
	other := func(s string) string { return strings.Map(next, s) }
	switch shape {
	case scenarios.AlikeHead:
		return random[:half] + other(random[half:])
	case scenarios.AlikeTail:
		return other(random[:half]) + random[half:]
	case scenarios.AlikeMiddle:
		return random[:half] + other(random[half:half+1]) + random[half+1:]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, random)
}

// next is the character behind one in the alphabet of values.
func next(r rune) rune {
	return rune(alphabet[(strings.IndexRune(alphabet, r)+1)%len(alphabet)])
}
