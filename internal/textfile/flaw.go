package textfile

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Flaw finds what keeps bytes from being a text that is parsed: too many of
// them, UTF-16, a byte that is no UTF-8, a control character, and a %TAG directive,
// of which the parser compares each with all before it. The message says what
// to do; it is empty where there is no flaw. Line and column count from 1, the
// column in bytes.
func Flaw(data []byte) (line, column int, message string) {
	switch {
	case len(data) > MaxBytes:
		return 1, 1, fmt.Sprintf("the file is larger than %d MiB, and none that people write is; check that this is the right one", MaxBytes>>20)
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return 1, 1, "the file is UTF-16; save it as UTF-8"
	}
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		flaw := ""
		switch {
		case r == utf8.RuneError && size == 1:
			flaw = fmt.Sprintf("the byte 0x%02x is no UTF-8; save the file as UTF-8", data[at])
		case r == 0:
			flaw = "a NUL byte stands here, so this is no text, or UTF-16; save it as UTF-8"
		case r == '%' && (at == 0 || data[at-1] == '\n') && bytes.HasPrefix(data[at:], []byte("%TAG")):
			flaw = "a %TAG directive stands here; remove it, and write tags out where there are any"
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
			flaw = fmt.Sprintf("the control character %U stands here; remove it", r)
		}
		if flaw != "" {
			before := data[:at]
			return 1 + bytes.Count(before, []byte("\n")), at - bytes.LastIndexByte(before, '\n'), flaw
		}
		at += size
	}
	return 0, 0, ""
}
