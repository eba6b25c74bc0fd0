package draft

import (
	"fmt"
	"slices"
	"strings"
)

// SchemaURL is where the profile's JSON Schema stands, for editors.
const SchemaURL = "https://raw.githubusercontent.com/molecule-ai/byok-conformance/main/suite/server/profile.schema.json"

// A page is the profile as it is written.
type page struct{ b strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// comment writes sentences, wrapped.
func (p *page) comment(indent, sentence string) {
	line := indent + "#"
	for word := range strings.FieldsSeq(sentence) {
		if len(line)+1+len(word) > 100 && line != indent+"#" {
			p.line("%s", line)
			line = indent + "#"
		}
		line += " " + word
	}
	p.line("%s", line)
}

// scalar writes text as YAML does, on one line.
func scalar(s string) string {
	if !strings.Contains(s, "'") && !strings.ContainsAny(s, "\n") {
		return "'" + s + "'"
	}
	return jsonText(s)
}

func (r request) yaml() string {
	parts := []string{"method: " + r.method, "path: " + scalar(r.path)}
	if r.body != "" {
		parts = append(parts, "body: "+scalar(r.body))
	}
	if len(r.headers) > 0 {
		var headers []string
		for _, name := range sortedKeys(r.headers) {
			headers = append(headers, name+": "+scalar(r.headers[name]))
		}
		parts = append(parts, "headers: {"+strings.Join(headers, ", ")+"}")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// render writes the profile, each line with what it is for and how it was found.
func (d *drafting) render(claims []string) []byte {
	p := &page{}
	p.line("# yaml-language-server: $schema=%s", SchemaURL)
	p.comment("", "How to ask this server, and how to read what it answers. Written by `conformance init`; every request here was tried at the server, but where a comment says otherwise. Expressions are jq over a reply {status, headers, body, text}.")
	p.line("schema: byok-conformance/profile/v1")
	name := d.Name
	if name == "" {
		name = strings.Trim(strings.ReplaceAll(d.paths().base, "/", "-"), "-")
	}
	p.line("name: %s", scalar(name))
	d.renderHeaders(p)
	if d.health.set() {
		p.comment("", "The server is up when this answers 2xx.")
		p.line("health:\n  request: %s\n  within: 30s", d.health.yaml())
	}
	d.renderCreate(p)
	d.renderProvision(p)
	d.renderSecrets(p)
	d.renderWorkspaces(p)
	if d.limited {
		p.comment("", "The server's own limit on its clients: it is waited out, not judged.")
		p.line("rate-limit: {status: 429, wait: Retry-After, longest: 90s}")
	}
	if d.create.refusesUnlisted {
		p.comment("", "A model that the registry does not list, but whose pattern matches, was refused.")
		p.line("unlisted-models: refused")
	}
	d.renderClaims(p, claims)
	return []byte(p.b.String())
}

func (d *drafting) renderHeaders(p *page) {
	if len(d.headers) == 0 {
		return
	}
	p.comment("", "Sent with every request. ${env:NAME} is read from the environment; a run makes an ADMIN_TOKEN for a command that it starts.")
	p.line("headers:")
	for _, name := range sortedKeys(d.headers) {
		p.line("  %s: %s", name, scalar(d.headers[name]))
	}
}

func (d *drafting) renderCreate(p *page) {
	f := &d.create
	p.comment("", "How a workspace is created. $secrets is an object of names and values; $fields are further fields that a scenario adds.")
	p.line("create:\n  request:\n    method: %s\n    path: %s\n    body: >-\n      %s", f.request.method, scalar(f.request.path), f.shape.body())
	p.comment("  ", fmt.Sprintf("A create that was allowed answered %d.", f.created.status))
	p.line("  allowed: .status == %d", f.created.status)
	p.comment("  ", "The new workspace's id.")
	p.line("  id: %s", scalar(f.id))
	if f.missing != "" {
		p.comment("  ", fmt.Sprintf("The code of a refusal. Without a credential it was %q, with status %d.", f.missing, f.refusal.status))
	} else {
		p.comment("  ", "The code of a refusal. This is a guess: no refusal with a code was seen.")
	}
	p.line("  code: %s", scalar(f.code))
	if f.provider != "" {
		p.comment("  ", "The provider that the server derived. If omitted, the whole reply is searched for its name.")
		p.line("  provider: %s", scalar(f.provider))
	}
	if f.accepted != "" {
		p.comment("  ", "The names of credentials that would be accepted.")
		p.line("  accepted: %s", scalar(f.accepted))
	}
	if f.credential != "" {
		p.comment("  ", "The name of the credential that is dead.")
		p.line("  credential: %s", scalar(f.credential))
	}
	if len(f.otherCodes)+len(f.other) > 0 {
		p.comment("  ", "Refusals that are not the gate's. They were seen for malformed creates, and for runtimes, models and values that the server does not take.")
	}
	if len(f.otherCodes) > 0 {
		p.line("  other-codes: [%s]", strings.Join(f.otherCodes, ", "))
	}
	if len(f.other) > 0 {
		var statuses []string
		for _, s := range f.other {
			one := fmt.Sprintf(".status == %d", s)
			if f.refusal != nil && s == f.refusal.status {
				one = fmt.Sprintf("(.status == %d and %s == null)", s, f.code)
			}
			statuses = append(statuses, one)
		}
		p.line("  other: %s", scalar(strings.Join(statuses, " or ")))
	}
	d.renderCodes(p)
}

func (d *drafting) renderCodes(p *page) {
	f := &d.create
	codes := [][2]string{}
	if f.missing != "" {
		codes = append(codes, [2]string{f.missing, missingCode})
	}
	if f.invalid != "" && f.invalid != f.missing {
		codes = append(codes, [2]string{f.invalid, invalidCode})
	}
	// A code of the rules stands for itself, whatever this server says with it.
	codes = slices.DeleteFunc(codes, func(c [2]string) bool { return c[0] != c[1] && (c[0] == missingCode || c[0] == invalidCode) })
	if len(codes) == 0 {
		return
	}
	p.comment("", "The server's codes, and what the rules call them.")
	p.line("codes:")
	for _, c := range codes {
		p.line("  %s: %s", scalar(c[0]), c[1])
	}
}

func (d *drafting) renderProvision(p *page) {
	a := &d.again
	if !a.proved {
		return
	}
	p.comment("", "How a workspace is provisioned again, and how the outcome shows. A workspace whose credential had been removed was stopped.")
	p.line("provision:\n  again:\n    request: %s", a.again.yaml())
	p.line("  state:\n    request: %s", d.rows.state.yaml())
	p.comment("    ", "Provisioning is under way.")
	p.line("    pending: %s", scalar(a.pending))
	p.comment("    ", "It has gone through.")
	p.line("    running: %s", scalar(a.running))
	switch {
	case a.reasonInsteadOfIDs:
		p.comment("  ", "Why it was stopped. The server keeps the last reason only.")
		p.line("  reason:\n    request: %s\n    text: %s", a.failures.yaml(), scalar(a.reasonText))
	case a.failures.set():
		p.comment("  ", "What stopped it. The id tells a failure from an earlier one.")
		p.line("  failures:\n    request: %s\n    list: %s", a.failures.yaml(), scalar(a.list))
	}
	if a.passed != "" {
		p.comment("  ", "What a workspace fails with that has passed the gate.")
		p.line("  passed: %s", scalar(a.passed))
	}
	p.line("  within: 20s")
}

func (d *drafting) renderSecrets(p *page) {
	if !d.own.set.set() && !d.tenant.complete() {
		return
	}
	p.comment("", "How secrets are set and removed: ${key} and $key are the name, $value the value.")
	p.line("secrets:")
	if d.own.set.set() {
		p.comment("  ", "Those of one workspace, ${id}.")
		p.line("  workspace:\n    set: {request: %s}\n    remove: {request: %s}", d.own.set.yaml(), d.own.remove.yaml())
	}
	if d.tenant.complete() {
		p.comment("  ", "Those of the tenant, for every workspace. The run sets and clears its own.")
		p.line("  global:\n    set: {request: %s}\n    list: {request: %s, names: %s}\n    remove: {request: %s}",
			d.tenant.set.yaml(), d.tenant.list.yaml(), scalar(d.tenant.names), d.tenant.remove.yaml())
	}
}

func (d *drafting) renderWorkspaces(p *page) {
	p.line("workspaces:")
	if d.rows.list.set() {
		p.comment("  ", "Every workspace, with its id and its name.")
		p.line("  list:\n    request: %s\n    items: %s", d.rows.list.yaml(), scalar(d.rows.items))
	}
	p.comment("  ", "How one is deleted, and when it counts as deleted.")
	p.line("  remove:\n    request: %s\n    removed: %s", d.rows.remove.yaml(), scalar(d.rows.removed))
}

// why says of each claim what was seen.
var why = map[string]string{
	"create-presence":    "a create needs a credential",
	"create-liveness":    "a provider is asked about it",
	"global-scope":       "the tenant's secrets count",
	"provision-presence": "provisioning asks again",
	"provision-liveness": "provisioning asks the provider again; replayed with --level extended",
	"secrecy-logs":       "the output is read for credentials",
	"atomicity":          "a refused create leaves no workspace",
}

func (d *drafting) renderClaims(p *page, claims []string) {
	for _, u := range d.unknown {
		p.comment("", "NOT FOUND: "+u)
	}
	p.comment("", "What the server is held to. An area that is left out is shown in every report.")
	p.line("claims:")
	width := 0
	for _, c := range claims {
		width = max(width, len(c))
	}
	for _, c := range claims {
		p.line("  - %-*s # %s", width, c, why[c])
	}
}
