package secrets

import (
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"io"
	"strings"
)

// packedMarks are how base64 begins of what gzip and zlib write, the latter at its
// usual and its best level.
var packedMarks = []string{"H4sI", "eJw", "eJx", "eJy", "eJz", "eNo", "eNp", "eNq", "eNr"}

// maxPacked bounds what is unpacked of one run, in bytes.
const maxPacked = 1 << 20

// A packedRun is a stretch of a text that is compressed and in base64, and what it says.
type packedRun struct {
	from, to int
	plain    string
}

// maskPacked replaces every packed run that holds a secret.
func (r *Ring) maskPacked(text string) string {
	for run := range packedRuns(text) {
		mask := ""
		for _, secret := range r.authorising() {
			if strings.Contains(run.plain, secret) {
				mask = HiddenText
			}
		}
		for _, found := range r.sight(run.plain) {
			mask = found.mask()
		}
		if mask != "" {
			return text[:run.from] + mask + r.maskPacked(strings.TrimLeft(text[run.to:], "="))
		}
	}
	return text
}

// packedRuns yields the stretches of a text that are compressed and in base64.
func packedRuns(text string) func(yield func(packedRun) bool) {
	return func(yield func(packedRun) bool) {
		for _, mark := range packedMarks {
			for at := 0; ; {
				i := strings.Index(text[at:], mark)
				if i < 0 {
					break
				}
				at += i
				plain, size := unpacked(text[at:])
				if len(plain) >= LeakLength && !yield(packedRun{at, at + size, plain}) {
					return
				}
				at += len(mark)
			}
		}
	}
}

// unpacked is what the base64 that a text begins with is the compressed form of, and
// how long that base64 is; empty where it is none. What comes before an error counts.
func unpacked(text string) (plain string, end int) {
	for end < len(text) && sextets[text[end]] != noSextet {
		end++
	}
	if end < base64Length {
		return "", end
	}
	body := base64.NewDecoder(base64.RawStdEncoding, strings.NewReader(standard.Replace(text[:end])))
	var r io.Reader
	var err error
	if text[0] == 'H' {
		r, err = gzip.NewReader(body)
	} else {
		r, err = zlib.NewReader(body)
	}
	if err != nil {
		return "", end
	}
	out, _ := io.ReadAll(io.LimitReader(r, maxPacked))
	return string(out), end
}
