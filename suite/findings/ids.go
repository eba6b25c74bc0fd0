package findings

import (
	"net/url"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// readings are other ids that a server may make of a model's id before it looks the
// model up, by the situation in which they differ from it.
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

// A reading is what a server may make of an id, and the provider that it leads to.
type reading struct {
	name string
	to   *registry.Provider
}

// An id is what is so about a model's id in a runtime, whatever the secrets are.
type id struct {
	situations []string
	// elsewhere are the readings that lead to another provider.
	elsewhere []reading
}

func (d *describer) id(runtime, model string) id {
	key := runtime + "\x00" + model
	out, known := d.ids[key]
	if known {
		return out
	}
	if strings.ContainsAny(model, "[]@%") {
		out.situations = append(out.situations, "id-marked")
	}
	if strings.Trim(model, asciiSpace) != strings.TrimSpace(model) {
		out.situations = append(out.situations, "id-unicode-padded")
	}
	as := d.leadsTo(runtime, model)
	for name, read := range readings {
		other := read(model)
		if other == model {
			continue
		}
		out.situations = append(out.situations, name)
		if to := d.leadsTo(runtime, other); to != as {
			out.elsewhere = append(out.elsewhere, reading{name, to})
		}
	}
	if to := d.listedAnywhere(strings.TrimSpace(model)); to != nil && to != as {
		out.elsewhere = append(out.elsewhere, reading{"id-listed", to})
	}
	if to := d.vendorNamed(model); to != nil && to != as {
		out.elsewhere = append(out.elsewhere, reading{"id-names-vendor", to})
	}
	d.ids[key] = out
	return out
}

// idFacts says what the other readings of an id come to: they lead elsewhere, and
// what is in scope suffices there.
func (d *describer) idFacts(st *scenarios.Step, add func(axis, string)) {
	read := d.id(st.Runtime, st.Model)
	for _, is := range read.situations {
		add(situation, is)
	}
	for _, r := range read.elsewhere {
		if r.name != "id-names-vendor" { // that is nearly always so, and says little
			add(situation, r.name+"-elsewhere")
		}
		if r.to != nil && (r.to.IsPlatform() || slices.ContainsFunc(r.to.AuthEnv, st.Secrets.InScope)) {
			add(situation, r.name+"-suffices")
		}
	}
}

// listedAnywhere is the provider of the first runtime that lists an id; nil where none does.
func (d *describer) listedAnywhere(model string) *registry.Provider {
	for _, rt := range d.reg.Runtimes {
		if at := d.reg.Derive(rt.Name, model, func(string) bool { return false }); at.By == registry.Verbatim {
			return at.Provider
		}
	}
	return nil
}

// vendorNamed is the first provider that can be asked of the vendor that the last part
// of an id behind a gateway's name belongs to, whatever the runtime; nil where none does.
func (d *describer) vendorNamed(model string) *registry.Provider {
	at := strings.LastIndexAny(model, ":/")
	if at < 0 {
		return nil
	}
	for _, p := range d.reg.Providers {
		if !p.Matches(model[at+1:]) {
			continue
		}
		for _, of := range d.reg.Providers {
			if of.ProbeBase() != "" && (of == p || sameVendor(of, p)) {
				return of
			}
		}
	}
	return nil
}

// leadsTo is the provider of an id where no credential decides; nil where there is none.
func (d *describer) leadsTo(runtime, model string) *registry.Provider {
	return d.reg.Derive(runtime, model, func(string) bool { return false }).Provider
}
