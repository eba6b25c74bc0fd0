package secrets

import (
	"slices"
	"strconv"
	"strings"
)

// A server that writes a credential in percent escapes, in JSON escapes or in
// base64 has written it: whoever reads the text has the credential. So leaks are
// looked for, and masked, under these encodings, too. Of nested ones only compressed
// texts in base64 are undone, since batches of logs and telemetry are sent like that.

// SightAll is sight for a text and for what it says when its encodings are undone.
func (r *Ring) SightAll(text string) []*Credential {
	found := r.sight(text)
	also := func(list []*Credential) {
		for _, c := range list {
			if !slices.Contains(found, c) {
				found = append(found, c)
			}
		}
	}
	if plain, escaped := undo(text); escaped {
		also(r.sight(plain.text))
	}
	for run := range packedRuns(text) {
		also(r.sight(run.plain))
	}
	if !holdsBase64(text) {
		return found
	}
	for run := range base64Runs(text) {
		for decoded := range run.decoded(LeakLength) {
			also(r.sight(decoded))
		}
	}
	return found
}

// maskEscaped replaces what a text holds in escapes; what it holds plainly is
// masked already.
func (r *Ring) maskEscaped(text string) string {
	plain, escaped := undo(text)
	if !escaped {
		return text
	}
	c := newCover(plain.text)
	for _, secret := range r.authorising() {
		c.all(secret, HiddenText)
	}
	for _, found := range r.sight(plain.text) {
		c.all(found.Value, found.mask())
		c.pieces(found.Secret.Random, found.mask())
	}
	return c.shown(text, plain.at)
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
	if !holdsEscape(text) {
		return undone{}, false
	}
	var b strings.Builder
	at := make([]int, 0, len(text)+1)
	for i := 0; i < len(text); {
		c, size := text[i], 1
		if c == '%' || c == '\\' {
			if plain, n := escape(text[i:]); n > 0 {
				c, size = plain, n
			}
		}
		b.WriteByte(c)
		at = append(at, i)
		i += size
	}
	return undone{b.String(), append(at, len(text))}, true
}

// holdsEscape reports whether there is anything to undo. Every reply is asked, and
// most of them hold no % and only the backslashes of quoted quotes.
func holdsEscape(text string) bool {
	for _, mark := range []byte{'%', '\\'} {
		for rest := text; ; {
			i := strings.IndexByte(rest, mark)
			if i < 0 {
				break
			}
			if _, size := escape(rest[i:]); size > 0 {
				return true
			}
			rest = strings.TrimLeft(rest[i+1:], `\`)
		}
	}
	return false
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
