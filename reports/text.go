package reports

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// wellFormed returns s with every byte that is no UTF-8 spelled out as \xNN.
func wellFormed(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return replaceRunes(s, func(rune) bool { return true })
}

// printable returns s with everything spelled out that a reader cannot see or
// that would act on a terminal or page: control characters, ANSI escapes,
// direction marks, bytes that are no UTF-8. Line breaks and tabs stay.
func printable(s string) string {
	return replaceRunes(s, func(r rune) bool { return r == '\n' || r == '\t' || strconv.IsPrint(r) })
}

// oneLine is printable with line breaks and tabs spelled out too, so that text
// from a server cannot start a line of its own.
func oneLine(s string) string { return replaceRunes(s, strconv.IsPrint) }

// replaceRunes spells out, as Go would in a string literal, each invalid byte
// and each rune that keep refuses.
func replaceRunes(s string, keep func(rune) bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case keep(r):
			b.WriteString(s[i : i+size])
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		i += size
	}
	return b.String()
}

// clip cuts s to at most n bytes, at a whole character, and says how many are gone.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("%s… (%s more bytes)", s[:n], number(len(s)-n))
}

// number prints n with a comma between thousands.
func number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// counted prints "1 rule", "2 rules".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return number(n) + " " + noun
}

// millis prints a time of ms milliseconds.
func millis(ms float64) string {
	if ms > 0 && ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}
