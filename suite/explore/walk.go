package explore

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A value is a credential of a walk. What its provider says of it may change from
// step to step.
type value struct {
	shape scenarios.Shape
	tag   string
	// since is the step that brought it; answers are what is said of it from then on, by step.
	since   int
	answers []string
	// knows is the provider that knows the value; nil where all do that accept its name.
	knows *registry.Provider
}

// holding is what stands under names at one scope.
type holding map[string]*value

// A model is what is known of the target after some steps.
type model struct {
	*space
	steps []draft
	all   []*value
	// tenant is what stands there now.
	tenant holding
	// last is the last create, or nil; row says that there is its workspace now, and
	// free that its name is nobody's.
	last      *draft
	row, free bool
	tags      map[string]int
	// alike are the names that have two values which are nearly alike.
	alike map[string]bool
}

// A draft is a step with values that may still change.
type draft struct {
	scenarios.Step
	workspace, tenant holding
	move              *move
	// provider is the derived one, or nil.
	provider *registry.Provider
	// home is the provider that the request was made for; nil where it is for none.
	home *registry.Provider
	// accepted is what the walk is about: the value of the name that was put there first.
	accepted *value
	// changed: the answer to the deciding value changed since it was last asked about.
	changed bool
	alike   bool
	rules   []string
}

// scenario makes a scenario of a walk; nil where nothing of it is left to do.
func (x *maker) scenario(w walk, id string) *scenarios.Scenario {
	m := &model{space: x.space, tenant: holding{}, tags: map[string]int{}, alike: map[string]bool{}}
	home := m.providers[w.home]
	for i := range w.moves {
		d, ok := m.step(&w.moves[i], home)
		if !ok {
			continue
		}
		m.append(d)
		x.expect(m, &m.steps[len(m.steps)-1])
		m.settle()
	}
	if len(m.steps) == 0 {
		return nil
	}
	return m.finish(id)
}

// step makes the next step of a move; false where there is nothing that it could do.
func (m *model) step(mv *move, home string) (draft, bool) {
	switch m.at(mv, kind) {
	case "again":
		if m.last == nil {
			return m.create(mv, home), true
		}
		return m.again(mv), true
	case "restart":
		if m.row && m.last.provider != nil && !m.last.External {
			return m.restart(mv), true
		}
		return draft{}, false
	case "delete", "look":
		if !m.row || m.last.External {
			return draft{}, false
		}
		stage := map[string]scenarios.Stage{"delete": scenarios.Remove, "look": scenarios.Look}[m.at(mv, kind)]
		d := *m.last
		d.Step = scenarios.Step{Stage: stage, Runtime: m.last.Runtime, Model: m.last.Model, AtOnce: 1}
		d.move, d.workspace, d.tenant = mv, m.last.workspace, maps.Clone(m.tenant)
		return d, true
	}
	return m.create(mv, home), true
}

// create makes a create.
func (m *model) create(mv *move, home string) draft {
	d := draft{move: mv, workspace: holding{}, Step: scenarios.Step{Stage: scenarios.Create}}
	if m.at(mv, provider) != "as before" {
		home = m.at(mv, provider)
	}
	m.route(&d, home)
	m.fill(&d)
	m.govern(&d, d.home)
	switch m.at(mv, setting) {
	case "tenant's own base URL":
		m.put(d.tenant, baseURLOf(d.home.AuthEnv[0]), string(scenarios.URL), "live")
	case "tenant's HTTPS_PROXY":
		m.put(d.tenant, "HTTPS_PROXY", string(scenarios.URL), "live")
	}
	m.extras(&d)
	return d
}

// route sets runtime and model.
func (m *model) route(d *draft, home string) {
	d.home = m.registry.Provider(home)
	routes := m.routes[home]
	if len(routes) == 0 {
		d.home = m.registry.Provider(m.providers[0])
		for _, r := range m.registry.Routes() {
			if r.Provider.IsPlatform() {
				routes = append(routes, r)
			}
		}
		if home != "platform" || len(routes) == 0 {
			routes = m.routes[d.home.Name]
		}
	}
	n := int(d.move[pair])
	switch m.at(d.move, pair) {
	case "last":
		n = len(routes) - 1
	case "last but one":
		n = max(0, len(routes)-2)
	}
	r := routes[n%len(routes)]
	d.Runtime, d.Model = r.Runtime, r.Model
	switch home {
	case "unknown runtime":
		d.Runtime = "conformance-unknown"
	case "unowned model":
		d.Model = "conformance-unowned-model"
	case "no model":
		d.Model = " "
	}
	switch m.at(d.move, spelling) {
	case "blank around":
		d.Model = " " + d.Model + " "
	case "tab behind":
		d.Model += "\t"
	case "capitals":
		d.Model = strings.ToUpper(d.Model)
	case "[1m]", ":free":
		d.Model += m.at(d.move, spelling)
	case "dated":
		d.Model += "-20990101"
	case "custom: before":
		d.Model = "custom:" + d.Model
	case "runtime in capitals":
		d.Runtime = strings.ToUpper(d.Runtime)
	}
}

// fill puts values at the workspace.
func (m *model) fill(d *draft) {
	p, mv := d.home, d.move
	said, form := m.at(mv, answer), m.at(mv, shape)
	if !scenarios.AnswerOf(said).On(p) || strings.HasPrefix(said, "marker-") && slices.ContainsFunc(p.Hosts(), ownDialect) {
		said = "live" // nobody has seen that provider answer so
	}
	switch which := m.at(mv, workspace); which {
	case "nothing":
	case "all accepted":
		for i, n := range p.AuthEnv {
			if i > 0 {
				said, form = m.at(mv, tenantAnswer), "plain"
			}
			m.put(d.workspace, n, form, said)
		}
	default:
		for _, n := range m.namesOf(d, which) {
			if which != "accepted" && which != "last accepted" {
				said = m.at(mv, strayAnswer)
			}
			m.put(d.workspace, n, form, said)
		}
	}
	for _, n := range m.namesOf(d, m.at(mv, beside)) {
		if d.workspace[n] == nil {
			m.put(d.workspace, n, "plain", m.at(mv, strayAnswer))
		}
	}
	d.accepted = d.workspace[p.AuthEnv[0]]
	switch s := m.at(mv, setting); s {
	case "none", "tenant's own base URL", "tenant's HTTPS_PROXY":
	case "own base URL":
		m.put(d.workspace, baseURLOf(p.AuthEnv[0]), string(scenarios.URL), "live")
	case "own base URL, blank":
		m.put(d.workspace, baseURLOf(p.AuthEnv[0]), "blank", "")
	default:
		m.put(d.workspace, s, string(scenarios.URL), "live")
	}
	n, _ := strconv.Atoi(m.at(mv, filler))
	for i := range n {
		m.put(d.workspace, fillerName(i+1), "plain", "live")
	}
}

func fillerName(n int) string { return fmt.Sprintf("A0_CONFORMANCE_FILLER_%d", n) }

// namesOf are the names that a word of the table stands for.
func (m *model) namesOf(d *draft, which string) []string {
	p := d.home
	switch which {
	case "accepted":
		return p.AuthEnv[:1]
	case "last accepted":
		return p.AuthEnv[len(p.AuthEnv)-1:]
	case "foreign":
		return []string{m.foreignTo(p, d.move)}
	case "near miss", "near miss instead":
		return []string{nearMiss(m.at(d.move, near), p.AuthEnv[0])}
	case "invented":
		return []string{"CONFORMANCE_INVENTED_API_KEY"}
	case "every foreign":
		return slices.DeleteFunc(slices.Clone(m.names), p.Accepts)
	}
	return nil
}

// ownDialect reports whether a host means what it says by the markers that say nothing
// elsewhere.
func ownDialect(host string) bool {
	return slices.Contains([]string{"api.anthropic.com", "generativelanguage.googleapis.com", "api.minimax.io", "api.minimaxi.com", "api.groq.com"}, host)
}

// foreignTo is a known name that a provider does not accept.
func (m *model) foreignTo(p *registry.Provider, mv *move) string {
	for i := range m.names {
		if n := m.names[(int(mv[foreign])+i)%len(m.names)]; !p.Accepts(n) {
			return n
		}
	}
	return "CONFORMANCE_INVENTED_API_KEY"
}

// storable: the secrets API of a server may take no other names.
func storable(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// govern sets what stands at the tenant.
func (m *model) govern(d *draft, p *registry.Provider) {
	which := m.at(d.move, tenant)
	if which == "as it is" {
		d.tenant = maps.Clone(m.tenant)
		return
	}
	d.tenant = holding{}
	said, form := m.at(d.move, tenantAnswer), m.at(d.move, tenantShape)
	for _, n := range m.namesOf(d, which) {
		if which != "accepted" && which != "last accepted" {
			said, form = m.at(d.move, strayAnswer), "plain"
		}
		if storable(n) {
			m.put(d.tenant, n, form, said)
		}
	}
	if d.accepted == nil {
		d.accepted = d.tenant[p.AuthEnv[0]]
	}
}

// put makes a new value.
func (m *model) put(h holding, name, form, said string) *value {
	v := &value{since: len(m.steps), answers: []string{said}}
	if form != "plain" {
		v.shape = scenarios.Shape(form)
	}
	if m.tags[name]++; m.tags[name] > 1 && !isFiller(name) { // what fills may be the same
		v.tag = strconv.Itoa(m.tags[name])
		if strings.HasSuffix(form, "-reference") {
			v.shape = scenarios.Plain // there is one such value of a name
		}
	}
	h[name] = v
	m.all = append(m.all, v)
	return v
}

// extras sets what else a create may have.
func (m *model) extras(d *draft) {
	mv := d.move
	switch m.at(mv, external) {
	case "with a url":
		d.URL = "https://elsewhere.invalid/v1"
	case "external":
		d.External, d.URL = true, "https://agent.invalid/"
	}
	if s := m.at(mv, addition); s != "none" {
		d.Switch = scenarios.FindSwitch(s)
	}
	if s := m.at(mv, malformed); s != "no" {
		d.Malformed = scenarios.Malformation(s)
	}
	m.manner(d)
}

// manner sets how often and by whom a create is sent.
func (m *model) manner(d *draft) {
	d.AtOnce = 1
	if n, _, at := strings.Cut(m.at(d.move, times), " at once"); at {
		d.AtOnce, _ = strconv.Atoi(n)
	}
	d.SameName = m.at(d.move, name) == "as before" && m.free && d.AtOnce == 1
	d.HangUp = m.at(d.move, patience) == "hangs up"
}

// again repeats the last create, perhaps with another value or another answer to it.
func (m *model) again(mv *move) draft {
	d := *m.last
	d.move, d.workspace, d.tenant, d.changed, d.alike = mv, maps.Clone(m.last.workspace), maps.Clone(m.tenant), false, false
	d.HangUp, d.SameName = false, false
	m.manner(&d)
	d.Name = ""
	v := d.accepted
	if at := m.at(mv, likeness); v != nil && v.shape == scenarios.Plain || at == "no value" || at == "only foreign" {
		v = m.liken(&d, at)
	}
	if said := m.at(mv, fate); said != "as before" && v != nil {
		m.tell(&d, v, said)
	}
	return d
}

// liken replaces the value that the walk is about by another one.
func (m *model) liken(d *draft, how string) *value {
	n := d.home.AuthEnv[0]
	at := d.workspace
	if d.workspace[n] == nil {
		at = d.tenant
	}
	switch {
	case how == "the same value":
		return d.accepted
	case how == "another", strings.HasPrefix(how, "alike") && m.alike[n]:
		d.accepted = m.put(at, n, "plain", "live")
		return d.accepted
	case how == "no value", how == "only foreign":
		for _, h := range []holding{d.workspace, d.tenant} {
			maps.DeleteFunc(h, func(n string, _ *value) bool { return d.home.Accepts(n) })
		}
		if how == "only foreign" {
			m.put(d.workspace, m.foreignTo(d.home, d.move), "plain", m.at(d.move, strayAnswer))
		}
		d.accepted = nil
		return nil
	}
	m.alike[n] = true
	d.accepted.shape = scenarios.Alike
	tag := d.accepted.tag
	d.accepted = m.put(at, n, how, "live")
	d.accepted.tag, d.alike = tag, true
	return d.accepted
}

// tell has the provider say something else of a value from this step on.
func (m *model) tell(d *draft, v *value, said string) {
	for v.since+len(v.answers) <= len(m.steps) {
		v.answers = append(v.answers, v.answers[len(v.answers)-1])
	}
	d.changed = d.changed || v.since < len(m.steps) && v.answers[len(m.steps)-v.since] != said
	v.answers[len(m.steps)-v.since] = said
}

// restart provisions the last workspace again, with other secrets in scope.
func (m *model) restart(mv *move) draft {
	d := *m.last
	d.Step = scenarios.Step{Stage: scenarios.Provision, Runtime: m.last.Runtime, Model: m.last.Model, AtOnce: 1}
	d.move, d.workspace, d.tenant, d.changed, d.alike = mv, maps.Clone(m.last.workspace), maps.Clone(m.tenant), false, false
	m.govern(&d, d.home)
	how := m.at(mv, change)
	accepted := func() *value {
		v := d.accepted
		maps.DeleteFunc(d.workspace, func(n string, _ *value) bool { return d.home.Accepts(n) })
		if how != "moved to the tenant" {
			maps.DeleteFunc(d.tenant, func(n string, _ *value) bool { return d.home.Accepts(n) })
		}
		d.accepted = nil
		return v
	}
	switch how {
	case "removed":
		accepted()
	case "foreign instead":
		accepted()
		m.put(d.workspace, m.foreignTo(d.home, mv), "plain", "live")
	case "foreign beside":
		m.put(d.workspace, m.foreignTo(d.home, mv), "plain", m.at(mv, strayAnswer))
	case "near miss instead":
		accepted()
		if n := nearMiss(m.at(mv, near), d.home.AuthEnv[0]); storable(n) {
			m.put(d.workspace, n, "plain", "live")
		}
	case "blank instead":
		accepted()
		m.put(d.workspace, d.home.AuthEnv[0], "blank", "")
	case "another value":
		if d.workspace[d.home.AuthEnv[0]] != nil {
			d.accepted = m.put(d.workspace, d.home.AuthEnv[0], "plain", "live")
		}
	case "moved to the tenant":
		accepted()
		d.accepted = m.put(d.tenant, d.home.AuthEnv[0], "plain", "live")
	case "foreign at the tenant instead":
		accepted()
		m.put(d.tenant, m.foreignTo(d.home, mv), "plain", "live")
	}
	if said := m.at(mv, fate); said != "as before" && d.accepted != nil {
		m.tell(&d, d.accepted, said)
	}
	return d
}

// append adds a step.
func (m *model) append(d draft) { m.steps = append(m.steps, d) }

// settle notes what the last step leaves, as far as what must happen says it.
func (m *model) settle() {
	d := &m.steps[len(m.steps)-1]
	m.tenant = d.tenant
	switch d.Stage {
	case scenarios.Create:
		allowed := d.Expect.Verdict == scenarios.Allowed && !d.Expect.OrRejected && !d.HangUp && d.Malformed == ""
		m.row, m.free = allowed, d.Expect.Verdict == scenarios.Refused && d.AtOnce == 1 && !d.HangUp
		last := *d
		m.last = &last
	case scenarios.Provision:
		m.last.workspace, m.last.accepted = d.workspace, d.accepted
	case scenarios.Remove:
		m.row, m.free = false, m.last.AtOnce == 1
	}
}

// at is the answer to a value in a step.
func (v *value) at(step int) string {
	if step < v.since {
		return v.answers[0]
	}
	return v.answers[min(step-v.since, len(v.answers)-1)]
}

// symbol is the value as the corpus writes it, for a walk of so many steps.
func (v *value) symbol(steps int) scenarios.Value {
	out := scenarios.Value{Shape: v.shape, Tag: v.tag}
	if v.shape == scenarios.Empty || v.shape == scenarios.Unreadable || v.shape.IsBlank() {
		return out
	}
	out.Answers = []string{v.at(0)}
	for i := 1; i < steps; i++ {
		out.Then = append(out.Then, v.at(i))
	}
	for n := len(out.Then); n > 0 && (n > 1 && out.Then[n-1] == out.Then[n-2] || n == 1 && out.Then[0] == out.Answers[0]); n = len(out.Then) {
		out.Then = out.Then[:n-1]
	}
	if len(out.Then) == 0 {
		out.Then = nil
	}
	return out
}

// finish writes the values out and makes the scenario.
func (m *model) finish(id string) *scenarios.Scenario {
	s := &scenarios.Scenario{ID: id, Class: "explored", Level: m.level, Severity: "high", Source: "explore", Effect: "A request that no table lists is decided wrongly."}
	write := func(h holding) map[string]scenarios.Value {
		if len(h) == 0 {
			return nil
		}
		out := make(map[string]scenarios.Value, len(h))
		for n, v := range h {
			out[n] = v.symbol(len(m.steps))
		}
		return out
	}
	for i := len(m.steps) - 1; i >= 0; i-- {
		for _, r := range m.steps[i].rules {
			if !slices.Contains(s.Rules, r) {
				s.Rules = append(s.Rules, r)
			}
		}
	}
	for i := range m.steps {
		d := &m.steps[i]
		d.Secrets = scenarios.Secrets{Workspace: write(d.workspace), Global: write(d.tenant)}
		s.Steps = append(s.Steps, d.Step)
	}
	return s
}
