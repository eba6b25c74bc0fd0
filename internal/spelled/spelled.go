// Package spelled makes text that a server wrote fit to stand among ours: on a
// terminal, in a log, in a report. What a reader cannot see, or what would act
// on what shows it, is spelled out as a Go string literal has it; long text is cut,
// and says so.
//
// What formats need besides, such as the escapes of HTML and XML, does not live
// here, nor does hiding credentials: suite masks before anything is shown.
package spelled

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Valid returns s with every byte that is no UTF-8 spelled out as \xNN.
func Valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return keeping(s, func(rune) bool { return true })
}

// Text returns s with control characters, ANSI escapes, direction marks and
// bytes that are no UTF-8 spelled out. Line breaks and tabs stay.
func Text(s string) string {
	return keeping(s, func(r rune) bool { return r == '\n' || r == '\t' || strconv.IsPrint(r) })
}

// Line is Text with line breaks and tabs spelled out too, so that text from a
// server cannot begin a line of its own.
func Line(s string) string { return keeping(s, strconv.IsPrint) }

// keeping spells out each invalid byte, and each rune that keep refuses.
func keeping(s string, keep func(rune) bool) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !keep(r) }) {
		return s
	}
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

// Clip cuts s to at most n bytes, at a whole character, and says how many are gone.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	head := Head(s, n)
	return fmt.Sprintf("%s… (%s more bytes)", head, Number(len(s)-len(head)))
}

// Head returns at most the first n bytes of s, cut at a whole character.
func Head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Shell writes an argument for a POSIX shell: as it is where nothing in it means
// anything there, in quotes otherwise.
func Shell(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@+", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Short cuts s to at most n bytes, at a whole character, and says only that
// something is gone.
func Short(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return Head(s, n) + "…"
}

// Number prints n with a comma between thousands.
func Number(n int) string {
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

// Counted prints "1 rule", "2 rules": n with a noun whose plural ends in s.
func Counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Number(n) + " " + noun
}
