package scenarios

import (
	"gopkg.in/yaml.v3"
)

// A Rule is one sentence that a gate is held to.
type Rule struct {
	ID    string
	Level Level
	// Title is one line, Text the whole rule in our words.
	Title, Text string
	// Source says where the rule comes from.
	Source string
	Pos    Position
}

// Rules are the rules in the order of rules.yaml.
type Rules struct {
	List []Rule
	byID map[string]int
}

// Find returns the rule of that id, or nil.
func (r *Rules) Find(id string) *Rule {
	if i, ok := r.byID[id]; ok {
		return &r.List[i]
	}
	return nil
}

// IDs returns all ids in order.
func (r *Rules) IDs() []string {
	out := make([]string, len(r.List))
	for i := range r.List {
		out[i] = r.List[i].ID
	}
	return out
}

// LoadRules reads a rules file. Errors name file, line and column.
func LoadRules(file string, data []byte) (*Rules, error) {
	r := &reader{file: file}
	rules := &Rules{byID: map[string]int{}}
	if root := r.root(data); root != nil {
		r.mapping(root, "the rules file", fields{"rules": func(n *yaml.Node) {
			r.items(n, "rules", func(n *yaml.Node) { rules.read(r, n) })
		}})
	}
	return rules, r.err()
}

func (rules *Rules) read(r *reader, n *yaml.Node) {
	rule := Rule{Pos: r.pos(n)}
	var level string
	r.mapping(n, "a rule", fields{
		"id":     r.str("id", &rule.ID),
		"level":  r.oneOf("level", []string{string(Core), string(Extended)}, &level),
		"title":  r.str("title", &rule.Title),
		"text":   r.str("text", &rule.Text),
		"source": r.str("source", &rule.Source),
	})
	rule.Level = Level(level)
	for what, s := range map[string]string{"id": rule.ID, "level": level, "title": rule.Title, "text": rule.Text, "source": rule.Source} {
		if s == "" {
			r.fail(n, "rule %q has no %s", rule.ID, what)
		}
	}
	if _, twice := rules.byID[rule.ID]; twice {
		r.fail(n, "rule %q stands here twice", rule.ID)
		return
	}
	rules.byID[rule.ID] = len(rules.List)
	rules.List = append(rules.List, rule)
}
