package scenarios

import (
	"slices"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"gopkg.in/yaml.v3"
)

// A Rule is one sentence that a gate is held to.
type Rule struct {
	ID    string
	Level Level
	// Title is one line, Text the whole rule in our words.
	Title, Text string
	// Effect says what goes wrong in production where the rule is violated.
	Effect string
	// Source says where the rule comes from.
	Source string
	Pos    strict.Position
}

// Rules are the rules in the order of rules.yaml.
type Rules struct {
	List []Rule
	ids  []string
	byID map[string]int
}

// Find returns the rule of that id, or nil.
func (r *Rules) Find(id string) *Rule {
	if i, ok := r.byID[id]; ok {
		return &r.List[i]
	}
	return nil
}

// IDs returns all ids in order. They are not to be modified.
func (r *Rules) IDs() []string { return r.ids }

// LoadRules reads a rules file. Errors name file, line and column.
func LoadRules(file string, data []byte) (*Rules, error) {
	r := &strict.Reader{File: file}
	rules := &Rules{byID: map[string]int{}}
	if root := r.Root(data); root != nil {
		r.Mapping(root, "the rules file", strict.Fields{"rules": func(n *yaml.Node) {
			r.Items(n, "rules", func(n *yaml.Node) { rules.read(r, n) })
		}})
	}
	return rules, r.Err()
}

func (rules *Rules) read(r *strict.Reader, n *yaml.Node) {
	rule := Rule{Pos: r.Pos(n)}
	var level string
	r.Mapping(n, "a rule", strict.Fields{
		"id":     r.Str("id", &rule.ID),
		"level":  r.OneOf("level", []string{string(Core), string(Extended)}, &level),
		"title":  r.Str("title", &rule.Title),
		"text":   r.Str("text", &rule.Text),
		"effect": r.Str("effect", &rule.Effect),
		"source": r.Str("source", &rule.Source),
	})
	rule.Level = Level(level)
	for _, f := range []struct{ name, value string }{
		{"id", rule.ID}, {"level", level}, {"title", rule.Title}, {"text", rule.Text}, {"effect", rule.Effect}, {"source", rule.Source},
	} {
		if f.value == "" {
			r.Fail(n, "rule %q has no %s", rule.ID, f.name)
		}
	}
	if _, twice := rules.byID[rule.ID]; twice {
		r.Fail(n, "rule %q stands here twice", rule.ID)
		return
	}
	rules.byID[rule.ID] = len(rules.List)
	rules.List, rules.ids = append(rules.List, rule), append(rules.ids, rule.ID)
}

// EffectOf says what goes wrong in production where a gate violates a rule in
// this scenario. The scenario says it of its own rules; of another one, such as a
// credential in the log, the rule says it.
func (s *Scenario) EffectOf(rule string) string {
	if !slices.Contains(s.Rules, rule) {
		if corpus, err := Embedded(); err == nil {
			if r := corpus.Rules.Find(rule); r != nil {
				return r.Effect
			}
		}
	}
	return s.Effect
}
