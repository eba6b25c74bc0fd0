package suite

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// A server that writes a credential in percent escapes, in JSON escapes or in
// base64 has written it: whoever reads the text has the credential. So leaks are
// looked for, and masked, under these encodings, too. Nested ones are not undone.

// sightAll is sight for a text and for what it says when its encodings are undone.
func (r *ring) sightAll(text string) []*credential {
	found := r.sight(text)
	also := func(list []*credential) {
		for _, c := range list {
			if !slices.Contains(found, c) {
				found = append(found, c)
			}
		}
	}
	if plain, escaped := undo(text); escaped {
		also(r.sight(plain.text))
	}
	for run := range base64Runs(text) {
		for decoded := range run.decoded(leakLength) {
			also(r.sight(decoded))
		}
	}
	return found
}

// maskEscaped replaces what a text holds in escapes; what it holds plainly is
// masked already.
func (r *ring) maskEscaped(text string) string {
	plain, escaped := undo(text)
	if !escaped {
		return text
	}
	c := newCover(plain.text)
	for _, secret := range r.authorising() {
		c.all(secret, hiddenText)
	}
	for _, found := range r.sight(plain.text) {
		c.all(found.Value, found.mask())
		c.pieces(found.secret.random, found.mask())
	}
	return c.shown(text, plain.at)
}

// maskBase64 replaces every run that holds a secret when it is decoded.
func (r *ring) maskBase64(text string) string {
	var b strings.Builder
	done := 0
	for run := range base64Runs(text) {
		mask := ""
		for decoded := range run.decoded(0) {
			for _, secret := range r.authorising() {
				if strings.Contains(decoded, secret) {
					mask = hiddenText
				}
			}
			for _, found := range r.sight(decoded) {
				mask = found.mask()
			}
		}
		if mask != "" {
			b.WriteString(text[done:run.from] + mask)
			done = run.to + len(text[run.to:]) - len(strings.TrimLeft(text[run.to:], "="))
		}
	}
	return b.String() + text[done:]
}

// An undone text has its percent and JSON escapes undone; at[i] is where its
// byte i begins in the text as it was written, and the last at is that one's length.
type undone struct {
	text string
	at   []int
}

// undo returns a text with %XX, \xXX and \u00XX, behind however many
// backslashes, undone; false where it holds none of them.
func undo(text string) (undone, bool) {
	if !strings.ContainsAny(text, `%\`) {
		return undone{}, false
	}
	var b strings.Builder
	at := make([]int, 0, len(text)+1)
	escaped := false
	for i := 0; i < len(text); {
		c, size := text[i], 1
		if c == '%' || c == '\\' {
			if plain, n := escape(text[i:]); n > 0 {
				c, size, escaped = plain, n, true
			}
		}
		b.WriteByte(c)
		at = append(at, i)
		i += size
	}
	return undone{b.String(), append(at, len(text))}, escaped
}

// escape reads the escape that a text begins with; its size is 0 where it is none.
func escape(text string) (c byte, size int) {
	mark := len(text) - len(strings.TrimLeft(text, `\`))
	rest := text[mark:]
	switch {
	case mark == 0:
		rest, size = rest[1:], 1 // %
	case strings.HasPrefix(rest, "u00"):
		rest, size = rest[3:], mark+3
	case strings.HasPrefix(rest, "x"):
		rest, size = rest[1:], mark+1
	default:
		return 0, 0
	}
	if len(rest) < 2 {
		return 0, 0
	}
	v, err := strconv.ParseUint(rest[:2], 16, 8)
	if err != nil {
		return 0, 0
	}
	return byte(v), size + 2
}

// A base64Run is a stretch of a text that may be base64, in either alphabet.
type base64Run struct {
	text     string
	from, to int
}

// base64Length is how many characters of base64 hold leakLength bytes.
const base64Length = (leakLength*8 + 5) / 6

// base64Runs yields the stretches that are long enough to hold a leak.
func base64Runs(text string) func(yield func(base64Run) bool) {
	return func(yield func(base64Run) bool) {
		for i := 0; i+base64Length <= len(text); i++ {
			from := i
			for i < len(text) && sextet[text[i]] {
				i++
			}
			if i-from >= base64Length && !yield(base64Run{text, from, i}) {
				return
			}
		}
	}
}

// sextet holds the characters of both alphabets of base64.
var sextet = func() (table [256]bool) {
	for _, c := range []byte(alphabet + "+/-_") {
		table[c] = true
	}
	return table
}()

// standard turns base64's URL alphabet into the standard one.
var standard = strings.NewReplacer("-", "+", "_", "/")

// decoded yields the texts that a run may stand for, those with a word of at
// least that length: what is before the base64 may belong to its alphabet, too, so
// that it may begin anywhere.
func (b base64Run) decoded(word int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		run := []byte(standard.Replace(b.text[b.from:b.to]))
		plain := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
		for skip := range 4 {
			part := run[skip:]
			if len(part)%4 == 1 {
				part = part[:len(part)-1]
			}
			n, err := base64.RawStdEncoding.Decode(plain, part)
			if err == nil && longestWord(plain[:n]) >= word && !yield(string(plain[:n])) {
				return
			}
		}
	}
}

// longestWord is the length of the longest stretch of letters and digits, of
// which random parts are made.
func longestWord[T string | []byte](s T) int {
	longest, length := 0, 0
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			length++
			longest = max(longest, length)
		} else {
			length = 0
		}
	}
	return longest
}
