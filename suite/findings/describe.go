package findings

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	secretvalues "github.com/molecule-ai/byok-conformance/suite/secrets"
)

// A describer says which facts hold in the steps of scenarios.
type describer struct {
	reg       *registry.Registry
	relations map[relatedTo]named
	elsewhere map[string]bool
	ids       map[string]id
}

type relatedTo struct {
	provider *registry.Provider
	name     string
}

func newDescriber(reg *registry.Registry) *describer {
	return &describer{reg: reg, relations: map[relatedTo]named{}, elsewhere: map[string]bool{}, ids: map[string]id{}}
}

func (d *describer) relate(p *registry.Provider, name string) named {
	key := relatedTo{p, name}
	n, known := d.relations[key]
	if !known {
		n = relate(d.reg, p, name)
		d.relations[key] = n
	}
	return n
}

// facts calls add with all that is so in a step.
func (d *describer) facts(s *scenarios.Scenario, at int, add func(axis, string)) {
	st := &s.Steps[at]
	derived := d.reg.Derive(st.Runtime, st.Model, st.Secrets.InScope)
	p := derived.Provider
	if len(st.Expect.Providers) > 0 {
		p = d.reg.Provider(st.Expect.Providers[0])
	}
	add(inStage, string(st.Stage))
	add(inEntry, entryOf(s.ID))
	d.pair(st, &derived, p, add)
	d.request(st, add)
	d.secrets(st, p, add)
	d.decider(st, p, add)
	if st.Malformed == "" && p != nil && !p.IsPlatform() {
		if _, name, _ := deciding(st, p); name == "" || p.ProbeBase() != "" {
			add(situation, map[bool]string{false: "gate-acts", true: "external-acts"}[st.External])
		}
	}
	if derived.Reason != "" && d.ownedElsewhere(st.Model) {
		add(situation, "owned-elsewhere")
	}
	d.history(s, at, add)
	if st.Expect.Loud {
		add(situation, "loud")
	}
	add(verdictDue, dueOf(&st.Expect))
}

// entryOf is the entry of the corpus that a scenario comes from.
func entryOf(id string) string {
	parts := strings.SplitN(id, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

func dueOf(x *scenarios.Expect) string { return strings.TrimSpace(string(x.Verdict) + " " + x.Code) }

func (d *describer) pair(st *scenarios.Step, derived *registry.Derivation, p *registry.Provider, add func(axis, string)) {
	add(inRuntime, st.Runtime)
	add(withModel, st.Model)
	if strings.TrimSpace(st.Model) != st.Model {
		add(situation, "model-padded")
	}
	d.idFacts(st, add)
	switch {
	case derived.Reason != "":
		add(owned, string(derived.Reason))
	case derived.Tied != nil:
		add(owned, "tied-"+string(derived.By))
		add(situation, "tied")
		if derived.Provider != derived.Tied[0] {
			add(situation, "tied-later-wins")
		}
	}
	if derived.By == registry.Verbatim {
		add(situation, "listed")
	}
	if derived.By == registry.Pattern {
		add(situation, "by-pattern")
	}
	if p == nil {
		add(ofProvider, "none")
		return
	}
	add(ofProvider, p.Name)
	add(ofProtocol, p.Protocol)
	switch {
	case p.IsPlatform():
		add(situation, "platform")
	case p.ProbeBase() != "":
		add(situation, "probed")
	case p.AuthMode == registry.AuthModeOAuth:
		add(situation, "subscription")
	}
	if len(p.AuthEnv) > 1 {
		add(situation, "several-names")
	}
}

func (d *describer) request(st *scenarios.Step, add func(axis, string)) {
	if st.External {
		add(situation, "external")
	}
	if st.URL != "" {
		add(situation, "url")
	}
	if st.Runtime == "" {
		add(situation, "no-runtime")
	}
	if st.AtOnce > 1 || st.Alongside {
		add(situation, "at-once")
	}
	for name := range st.Fields {
		add(byField, name)
	}
	if st.Malformed != "" {
		add(malformedAs, string(st.Malformed))
	}
	if n := len(st.Secrets.Workspace) + len(st.Secrets.Global); n > 100 {
		add(situation, "hundreds-of-secrets")
	}
}

// secrets says what stands at each scope: by relation and by state, one or several.
func (d *describer) secrets(st *scenarios.Step, p *registry.Provider, add func(axis, string)) {
	count := map[string]int{}
	for _, scope := range []struct {
		name   string
		values map[string]scenarios.Value
	}{{"workspace", st.Secrets.Workspace}, {"tenant", st.Secrets.Global}} {
		for name, v := range scope.values {
			n := d.relate(p, name)
			for _, where := range []string{scope.name, "anywhere"} {
				for _, what := range d.kinds(n) {
					for _, state := range states(v) {
						count[what+" "+state+" "+where]++
					}
				}
			}
			if n.spelling != "" && n.relation == near && v.Present() {
				add(bySpelling, n.spelling)
				if family := spellings[n.spelling]; family != "" {
					add(situation, family)
				}
			}
			if n.relation == own && v.Shape.IsBlank() {
				add(byBlank, string(v.Shape))
				if strings.ContainsRune(secretvalues.Blank(v.Shape), '\u00a0') {
					add(situation, "blank-own-no-break")
				}
			}
			if n.relation != own && v.Present() && len(scope.values) <= 2 {
				add(byName, name)
			}
			if other, both := st.Secrets.Global[name]; both && scope.name == "workspace" && v.Present() && other.Present() && n.relation == own {
				add(situation, "same-name-at-both")
				if answerOf(v) != answerOf(other) || v.Tag != other.Tag {
					add(situation, "same-name-at-both-differs")
				}
			}
		}
	}
	d.across(st, p, add)
	for what, n := range count {
		add(secrets, what)
		if n > 1 {
			add(secrets, "several "+what)
			if at, ok := strings.CutSuffix(what, " workspace"); ok {
				add(secrets, "several "+at+" at-one-scope")
			} else if at, ok := strings.CutSuffix(what, " tenant"); ok && count[at+" workspace"] < 2 {
				add(secrets, "several "+at+" at-one-scope")
			}
		}
	}
}

// across says what the scopes are to each other, and whether all accepted names
// are there.
func (d *describer) across(st *scenarios.Step, p *registry.Provider, add func(axis, string)) {
	if p == nil {
		return
	}
	has := func(values map[string]scenarios.Value, is func(named, scenarios.Value) bool) bool {
		for name, v := range values {
			if is(d.relate(p, name), v) {
				return true
			}
		}
		return false
	}
	blankOwn := func(n named, v scenarios.Value) bool { return n.relation == own && !v.Present() }
	other := func(n named, v scenarios.Value) bool { return n.relation != own && v.Present() }
	w, g := st.Secrets.Workspace, st.Secrets.Global
	if has(w, blankOwn) && has(g, other) || has(g, blankOwn) && has(w, other) {
		add(situation, "blank-own-and-other-across-scopes")
	}
	there := 0
	for _, name := range p.AuthEnv {
		if st.Secrets.InScope(name) {
			there++
		}
	}
	if there > 0 && there < len(p.AuthEnv) {
		add(situation, "some-own-names-missing")
	}
	if there > 0 && there == len(p.AuthEnv) {
		add(situation, "all-own-names")
	}
}

// ownedElsewhere reports whether some provider of the registry, not of the
// runtime, would own a model.
func (d *describer) ownedElsewhere(model string) bool {
	owned, known := d.elsewhere[model]
	if known {
		return owned
	}
	for _, rt := range d.reg.Runtimes {
		owned = owned || d.reg.Derive(rt.Name, model, nil).Reason != registry.UnownedModel && strings.TrimSpace(model) != ""
	}
	for _, p := range d.reg.Providers {
		owned = owned || p.Matches(strings.TrimSpace(model))
	}
	d.elsewhere[model] = owned
	return owned
}

// kinds are the words for a name in the vocabulary of secrets.
func (d *describer) kinds(n named) []string {
	out := []string{string(n.relation), "any"}
	if n.relation == own {
		out = append(out, map[bool]string{true: "own-first", false: "own-later"}[n.first])
	} else {
		out = append(out, "not-own")
	}
	if n.sameVendor {
		out = append(out, "same-vendor")
	}
	if n.sameVendorProbed {
		out = append(out, "same-vendor-probed")
	}
	if n.relation == foreign && n.probed {
		out = append(out, "foreign-probed")
	}
	if n.relation != own && n.vendorPrefix {
		out = append(out, "vendor-prefix")
	}
	if n.relation != own && n.anyPrefix {
		out = append(out, "any-prefix")
	}
	if n.keyLike && n.relation != own {
		out = append(out, "key-like")
	}
	if n.endsWithKey && n.relation != own {
		out = append(out, "ends-with-key")
	}
	return out
}

func states(v scenarios.Value) []string {
	switch {
	case v.Shape == scenarios.Empty:
		return []string{"empty", "blank"}
	case v.Shape == scenarios.Blank || v.Shape == scenarios.BlankLines:
		return []string{"white", "blank"}
	case v.Shape.IsBlank():
		return []string{"wide", "white", "blank"}
	case v.Shape == scenarios.Unreadable:
		return []string{"unreadable", "there"}
	}
	out := []string{"usable", "there"}
	if family := scenarios.AnswerOf(answerOf(v)).Family; family == "alive" || family == "refused" {
		out = append(out, family)
	}
	return out
}

func answerOf(v scenarios.Value) string {
	if len(v.Answers) == 0 {
		return ""
	}
	return v.Answers[0]
}

// decider describes the credential that decides: the first accepted name that
// is there, the workspace's value before the tenant's.
func (d *describer) decider(st *scenarios.Step, p *registry.Provider, add func(axis, string)) {
	scope, name, v := deciding(st, p)
	if name == "" {
		add(deciderAt, "none")
		return
	}
	add(deciderAt, map[string]string{"workspace": "workspace", "global": "tenant"}[scope])
	if p != nil && len(p.AuthEnv) > 0 {
		add(deciderIs, map[bool]string{true: "first", false: "later"}[p.AuthEnv[0] == name])
	}
	add(deciderName, name)
	if p != nil && p.ProbeBase() != "" && v.Shape != scenarios.Unreadable {
		if st.Expect.Upstream == scenarios.OneProbe || st.Expect.Upstream == scenarios.AnyProbe {
			add(situation, "may-be-asked")
		}
		if st.Expect.Upstream == scenarios.OneProbe {
			add(situation, "asked")
		}
		add(readFrom, strings.Join(upstream.Reads(host(p), p.ProbeBase(), name), " or "))
	}
	if v.Shape == scenarios.Unreadable || answerOf(v) != "" && scenarios.AnswerOf(answerOf(v)).Status == 0 /* an error, and no status */ {
		add(situation, "nothing-heard")
	}
	add(byShape, map[bool]string{true: "plain", false: string(v.Shape)}[v.Shape == scenarios.Plain])
	if a := answerOf(v); a != "" {
		add(byAnswer, a)
		add(byFamily, scenarios.AnswerOf(a).Family)
		if status := scenarios.AnswerOf(a).Status; status >= 400 && status < 500 && status != 401 && status != 403 && status != 429 {
			add(situation, "other-4xx")
		}
		if scenarios.AnswerOf(a).Status >= 500 {
			add(situation, "500-or-above")
		}
		if scenarios.AnswerOf(a).Connection {
			add(situation, "not-connected")
		}
		if scenarios.AnswerOf(a).Waits {
			add(situation, "waits")
		}
		if scenarios.AnswerOf(a).Loud {
			add(situation, "proves-nothing")
		}
	}
	if len(v.Answers) > 1 {
		add(situation, "answers-change")
	}
}

func host(p *registry.Provider) string {
	if u, err := url.Parse(p.ProbeBase()); err == nil {
		return u.Host
	}
	return ""
}

// deciding is the credential that decides a step, with its scope; the name is
// empty where there is none.
func deciding(st *scenarios.Step, p *registry.Provider) (scope, name string, v scenarios.Value) {
	if scope, name, ok := strings.Cut(st.Expect.Probed, "/"); ok {
		return scope, name, st.Secrets.Value(st.Expect.Probed)
	}
	if p == nil {
		return "", "", v
	}
	for _, name := range p.AuthEnv {
		if v, ok := st.Secrets.Workspace[name]; ok && v.Present() {
			return "workspace", name, v
		}
		if v, ok := st.Secrets.Global[name]; ok && v.Present() {
			return "global", name, v
		}
	}
	return "", "", v
}

// history says what came before, in the same scenario.
func (d *describer) history(s *scenarios.Scenario, at int, add func(axis, string)) {
	if at == 0 {
		return
	}
	add(situation, "later-step")
	st := &s.Steps[at]
	now := fmt.Sprint(st.Runtime, st.Model, sortedValues(st.Secrets))
	for i := range at {
		earlier := &s.Steps[i]
		var p *registry.Provider
		if len(earlier.Expect.Providers) > 0 {
			p = d.reg.Provider(earlier.Expect.Providers[0])
		}
		_, name, v := deciding(earlier, p)
		what := "missing"
		if name != "" {
			what = scenarios.AnswerOf(answerOf(v)).Family
		}
		if earlier.Malformed != "" {
			what = "malformed"
		}
		add(before, what)
		if fmt.Sprint(earlier.Runtime, earlier.Model, sortedValues(earlier.Secrets)) == now && earlier.Stage == st.Stage {
			add(situation, "same-again")
		}
		if len(st.Expect.Providers) > 0 && len(earlier.Expect.Providers) > 0 && st.Expect.Providers[0] != earlier.Expect.Providers[0] {
			add(situation, "other-provider-before")
		}
	}
}

func sortedValues(s scenarios.Secrets) []string {
	var out []string
	for _, scope := range []map[string]scenarios.Value{s.Workspace, s.Global} {
		for _, name := range slices.Sorted(maps.Keys(scope)) {
			out = append(out, name+"="+scope[name].String())
		}
		out = append(out, "|")
	}
	return out
}
