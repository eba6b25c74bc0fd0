package gates

import (
	"net/url"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// idFaults read more, or less, out of a model id or a runtime's name than the
// registry does.
var idFaults = []Double{
	{
		Name: "ids-without-runtime", Rules: []string{"DER-1", "PRE-1"},
		Story: "One table holds the ids of all runtimes; what any of them lists for the platform is the platform's everywhere.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if p := listedAnywhere(reg, strings.TrimSpace(req.Model)); p != nil && reg.Runtime(req.Runtime) != nil {
				return p
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "ids-without-runtime-second", Rules: []string{"DER-1"},
		Story: "What the runtime's own list does not have is looked up in all lists, before the patterns are.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			d := reg.Derive(req.Runtime, req.Model, req.Secrets.InScope)
			if d.By == registry.Verbatim || reg.Runtime(req.Runtime) == nil {
				return d.Provider
			}
			if p := listedAnywhere(reg, strings.TrimSpace(req.Model)); p != nil {
				return p
			}
			return d.Provider
		}),
	},
	{
		Name: "ids-without-runtime-at-restart", Rules: []string{"PRV-1", "DER-1"},
		Story: "A restart knows the model's row only, and takes the provider from whatever list has the id.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if p := listedAnywhere(reg, strings.TrimSpace(req.Model)); p != nil && req.Stage == gate.Provision && reg.Runtime(req.Runtime) != nil {
				return p
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "vendor-word-decides", Rules: []string{"DER-2", "PRE-2"},
		Story: "A word inside the id says whose model it is, also behind a gateway's prefix.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			p := lookUp(reg, req)
			if p == nil || p.IsPlatform() {
				return p
			}
			for word, vendor := range map[string]string{"claude": "anthropic-api", "gpt-": "openai-api", "gemini": "google"} {
				if i := strings.IndexAny(req.Model, ":/"); i >= 0 && strings.Contains(req.Model[i:], word) && reg.Provider(vendor) != nil {
					return reg.Provider(vendor)
				}
			}
			return p
		}),
	},
	{
		Name: "last-segment-decides", Rules: []string{"DER-2", "DER-1"},
		Story: "What stands behind the last slash or colon is the model; the gateway before it is dropped.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if i := strings.LastIndexAny(req.Model, ":/"); i >= 0 {
				short := req
				short.Model = req.Model[i+1:]
				if p := lookUp(reg, short); p != nil {
					return p
				}
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "suffixes-fall-through", Rules: []string{"DER-1", "DER-2"},
		Story: "An id is letters, digits and a few marks; one with brackets or an at-sign is nobody's, and the gate stays out.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if strings.ContainsAny(req.Model, "[]@%") {
				return nil
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "suffixes-cut-off", Rules: []string{"DER-1"},
		Story: "Brackets, an at-sign and what follows are cut off an id before it is looked up in the lists.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if i := strings.IndexAny(req.Model, "[@"); i > 0 {
				req.Model = req.Model[:i]
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "ids-unescaped", Rules: []string{"DER-1"},
		Story: "Ids may come out of a URL, so percent signs are decoded.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if plain, err := url.PathUnescape(req.Model); err == nil {
				req.Model = plain
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "full-width-folded", Rules: []string{"DER-1"},
		Story: "Ids are brought into Unicode's compatibility form, in which full-width letters are ASCII.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			req.Model = strings.Map(narrow, req.Model)
			return lookUp(reg, req)
		}),
	},
	{
		Name: "model-trimmed-ascii", Rules: []string{"DER-1"},
		Story: "Blanks, tabs and line breaks are cut off the model id; a no-break space is a letter like any other.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if strings.Trim(req.Model, " \t\r\n") != strings.TrimSpace(req.Model) {
				return nil
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "runtime-case-folded", Rules: []string{"DER-1", "DER-3"},
		Story: "Runtimes are found in any case.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			req.Runtime = strings.ToLower(req.Runtime)
			return lookUp(reg, req)
		}),
	},
}

// listedAnywhere is whoever some runtime lists an id for, the platform first.
func listedAnywhere(reg *registry.Registry, model string) *registry.Provider {
	var found *registry.Provider
	for _, rt := range reg.Runtimes {
		for _, native := range rt.Native {
			for _, listed := range native.Models {
				switch {
				case listed != model:
				case native.Provider.IsPlatform():
					return native.Provider
				case found == nil:
					found = native.Provider
				}
			}
		}
	}
	return found
}

// narrow is the ASCII character of a full-width one.
func narrow(r rune) rune {
	if r >= '\uff01' && r <= '\uff5e' {
		return r - '\uff01' + '!'
	}
	return r
}
