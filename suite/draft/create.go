package draft

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// createFacts are what is known of creating a workspace.
type createFacts struct {
	request request // without its body
	shape   shape
	created *reply // a reply to one that was allowed
	// status is that of created. refusal is the reply to one without a
	// credential; nil where the server allows it.
	status  int
	refusal *reply

	id, code, provider, accepted, credential string
	// codeAt is where a refusal has its code; nil until one was seen with one.
	codeAt path
	idPath path
	// missing and invalid are the server's codes; empty where none was seen.
	missing, invalid string
	other            []int
	otherCodes       []string
	refusesUnlisted  bool
	// probed: a provider was asked about the credential.
	probed bool
	// nameSeen: the name's field was seen to hold the name.
	nameSeen bool
}

// ask is the request with a shape's body.
func (f *createFacts) ask(s shape) request {
	r := f.request
	r.body = s.body()
	return r
}

// values are what a create is sent with; secrets may be nil.
func (d *drafting) values(secrets map[string]any) variables {
	return variables{name: "byok-draft-" + random(), runtime: d.route.Runtime, model: d.route.Model, secrets: secrets}
}

// live is the scope of a credential that is alive.
func (d *drafting) live() map[string]any {
	return map[string]any{d.credential: d.Providers.value(d.route.Provider, d.credential, "live")}
}

// tryCreate sends a create, and keeps in mind what it made.
func (d *drafting) tryCreate(ctx context.Context, r request, v variables) *reply {
	answer := d.try(ctx, r, v)
	if answer.ok() && len(idCandidates(answer)) > 0 {
		d.made = append(d.made, made{v.name, answer})
	}
	return answer
}

func created(r *reply) bool { return r.ok() && len(idCandidates(r)) > 0 }

// findCreate looks for the path and the body of a create, and with them for the
// ways to look at workspaces and to delete one.
func (d *drafting) findCreate(ctx context.Context) error {
	nobody := d.try(ctx, request{method: "POST", path: "/draft-" + random(), body: "{}"}, variables{})
	d.catchAll = nobody.status != 0 && !slices.Contains([]int{404, 405, 501, 401, 403}, nobody.status)
	if len(d.headers) == 0 && nobody.unauthorised() {
		if err := d.askToken(ctx, nobody); err != nil {
			return err
		}
	}
	var closest *reply
	var closestPath string
	for _, guess := range d.answered("create.request", append(d.OpenAPI.creates(), guessedCreates()...)) {
		found, last := d.createAt(ctx, guess)
		if found {
			return d.findRows(ctx)
		}
		if last != nil && (closest == nil || closest.unauthorised()) {
			closest, closestPath = last, guess.path
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	seen := "no path took a POST"
	if closest != nil {
		seen = fmt.Sprintf("POST %s answered %d %s", closestPath, closest.status, clip(string(closest.body), 300))
	}
	if closest.unauthorised() && !d.authorised {
		if err := d.askToken(ctx, closest); err != nil {
			return err
		}
		return d.findCreate(ctx)
	}
	if _, ok := d.ask("create.request", "POST /v1/agents {title: $name, runtime: $runtime, model: $model, env: $secrets}", seen); ok {
		return d.findCreate(ctx)
	}
	return fmt.Errorf("no request was found that creates a workspace of runtime %s and model %s with a live %s: %s. Say how: --set create.request='POST /PATH', with a body if need be ({title: $name, model: $model, …}), --set fields.NAME=VALUE for a field that it wants, --header for its token, --set runtime=… and model=… for others, or --openapi FILE",
		d.route.Runtime, d.route.Model, d.credential, d.Providers.mask(seen))
}

func guessedCreates() []request {
	var out []request
	for _, p := range createPaths() {
		out = append(out, request{method: "POST", path: p})
	}
	return out
}

// createAt tries the bodies at one path. It returns the last reply that says
// what the server missed; nil where the path is none.
func (d *drafting) createAt(ctx context.Context, r request) (bool, *reply) {
	d.create.request = request{method: r.method, path: r.path}
	if r.body != "" {
		v := d.values(d.live())
		answer := d.tryCreate(ctx, r, v)
		if created(answer) {
			d.create.shape, d.create.created, d.create.nameSeen = shape{exact: r.body}, answer, true
			return true, answer
		}
		return false, answer
	}
	first := d.try(ctx, request{method: r.method, path: r.path, body: "{}"}, variables{})
	switch {
	case slices.Contains([]int{0, 404, 405, 501}, first.status):
		return false, nil
	case first.unauthorised() && !d.authorised:
		return false, first // no body helps where a token is missing
	}
	last := first
	for _, limit := range []int{3, 99} {
		for _, wrap := range d.OpenAPI.wrappers(r) {
			for _, form := range forms {
				s := shape{wrap: wrap, form: form, more: d.further(r), marked: true}
				s, answer := d.widen(ctx, s, limit)
				if created(answer) && d.catchAll && !d.removable(ctx, s) {
					return false, answer // such a server takes a create at any path; the one that deletes is the right one
				}
				if created(answer) {
					d.note("created: %s %s", r.method, r.path)
					return d.narrow(ctx, s), answer
				}
				last = answer
			}
		}
	}
	return false, last
}

// further are the fields that the server wants beside those that a profile
// knows: those of the answers, and those that the document requires.
func (d *drafting) further(r request) map[string]string {
	out := d.OpenAPI.required(r)
	for key, value := range d.Answers {
		name, ok := strings.CutPrefix(key, "fields.")
		if !ok {
			continue
		}
		if !json.Valid([]byte(value)) { // a word stands for itself
			value = fmt.Sprintf("%q", value)
		}
		out[name] = value
	}
	return out
}

// widen sends a create with up to limit names for each thing, without those
// that the server complains about.
func (d *drafting) widen(ctx context.Context, s shape, limit int) (shape, *reply) {
	refused := map[string]bool{}
	for {
		s.fields = widest(d.OpenAPI.fields(d.create.request), refused, limit)
		answer := d.tryCreate(ctx, d.create.ask(s), d.values(d.live()))
		again := false
		for _, name := range mentioned(answer, s.names()) {
			again = again || !refused[name]
			refused[name] = true
		}
		if !again || ctx.Err() != nil {
			return s, answer
		}
	}
}

// narrow keeps of each thing the one name that the server reads.
func (d *drafting) narrow(ctx context.Context, s shape) bool {
	f := &d.create
	s = d.narrowSecrets(ctx, s)
	f.refusal = nil
	if without := d.tryCreate(ctx, f.ask(s), d.values(nil)); without.refused() {
		f.refusal = without
	}
	for _, thing := range []string{"runtime", "model"} {
		s = d.narrowDerived(ctx, s, thing)
	}
	s = d.narrowName(ctx, s)
	s = d.drop(ctx, s)
	s.marked = false
	answer := d.tryCreate(ctx, f.ask(s), d.values(d.live()))
	f.shape, f.created, f.status = s, answer, answer.status
	return created(answer)
}

// narrowSecrets keeps the field from which the server takes credentials: the
// one without which it refuses.
func (d *drafting) narrowSecrets(ctx context.Context, s shape) shape {
	for _, name := range s.fields["secrets"] {
		if one := s.with("secrets", name); created(d.tryCreate(ctx, d.create.ask(one), d.values(d.live()))) {
			return one
		}
	}
	return s
}

// narrowDerived keeps the field whose value the refusal depends on.
func (d *drafting) narrowDerived(ctx context.Context, s shape, thing string) shape {
	refusal := d.create.refusal
	if refusal == nil || len(s.fields[thing]) < 2 {
		return s.with(thing, first(s.fields[thing])...)
	}
	for _, name := range s.fields[thing] {
		body := d.create.ask(s)
		body.body = strings.Replace(body.body, quoted(name)+": $"+thing, quoted(name)+`: "draft-no-such-`+thing+`"`, 1)
		if answer := d.tryCreate(ctx, body, d.values(nil)); answer.status != refusal.status || codeOf(answer) != codeOf(refusal) {
			return s.with(thing, name)
		}
	}
	return s
}

// narrowName keeps the field whose value the server shows again, and otherwise
// the first one.
func (d *drafting) narrowName(ctx context.Context, s shape) shape {
	v := d.values(d.live())
	answer := d.tryCreate(ctx, d.create.ask(s), v)
	shown := []*reply{answer}
	for _, r := range append([]request{{method: "GET", path: d.create.request.path}}, d.listGuesses()...) {
		shown = append(shown, d.try(ctx, r, variables{}))
	}
	for _, id := range idCandidates(answer) {
		for _, r := range d.stateGuesses() {
			shown = append(shown, d.try(ctx, r, variables{id: id.text}))
		}
	}
	for _, r := range shown {
		for _, name := range s.fields["name"] {
			if r.holds(v.name + "-" + name) {
				d.create.nameSeen = true
				return s.with("name", name)
			}
		}
	}
	return s
}

// drop leaves out every name that the server does without, but one of each thing.
func (d *drafting) drop(ctx context.Context, s shape) shape {
	for _, thing := range things {
		for _, name := range slices.Backward(slices.Clone(s.fields[thing])) {
			rest := slices.DeleteFunc(slices.Clone(s.fields[thing]), func(n string) bool { return n == name })
			if len(rest) == 0 {
				continue
			}
			if less := s.with(thing, rest...); created(d.tryCreate(ctx, d.create.ask(less), d.values(d.live()))) {
				s = less
			}
		}
	}
	return s
}

func first(list []string) []string { return list[:min(1, len(list))] }

// An idCandidate is a value of a reply that may be the new workspace's id.
type idCandidate struct {
	text       string
	expression string
	path       path
}

var idKey = regexp.MustCompile(`(?i)^(id|uuid|uid|guid|.*_id|.*_uuid)$|[a-z](Id|ID)$`)

// refKey and uuidValue are what an id is known by where no field is called one.
var (
	refKey    = regexp.MustCompile(`(?i)^(ref|reference|key|handle|slug|sid|urn)$`)
	uuidValue = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// idCandidates lists what may be the id, the likeliest first.
func idCandidates(r *reply) []idCandidate {
	if r == nil {
		return nil
	}
	var out []idCandidate
	add := func(l leaf) {
		if s := text(l.value); s != "" && len(s) <= 200 {
			out = append(out, idCandidate{s, asText(l.path.jq(".body"), l.value), l.path})
		}
	}
	all := leaves(r.json)
	slices.SortStableFunc(all, func(a, b leaf) int { return len(a.path) - len(b.path) })
	for _, exact := range []bool{true, false} {
		for _, l := range all {
			k := l.path.key()
			if isExact := strings.EqualFold(k, "id") || strings.EqualFold(k, "uuid"); isExact == exact && idKey.MatchString(k) {
				add(l)
			}
		}
	}
	for _, l := range all {
		if k := l.path.key(); !idKey.MatchString(k) && (refKey.MatchString(k) || uuidValue.MatchString(text(l.value))) {
			add(l)
		}
	}
	if s, ok := r.json.(string); ok && s != "" {
		add(leaf{nil, s})
	}
	if location := r.header.Get("Location"); location != "" {
		if _, id, ok := strings.Cut(location, "/"); ok {
			parts := strings.Split(strings.TrimSuffix(id, "/"), "/")
			out = append(out, idCandidate{text: parts[len(parts)-1], expression: `.headers.location | rtrimstr("/") | split("/") | last`})
		}
	}
	return out
}

var (
	upperCode = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)
	wordCode  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*([_.-][A-Za-z0-9]+)*$`)
	codeKey   = regexp.MustCompile(`(?i)code$|^(type|reason|kind|error|name)$`)
)

// codePath is where a refusal holds its code; nil where it has none.
func codePath(r *reply) path {
	all := leaves(r.json)
	for _, fits := range []func(leaf) bool{
		func(l leaf) bool { return text(l.value) == missingCode || text(l.value) == invalidCode },
		func(l leaf) bool {
			return codeKey.MatchString(l.path.key()) && strings.EqualFold(l.path.key(), "code") && wordCode.MatchString(text(l.value))
		},
		func(l leaf) bool { return codeKey.MatchString(l.path.key()) && upperCode.MatchString(text(l.value)) },
		func(l leaf) bool {
			return codeKey.MatchString(l.path.key()) && wordCode.MatchString(text(l.value)) && strings.ContainsAny(text(l.value), "_.-")
		},
	} {
		for _, l := range all {
			if _, isText := l.value.(string); isText && fits(l) {
				return l.path
			}
		}
	}
	return nil
}

// codeOf is the code of a reply; "" where it has none.
func codeOf(r *reply) string {
	if p := codePath(r); p != nil {
		return text(at(r.json, p))
	}
	return ""
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
