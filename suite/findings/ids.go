package findings

import (
	"net/url"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// readings are other ids that a server may make of a model's id before it looks the
// model up, by the situation in which they are others.
var readings = map[string]func(id string) string{
	"id-suffixed": func(id string) string {
		if i := strings.IndexAny(id, "[@"); i > 0 {
			return id[:i]
		}
		return id
	},
	"id-behind-gateway": func(id string) string { return id[strings.LastIndexAny(id, ":/")+1:] },
	"id-escaped": func(id string) string {
		if plain, err := url.PathUnescape(id); err == nil {
			return plain
		}
		return id
	},
	"id-capitalised": strings.ToLower,
	"id-full-width":  func(id string) string { return strings.Map(narrow, id) },
}

// narrow is the ASCII character of a full-width one.
func narrow(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// asciiSpace is what a trim that knows ASCII only takes off.
const asciiSpace = " \t\r\n\v\f"

// idSituations are what is so about a model's id in a runtime: which other readings
// it has, and with "-elsewhere" behind it, which of them lead to another provider.
func (d *describer) idSituations(runtime, model string) []string {
	key := runtime + "\x00" + model
	out, known := d.ids[key]
	if known {
		return out
	}
	if strings.ContainsAny(model, "[]@%") {
		out = append(out, "id-marked")
	}
	if strings.Trim(model, asciiSpace) != strings.TrimSpace(model) {
		out = append(out, "id-unicode-padded")
	}
	as := d.leadsTo(runtime, model)
	for name, read := range readings {
		other := read(model)
		if other == model {
			continue
		}
		out = append(out, name)
		if d.leadsTo(runtime, other) != as {
			out = append(out, name+"-elsewhere")
		}
	}
	d.ids[key] = out
	return out
}

// leadsTo is the provider of an id where no credential decides; nil where there is none.
func (d *describer) leadsTo(runtime, model string) *registry.Provider {
	return d.reg.Derive(runtime, model, func(string) bool { return false }).Provider
}
