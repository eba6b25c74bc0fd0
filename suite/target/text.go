package target

import (
	"encoding/json"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// Readable is a reply's text as a person reads it: of JSON, the names and the
// strings with their escapes undone, of anything else the text itself.
func Readable(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return string(body)
	}
	var b strings.Builder
	Flatten(&b, v)
	return b.String()
}

func Flatten(b *strings.Builder, v any) {
	switch v := v.(type) {
	case string:
		b.WriteString(v)
		b.WriteByte('\n')
	case []any:
		for _, item := range v {
			Flatten(b, item)
		}
	case map[string]any:
		for _, name := range strict.SortedKeys(v) {
			b.WriteString(name)
			b.WriteByte('\n')
			Flatten(b, v[name])
		}
	}
}

// TopFields returns the readable texts of a JSON object's fields, each by
// itself; nil for anything else.
func TopFields(body []byte) []string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return nil
	}
	out := make([]string, 0, len(fields))
	for _, v := range fields {
		out = append(out, Readable(v))
	}
	return out
}
