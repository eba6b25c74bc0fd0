package scenarios

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// A template is one entry of a scenario file, before expansion: strings may
// hold {placeholders} that a matrix fills.
type template struct {
	pos                            strict.Position
	id, title, class, level        string
	severity, source, effect, twin string
	rules, needs                   []string
	matrix                         []axis
	given                          givenTemplate
	expect                         expectTemplate
	steps                          []stepTemplate
	knownRules                     *Rules
	// planned are the steps with all that they inherit.
	planned []plannedStep
}

// An axis is one dimension of a matrix.
type axis struct {
	name   string
	values []string
	pos    strict.Position
}

type stepTemplate struct {
	name string
	// alongside: the step is replayed together with the one before it.
	alongside bool
	given     givenTemplate
	expect    expectTemplate
}

type givenTemplate struct {
	pos                 strict.Position
	runtime, model, url *string
	external            *bool
	stage, upstream     string
	fields              map[string]any
	secrets, before     secretsTemplate
	hasSecrets          bool
	atOnce, filler      int
	malformed           string
	switchName, after   string
	fillerAt            string
	sameName            bool
	oneName, hangUp     bool
}

// secretsTemplate is scope, then name, then value, all as written.
type secretsTemplate map[string]map[string]string

type expectTemplate struct {
	pos                             strict.Position
	verdict, code, upstream, probed string
	providers                       []string
	loud, rejection                 *bool
}

var (
	axisNames    = []string{"provider", "route", "host", "other-host", "name", "later", "spelling", "sibling", "foreign", "foreign2", "scope", "answer", "value", "case", "space", "setting"}
	scopeNames   = []string{"workspace", "global", "both"}
	stageNames   = []string{string(Create), string(Provision), string(Look), string(Remove)}
	verdictNames = []string{string(Refused), string(Allowed), string(Untouched), string(Either), string(Any)}
	codeNames    = []string{"MISSING_BYOK_CREDENTIAL", "BYOK_CREDENTIAL_INVALID"}
	upstreams    = []string{string(NoCall), string(OneProbe), string(AnyProbe)}
)

// loadFile reads one scenario file into templates.
func loadFile(file string, data []byte, rules *Rules) ([]*template, error) {
	return loadFileOf(file, data, rules, nil)
}

// loadFileOf is loadFile; own is nil for a file of the corpus, and otherwise the class of
// the files beside it, which the first one sets.
func loadFileOf(file string, data []byte, rules *Rules, own *string) ([]*template, error) {
	r := &strict.Reader{File: file}
	root := r.Root(data)
	if root == nil {
		return nil, r.Err()
	}
	var class, about string
	var needs []string
	var entries []*yaml.Node
	r.Mapping(root, "a scenario file", strict.Fields{
		"class": func(n *yaml.Node) {
			if own != nil {
				readOwnClass(r, n, &class, own)
				return
			}
			r.OneOf("class", Classes, &class)(n)
		},
		"about":     r.Str("about", &about),
		"needs":     r.Words("claim", Claims, &needs),
		"scenarios": func(n *yaml.Node) { r.Items(n, "scenarios", func(n *yaml.Node) { entries = append(entries, n) }) },
	})
	if class == "" {
		r.Fail(root, "the file names no class; add a line `class: …` with %s", map[bool]string{true: "one of " + strings.Join(Classes, ", "), false: "a word of your own"}[own == nil])
	}
	if len(entries) == 0 {
		r.Fail(root, "the file holds no scenarios")
	}
	var out []*template
	for _, n := range entries {
		t := &template{class: class, level: string(Core), needs: slices.Clone(needs), knownRules: rules}
		t.read(r, n)
		out = append(out, t)
	}
	return out, r.Err()
}

func (t *template) read(r *strict.Reader, n *yaml.Node) {
	t.pos = r.Pos(n)
	r.Mapping(n, "a scenario", strict.Fields{
		"id":       r.Str("id", &t.id),
		"title":    r.Str("title", &t.title),
		"level":    r.OneOf("level", []string{string(Core), string(Extended)}, &t.level),
		"severity": r.OneOf("severity", severities, &t.severity),
		"rules":    r.Words("rule", t.knownRules.IDs(), &t.rules),
		"needs":    r.Words("claim", Claims, &t.needs),
		"source":   r.Str("source", &t.source),
		"effect":   r.Str("effect", &t.effect),
		"twin":     r.Str("twin", &t.twin),
		"matrix":   func(n *yaml.Node) { t.matrix = readMatrix(r, n) },
		"given":    func(n *yaml.Node) { readGiven(r, n, &t.given) },
		"expect":   func(n *yaml.Node) { readExpect(r, n, &t.expect) },
		"steps": func(n *yaml.Node) {
			r.Items(n, "steps", func(n *yaml.Node) { t.steps = append(t.steps, readStep(r, n)) })
		},
	})
	t.check(r, n)
	var err error
	if t.planned, err = t.plan(); err != nil {
		r.Fail(n, "scenario %q: %v", t.id, err)
	}
}

// check finds what is missing or contradictory in one entry.
func (t *template) check(r *strict.Reader, n *yaml.Node) {
	for _, f := range []struct{ name, value string }{
		{"id", t.id}, {"title", t.title}, {"severity", t.severity}, {"source", t.source}, {"effect", t.effect},
	} {
		if f.value == "" {
			r.Fail(n, "scenario %q has no %s", t.id, f.name)
		}
	}
	if len(t.rules) == 0 {
		r.Fail(n, "scenario %q names no rule; add `rules: […]`", t.id)
	}
	if t.id != "" && t.class != "" && (!strings.HasPrefix(t.id, t.class+"/") || t.id == t.class+"/") {
		r.Fail(n, "scenario %q stands in the file of class %q, so its id begins with %q and goes on", t.id, t.class, t.class+"/")
	}
	if strings.ContainsAny(t.id, " \t*?[]{}\\") {
		r.Fail(n, "id %q holds white space or a wildcard; use letters, digits and - _ . / :", t.id)
	}
	if len(t.steps) > 0 && t.expect.verdict != "" {
		r.Fail(n, "scenario %q has steps, so what is expected stands in each step", t.id)
	}
	if len(t.steps) == 0 && t.expect.verdict == "" {
		r.Fail(n, "scenario %q expects nothing; add `expect: {verdict: …}`", t.id)
	}
	if t.given.before != nil && (len(t.steps) > 0 || t.given.stage != string(Provision)) {
		r.Fail(n, "scenario %q says what was there before, which only a single `stage: provision` reads; write steps, or set the stage", t.id)
	}
	for _, s := range t.steps {
		if s.expect.verdict == "" {
			r.Fail(n, "step %q of scenario %q expects nothing; add `expect: {verdict: …}`", s.name, t.id)
		}
		if s.given.hangUp && s.given.stage != "" && s.given.stage != string(Create) {
			r.Fail(n, "step %q of scenario %q is to hang up, but only a create can", s.name, t.id)
		}
		if s.given.before != nil {
			r.Fail(n, "step %q of scenario %q says what was there before; write that as a step of its own", s.name, t.id)
		}
	}
}

func readMatrix(r *strict.Reader, n *yaml.Node) []axis {
	var out []axis
	r.Each(n, "a matrix", func(key string, k, v *yaml.Node) {
		if !slices.Contains(axisNames, key) {
			r.Fail(k, "a matrix has no axis %q%s; its axes are %s", key, strict.DidYouMean(key, axisNames), strings.Join(axisNames, ", "))
			return
		}
		a := axis{name: key, pos: r.Pos(k)}
		if v.Kind == yaml.ScalarNode {
			var s string
			r.Str("axis "+key, &s)(v)
			a.values = []string{s}
		} else {
			r.Words("value of axis "+key, nil, &a.values)(v)
		}
		a.check(r, v)
		out = append(out, a)
	})
	return out
}

// known lists the values that an axis may have; nil where it may have any.
func (a axis) known() []string {
	switch a.name {
	case "provider":
		return providerSets
	case "route":
		return routeSets
	case "name":
		return nameSets
	case "foreign":
		return []string{"known"}
	case "foreign2":
		return []string{"next"}
	case "later":
		return []string{"accepted"}
	case "spelling":
		return spellings
	case "setting":
		return settings
	case "space":
		return spaceNames()
	case "sibling":
		return []string{"probed"}
	case "scope":
		return scopeNames
	case "answer":
		return Answers
	}
	return nil
}

func (a axis) check(r *strict.Reader, n *yaml.Node) {
	known := a.known()
	for _, v := range a.values {
		if known != nil && !slices.Contains(known, v) {
			r.Fail(n, "axis %s has no value %q%s; it takes %s", a.name, v, strict.DidYouMean(v, known), strings.Join(known, ", "))
		}
	}
	switch {
	case len(a.values) == 0:
		r.Fail(n, "axis %s has no values", a.name)
	case a.name == "name" && len(a.values) > 1:
		r.Fail(n, "axis name takes one value; accepted holds first and later")
	}
}

func readStep(r *strict.Reader, n *yaml.Node) stepTemplate {
	var s stepTemplate
	r.Mapping(n, "a step", strict.Fields{
		"name":      r.Str("name", &s.name),
		"alongside": r.Bool("alongside", &s.alongside),
		"given":     func(n *yaml.Node) { readGiven(r, n, &s.given) },
		"expect":    func(n *yaml.Node) { readExpect(r, n, &s.expect) },
	})
	return s
}

func readGiven(r *strict.Reader, n *yaml.Node, g *givenTemplate) {
	g.pos = r.Pos(n)
	optional := func(what string, into **string) func(*yaml.Node) {
		return func(n *yaml.Node) {
			*into = new(string)
			r.Str(what, *into)(n)
		}
	}
	r.Mapping(n, "given", strict.Fields{
		"runtime":  optional("runtime", &g.runtime),
		"model":    optional("model", &g.model),
		"url":      optional("url", &g.url),
		"external": optionalBool(r, "external", &g.external),
		"stage":    r.OneOf("stage", stageNames, &g.stage),
		"upstream": func(n *yaml.Node) { readUpstream(r, n, &g.upstream) },
		"at-once": func(n *yaml.Node) {
			r.Number("at-once", &g.atOnce)(n)
			if n.Tag == "!!int" && g.atOnce < 1 {
				r.Fail(n, "at-once must be 1 or more")
			}
		},
		"filler":    r.Number("filler", &g.filler),
		"filler-at": r.OneOf("scope", []string{"workspace", "global"}, &g.fillerAt),
		"switch":    r.Str("switch", &g.switchName),
		"same-name": r.Bool("same-name", &g.sameName),
		"one-name":  r.Bool("one-name", &g.oneName),
		"hang-up":   r.Bool("hang-up", &g.hangUp),
		"after":     r.OneOf("part of the kept verdict's time", []string{string(HalfCache), string(WholeCache)}, &g.after),
		"malformed": func(n *yaml.Node) { readMalformed(r, n, &g.malformed) },
		"fields": func(n *yaml.Node) {
			if err := n.Decode(&g.fields); err != nil {
				r.Fail(n, "fields must be a mapping of further fields of the create request")
			}
		},
		"secrets": func(n *yaml.Node) { g.secrets = readSecrets(r, n); g.hasSecrets = true },
		"before":  func(n *yaml.Node) { g.before = readSecrets(r, n) },
	})
}

func readUpstream(r *strict.Reader, n *yaml.Node, into *string) {
	r.Str("upstream", into)(n)
	if *into == "" || strings.Contains(*into, "{") {
		return
	}
	if _, err := parseAnswers(*into); err != nil {
		r.Fail(n, "%v", err)
	}
}

func readMalformed(r *strict.Reader, n *yaml.Node, into *string) {
	r.Str("malformed", into)(n)
	if !strings.Contains(*into, "{") && !slices.Contains(names(Malformations), *into) {
		r.Fail(n, "a request cannot be malformed as %q%s; it can be %s", *into, strict.DidYouMean(*into, names(Malformations)), strings.Join(names(Malformations), ", "))
	}
}

func readSecrets(r *strict.Reader, n *yaml.Node) secretsTemplate {
	out := secretsTemplate{}
	r.Each(n, "secrets", func(scope string, k, v *yaml.Node) {
		if !slices.Contains(scopeNames, scope) && !strings.Contains(scope, "{") {
			r.Fail(k, "secrets have no scope %q%s; the scopes are %s", scope, strict.DidYouMean(scope, scopeNames), strings.Join(scopeNames, ", "))
			return
		}
		out[scope] = map[string]string{}
		r.Each(v, "the secrets of a scope", func(name string, k, v *yaml.Node) {
			var value string
			r.Str("the value of "+name, &value)(v)
			if !strings.Contains(value, "{") {
				if _, err := ParseValue(value); err != nil {
					r.Fail(v, "%v", err)
				}
			}
			out[scope][name] = value
		})
	})
	return out
}

func readExpect(r *strict.Reader, n *yaml.Node, e *expectTemplate) {
	e.pos = r.Pos(n)
	var provider string
	r.Mapping(n, "expect", strict.Fields{
		"verdict":     r.OneOf("verdict", verdictNames, &e.verdict),
		"code":        r.OneOf("code", codeNames, &e.code),
		"upstream":    r.OneOf("upstream", upstreams, &e.upstream),
		"probed":      r.Str("probed", &e.probed),
		"provider":    r.Str("provider", &provider),
		"loud":        optionalBool(r, "loud", &e.loud),
		"or-rejected": optionalBool(r, "or-rejected", &e.rejection),
	})
	if provider != "" {
		e.providers = strings.Split(provider, "|")
	}
	if e.verdict == string(Refused) && e.code == "" {
		r.Fail(n, "a refusal is expected without a code; add `code: …` with one of %s", strings.Join(codeNames, ", "))
	}
	if e.code != "" && e.verdict != string(Refused) && e.verdict != string(Either) {
		r.Fail(n, "a code is expected, but the verdict %q has none", e.verdict)
	}
}

func optionalBool(r *strict.Reader, what string, into **bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*into = new(bool)
		r.Bool(what, *into)(n)
	}
}
