package draft

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// findRefusals reads what a refusal looks like: one of the gate, for a
// credential that is missing and one that is dead, and others.
func (d *drafting) findRefusals(ctx context.Context) error {
	f := &d.create
	ask := f.ask(f.shape)
	live := d.live()
	v := d.values(live)
	d.tryCreate(ctx, ask, v)
	f.probed = d.Providers.wasAsked(text(live[d.credential]))
	f.refusal = d.tryCreate(ctx, ask, d.values(nil))
	if f.refusal.refused() {
		d.readRefusal(f.refusal)
		wanted := ""
		if f.refusal.status != http.StatusUnprocessableEntity {
			wanted = " (a run will fail it by REF-1, which wants 422)"
		}
		d.note("refused without a credential: %d%s, code %q at %s", f.refusal.status, wanted, f.missing, f.code)
	} else {
		f.refusal = nil
		d.miss("create.code", fmt.Sprintf("The server allowed a workspace for %s without any credential, so its gate was not seen. The profile reads the code of a refusal from .body.code; correct it if your server puts it elsewhere.", d.route.Model))
	}
	if s, ok := d.Answers["create.code"]; ok {
		f.code = s
	}
	if f.code == "" {
		f.code = ".body.code"
	}
	d.findDead(ctx, ask)
	d.findOthers(ctx, ask)
	return nil
}

// readRefusal reads where a refusal for a missing credential holds what.
func (d *drafting) readRefusal(r *reply) {
	f := &d.create
	if p := codePath(r); p != nil {
		f.codeAt, f.code, f.missing = p, p.jq(".body"), text(at(r.json, p))
	} else {
		d.miss("create.code", fmt.Sprintf("A refusal holds no code: %d %s. The rules want one (REF-1).", r.status, clip(string(r.body), 200)))
	}
	if ways := where(r.json, d.route.Provider.Name); len(ways) > 0 {
		f.provider = ways[0].jq(".body")
	}
	for _, way := range where(r.json, d.credential) {
		if _, inList := way[len(way)-1].(int); inList {
			f.accepted = way[:len(way)-1].jq(".body")
			break
		}
	}
}

// findDead asks with a credential that the provider answers 401 to.
func (d *drafting) findDead(ctx context.Context, ask request) {
	f := &d.create
	if !d.Intercepted {
		return
	}
	dead := d.Providers.value(d.route.Provider, d.credential, "dead")
	answer := d.tryCreate(ctx, ask, d.values(map[string]any{d.credential: dead}))
	f.probed = f.probed || d.Providers.wasAsked(dead)
	switch {
	case !f.probed:
		d.miss("create-liveness", "No provider was asked about a credential. If your server has a liveness check, its HTTP client does not use HTTPS_PROXY or does not trust SSL_CERT_FILE; see docs/targets.md. Then add create-liveness to the claims.")
	case answer.refused():
		p := f.codeAt // the profile looks nowhere else
		if p == nil || text(at(answer.json, p)) == "" {
			p = codePath(answer)
		}
		if p != nil {
			f.invalid = text(at(answer.json, p))
		}
		for _, way := range where(answer.json, d.credential) {
			if _, inList := way[len(way)-1].(int); !inList {
				f.credential = way.jq(".body")
				break
			}
		}
		d.note("refused with a dead credential: %d, code %q", answer.status, f.invalid)
	default:
		d.note("a dead credential was answered with %d, although the provider was asked", answer.status)
	}
}

// findOthers asks for what no gate decides: malformed creates, unknown runtimes
// and models, a value that is far too large, a model that is not listed.
func (d *drafting) findOthers(ctx context.Context, ask request) {
	broken := ask
	for _, body := range []string{`"no object"`, `[]`, `{}`} {
		broken.body = body
		d.other(d.tryCreate(ctx, broken, d.values(nil)))
	}
	for _, change := range []func(*variables){
		func(v *variables) { v.runtime = "draft-no-such-runtime" },
		func(v *variables) { v.model = "draft-no-such-model" },
		func(v *variables) { v.model = "" },
		func(v *variables) { v.secrets = map[string]any{d.credential: 7} },
		func(v *variables) { v.secrets = map[string]any{d.credential: strings.Repeat("x", 3<<20)} },
	} {
		v := d.values(d.live())
		change(&v)
		d.other(d.tryCreate(ctx, ask, v))
	}
	slices.Sort(d.create.other)
	slices.Sort(d.create.otherCodes)
	if route, ok := d.unlisted(); ok {
		v := d.values(map[string]any{route.Provider.AuthEnv[0]: d.Providers.value(route.Provider, route.Provider.AuthEnv[0], "live")})
		v.runtime, v.model = route.Runtime, route.Model
		d.create.refusesUnlisted = d.tryCreate(ctx, ask, v).refused()
	}
}

// unlisted is a model that only a pattern takes.
func (d *drafting) unlisted() (registry.Route, bool) {
	for _, r := range d.Registry.Routes() {
		if r.By != registry.Verbatim && len(r.Needs) == 0 && !r.Provider.IsPlatform() && (r.Provider.ProbeBase() != "") == d.Intercepted {
			return r, true
		}
	}
	return registry.Route{}, false
}

// other keeps the code of a refusal that is not the gate's, or else its status.
func (d *drafting) other(r *reply) {
	f := &d.create
	if !r.refused() || r.status == 429 {
		return
	}
	code := codeOf(r)
	switch {
	case code != "" && (code == f.missing || code == f.invalid || code == missingCode || code == invalidCode):
	case code != "" && at(r.json, codePath(r)) != nil && codePath(r).jq(".body") == f.code:
		if !slices.Contains(f.otherCodes, code) {
			f.otherCodes = append(f.otherCodes, code)
		}
	case f.refusal != nil && r.status == f.refusal.status && f.missing == "":
	case !slices.Contains(f.other, r.status):
		f.other = append(f.other, r.status)
	}
}

// findOptional looks for the field that makes a workspace external, and for
// that of its URL.
func (d *drafting) findOptional(ctx context.Context) error {
	f := &d.create
	if f.shape.exact != "" {
		return nil
	}
	if f.refusal == nil {
		f.shape = f.shape.with("external", "external")
		return nil
	}
	urls := append(slices.Clone(d.OpenAPI.fields(f.request)["url"]), fieldNames["url"]...)
	for _, name := range append(slices.Clone(d.OpenAPI.fields(f.request)["external"]), fieldNames["external"]...) {
		for _, url := range append([]string{""}, urls...) {
			s := f.shape.with("external", name)
			if url != "" {
				s = s.with("url", url)
			}
			v := d.values(nil)
			v.external, v.url = true, "http://127.0.0.1:9/"
			if !created(d.tryCreate(ctx, f.ask(s), v)) {
				continue
			}
			d.note("external workspaces: %s", name)
			f.shape = s
			if url == "" {
				d.findURL(ctx, urls)
			}
			return nil
		}
	}
	d.miss("external", "No field was found that makes a workspace external, so the scenarios of class external are not claimed. Where the server has such workspaces, add the field to create.request.body: {…, external: $external}.")
	return nil
}

// findURL adds the URL's field where the server takes one.
func (d *drafting) findURL(ctx context.Context, urls []string) {
	f := &d.create
	for _, url := range urls {
		s := f.shape.with("url", url)
		v := d.values(nil)
		v.external, v.url = true, "http://127.0.0.1:9/"
		if created(d.tryCreate(ctx, f.ask(s), v)) {
			f.shape = s
			return
		}
	}
}
