package scenarios

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A template is one entry of a scenario file, before expansion: strings may
// hold {placeholders} that a matrix fills.
type template struct {
	pos                            Position
	id, title, class, level        string
	severity, source, effect, twin string
	rules, needs                   []string
	matrix                         []axis
	given                          givenTemplate
	expect                         expectTemplate
	steps                          []stepTemplate
	knownRules                     *Rules
}

// An axis is one dimension of a matrix.
type axis struct {
	name   string
	values []string
	pos    Position
}

type stepTemplate struct {
	name   string
	given  givenTemplate
	expect expectTemplate
}

type givenTemplate struct {
	pos                 Position
	runtime, model, url *string
	external            *bool
	stage, upstream     string
	fields              map[string]any
	secrets, before     secretsTemplate
	hasSecrets          bool
	atOnce              int
}

// secretsTemplate is scope, then name, then value, all as written.
type secretsTemplate map[string]map[string]string

type expectTemplate struct {
	pos                             Position
	verdict, code, upstream, probed string
	providers                       []string
	loud, rejection                 *bool
}

var (
	axisNames    = []string{"provider", "route", "name", "foreign", "foreign2", "scope", "answer", "value", "case"}
	scopeNames   = []string{"workspace", "global", "both"}
	stageNames   = []string{string(Create), string(Provision)}
	verdictNames = []string{string(Refused), string(Allowed), string(Untouched), string(Either)}
	codeNames    = []string{"MISSING_BYOK_CREDENTIAL", "BYOK_CREDENTIAL_INVALID"}
	upstreams    = []string{string(NoCall), string(OneProbe), string(AnyProbe)}
)

// loadFile reads one scenario file into templates.
func loadFile(file string, data []byte, rules *Rules) ([]*template, error) {
	r := &reader{file: file}
	root := r.root(data)
	if root == nil {
		return nil, r.err()
	}
	var class, about string
	var needs []string
	var entries []*yaml.Node
	r.mapping(root, "a scenario file", fields{
		"class":     r.oneOf("class", Classes, &class),
		"about":     r.str("about", &about),
		"needs":     r.words("claim", Claims, &needs),
		"scenarios": func(n *yaml.Node) { r.items(n, "scenarios", func(n *yaml.Node) { entries = append(entries, n) }) },
	})
	if class == "" {
		r.fail(root, "the file names no class; add a line `class: …` with one of %s", strings.Join(Classes, ", "))
	}
	if len(entries) == 0 {
		r.fail(root, "the file holds no scenarios")
	}
	var out []*template
	for _, n := range entries {
		t := &template{class: class, level: string(Core), needs: slices.Clone(needs), knownRules: rules}
		t.read(r, n)
		out = append(out, t)
	}
	return out, r.err()
}

func (t *template) read(r *reader, n *yaml.Node) {
	t.pos = r.pos(n)
	r.mapping(n, "a scenario", fields{
		"id":       r.str("id", &t.id),
		"title":    r.str("title", &t.title),
		"level":    r.oneOf("level", []string{string(Core), string(Extended)}, &t.level),
		"severity": r.oneOf("severity", severities, &t.severity),
		"rules":    r.words("rule", t.knownRules.IDs(), &t.rules),
		"needs":    r.words("claim", Claims, &t.needs),
		"source":   r.str("source", &t.source),
		"effect":   r.str("effect", &t.effect),
		"twin":     r.str("twin", &t.twin),
		"matrix":   func(n *yaml.Node) { t.matrix = readMatrix(r, n) },
		"given":    func(n *yaml.Node) { readGiven(r, n, &t.given) },
		"expect":   func(n *yaml.Node) { readExpect(r, n, &t.expect) },
		"steps": func(n *yaml.Node) {
			r.items(n, "steps", func(n *yaml.Node) { t.steps = append(t.steps, readStep(r, n)) })
		},
	})
	t.check(r, n)
}

// check finds what is missing or contradictory in one entry.
func (t *template) check(r *reader, n *yaml.Node) {
	for _, f := range []struct{ name, value string }{
		{"id", t.id}, {"title", t.title}, {"severity", t.severity}, {"source", t.source}, {"effect", t.effect},
	} {
		if f.value == "" {
			r.fail(n, "scenario %q has no %s", t.id, f.name)
		}
	}
	if len(t.rules) == 0 {
		r.fail(n, "scenario %q names no rule; add `rules: […]`", t.id)
	}
	if t.id != "" && !strings.HasPrefix(t.id, t.class+"/") {
		r.fail(n, "scenario %q stands in the file of class %q, so its id begins with %q", t.id, t.class, t.class+"/")
	}
	if strings.ContainsAny(t.id, " \t*?[]{}\\") {
		r.fail(n, "id %q holds white space or a wildcard; use letters, digits and - _ . / :", t.id)
	}
	if len(t.steps) > 0 && t.expect.verdict != "" {
		r.fail(n, "scenario %q has steps, so what is expected stands in each step", t.id)
	}
	if len(t.steps) == 0 && t.expect.verdict == "" {
		r.fail(n, "scenario %q expects nothing; add `expect: {verdict: …}`", t.id)
	}
	for _, s := range t.steps {
		if s.expect.verdict == "" {
			r.fail(n, "step %q of scenario %q expects nothing; add `expect: {verdict: …}`", s.name, t.id)
		}
	}
}

func readMatrix(r *reader, n *yaml.Node) []axis {
	var out []axis
	r.each(n, "a matrix", func(key string, k, v *yaml.Node) {
		if !slices.Contains(axisNames, key) {
			r.fail(k, "a matrix has no axis %q%s; its axes are %s", key, didYouMean(key, axisNames), strings.Join(axisNames, ", "))
			return
		}
		a := axis{name: key, pos: r.pos(k)}
		if v.Kind == yaml.ScalarNode {
			var s string
			r.str("axis "+key, &s)(v)
			a.values = []string{s}
		} else {
			r.words("value of axis "+key, nil, &a.values)(v)
		}
		a.check(r, v)
		out = append(out, a)
	})
	return out
}

func (a axis) check(r *reader, n *yaml.Node) {
	known := map[string][]string{
		"provider": providerSets, "route": routeSets, "name": nameSets, "foreign": {"known"}, "foreign2": {"next"},
		"scope": scopeNames, "answer": Answers,
	}[a.name]
	for _, v := range a.values {
		if known != nil && !slices.Contains(known, v) {
			r.fail(n, "axis %s has no value %q%s; it takes %s", a.name, v, didYouMean(v, known), strings.Join(known, ", "))
		}
	}
	if len(a.values) == 0 {
		r.fail(n, "axis %s has no values", a.name)
	}
}

func readStep(r *reader, n *yaml.Node) stepTemplate {
	var s stepTemplate
	r.mapping(n, "a step", fields{
		"name":   r.str("name", &s.name),
		"given":  func(n *yaml.Node) { readGiven(r, n, &s.given) },
		"expect": func(n *yaml.Node) { readExpect(r, n, &s.expect) },
	})
	return s
}

func readGiven(r *reader, n *yaml.Node, g *givenTemplate) {
	g.pos = r.pos(n)
	optional := func(what string, into **string) func(*yaml.Node) {
		return func(n *yaml.Node) {
			*into = new(string)
			r.str(what, *into)(n)
		}
	}
	r.mapping(n, "given", fields{
		"runtime":  optional("runtime", &g.runtime),
		"model":    optional("model", &g.model),
		"url":      optional("url", &g.url),
		"external": optionalBool(r, "external", &g.external),
		"stage":    r.oneOf("stage", stageNames, &g.stage),
		"upstream": r.str("upstream", &g.upstream),
		"at-once":  r.number("at-once", &g.atOnce),
		"fields": func(n *yaml.Node) {
			if err := n.Decode(&g.fields); err != nil {
				r.fail(n, "fields must be a mapping of further fields of the create request")
			}
		},
		"secrets": func(n *yaml.Node) { g.secrets = readSecrets(r, n); g.hasSecrets = true },
		"before":  func(n *yaml.Node) { g.before = readSecrets(r, n) },
	})
}

func readSecrets(r *reader, n *yaml.Node) secretsTemplate {
	out := secretsTemplate{}
	r.each(n, "secrets", func(scope string, k, v *yaml.Node) {
		if !slices.Contains(scopeNames, scope) && !strings.Contains(scope, "{") {
			r.fail(k, "secrets have no scope %q%s; the scopes are %s", scope, didYouMean(scope, scopeNames), strings.Join(scopeNames, ", "))
			return
		}
		out[scope] = map[string]string{}
		r.each(v, "the secrets of a scope", func(name string, k, v *yaml.Node) {
			var value string
			r.str("the value of "+name, &value)(v)
			if !strings.Contains(value, "{") {
				if _, err := ParseValue(value); err != nil {
					r.fail(v, "%v", err)
				}
			}
			out[scope][name] = value
		})
	})
	return out
}

func readExpect(r *reader, n *yaml.Node, e *expectTemplate) {
	e.pos = r.pos(n)
	var provider string
	r.mapping(n, "expect", fields{
		"verdict":     r.oneOf("verdict", verdictNames, &e.verdict),
		"code":        r.oneOf("code", codeNames, &e.code),
		"upstream":    r.oneOf("upstream", upstreams, &e.upstream),
		"probed":      r.str("probed", &e.probed),
		"provider":    r.str("provider", &provider),
		"loud":        optionalBool(r, "loud", &e.loud),
		"or-rejected": optionalBool(r, "or-rejected", &e.rejection),
	})
	if provider != "" {
		e.providers = strings.Split(provider, "|")
	}
	if e.verdict == string(Refused) && e.code == "" {
		r.fail(n, "a refusal is expected without a code; add `code: …` with one of %s", strings.Join(codeNames, ", "))
	}
	if e.code != "" && e.verdict != string(Refused) && e.verdict != string(Either) {
		r.fail(n, "a code is expected, but the verdict %q has none", e.verdict)
	}
}

func optionalBool(r *reader, what string, into **bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*into = new(bool)
		r.boolean(what, *into)(n)
	}
}
