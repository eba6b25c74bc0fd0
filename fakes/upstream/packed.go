package upstream

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
)

// maxUnpacked bounds what is unpacked of a body, in bytes.
const maxUnpacked = 1 << 20

// unpacked are the texts that a body may be the compressed form of, whatever its
// headers say of it: telemetry is mostly sent like that (SEC-3).
func unpacked(body []byte) []string {
	var out []string
	read := func(r io.Reader, err error) {
		if err != nil {
			return // it is not compressed like this
		}
		text, _ := io.ReadAll(io.LimitReader(r, maxUnpacked)) // what comes before an error counts
		if len(text) >= minSighting {
			out = append(out, string(text))
		}
	}
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		r, err := gzip.NewReader(bytes.NewReader(body))
		read(r, err)
	}
	if len(body) > 2 && body[0]&0x0f == 8 && (uint(body[0])<<8|uint(body[1]))%31 == 0 {
		r, err := zlib.NewReader(bytes.NewReader(body))
		read(r, err)
	}
	if len(body) > 0 && body[0] != '{' && body[0] != '[' {
		read(flate.NewReader(bytes.NewReader(body)), nil)
	}
	return out
}
