package secrets

import (
	"encoding/base64"
	"strings"
)

// maskBase64 replaces every run that holds a secret when it is decoded.
func (r *Ring) maskBase64(text string) string {
	var b strings.Builder
	done := 0
	for run := range base64Runs(text) {
		mask := ""
		for decoded := range run.decoded(0) {
			for _, secret := range r.authorising() {
				if strings.Contains(decoded, secret) {
					mask = HiddenText
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

// holdsBase64 reports whether eight characters in a row stand for six letters and
// digits, as some do wherever leakLength of them are in base64. Every reply is
// asked, and words of English seldom do.
func holdsBase64(text string) bool {
	for i := 0; i+8 <= len(text); i++ {
		// The first six bits of a letter or a digit: most characters are none of them.
		if first := sextets[text[i]]; first < '0'>>2 || first > 'z'>>2 {
			continue
		}
		if wordOf(text[i:i+4]) && wordOf(text[i+4:i+8]) {
			return true
		}
	}
	return false
}

// wordOf reports whether four characters of base64 stand for three letters or digits.
func wordOf(group string) bool {
	a, b, c, d := sextets[group[0]], sextets[group[1]], sextets[group[2]], sextets[group[3]]
	if (a | b | c | d) == noSextet {
		return false
	}
	return inWord(a<<2|b>>4) && inWord(b<<4|c>>2) && inWord(c<<6|d)
}

// inWord reports whether a byte is a letter or a digit, of which random parts are made.
func inWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// noSextet stands for characters that are not base64.
const noSextet = 0xff

// sextets are the values of the characters of base64, in both alphabets.
var sextets = func() (table [256]byte) {
	for i := range table {
		table[i] = noSextet
	}
	for _, standard := range []string{"+/", "-_"} {
		for i, c := range []byte(alphabet + standard) {
			table[c] = byte(i)
		}
	}
	return table
}()

// A base64Run is a stretch of a text that may be base64, in either alphabet.
type base64Run struct {
	text     string
	from, to int
}

// base64Length is how many characters of base64 hold leakLength bytes.
const base64Length = (LeakLength*8 + 5) / 6

// base64Runs yields the stretches that are long enough to hold a leak.
func base64Runs(text string) func(yield func(base64Run) bool) {
	return func(yield func(base64Run) bool) {
		for i := 0; i+base64Length <= len(text); i++ {
			from := i
			for i < len(text) && sextets[text[i]] != noSextet {
				i++
			}
			if i-from >= base64Length && !yield(base64Run{text, from, i}) {
				return
			}
		}
	}
}

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

// longestWord is the length of the longest stretch of letters and digits.
func longestWord[T string | []byte](s T) int {
	longest, length := 0, 0
	for i := range len(s) {
		if inWord(s[i]) {
			length++
			longest = max(longest, length)
		} else {
			length = 0
		}
	}
	return longest
}
