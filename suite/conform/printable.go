package conform

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// labelled writes text after a label, further lines of it under the first. What
// a reader cannot see, or would act on a terminal, is spelled out.
func labelled(b *strings.Builder, label, text string) {
	indent := strings.Repeat(" ", len(label))
	text = spelled(text, func(r rune) bool { return r == '\n' || r == '\t' || strconv.IsPrint(r) })
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			label = indent
		}
		b.WriteString(strings.TrimRight(label+line, " ") + "\n")
	}
}

// oneLine spells out line breaks and tabs as well, so that text from a server
// cannot start a line of its own.
func oneLine(s string) string { return spelled(s, strconv.IsPrint) }

// spelled writes invalid bytes, and the runes that keep refuses, as a Go string
// literal has them.
func spelled(s string, keep func(rune) bool) string {
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

// number prints n, which is not negative, with a comma between thousands.
func number(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", number(n/1000), n%1000)
}
