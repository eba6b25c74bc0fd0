package registry

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// An entry is one key of a mapping with its value.
type entry struct {
	key   value
	name  string
	value value
}

// entries returns the keys of a mapping in the order of the file, merged ones
// ("<<") last; none where the value is absent or no mapping, which is reported,
// as is a key that stands twice.
func (r *reader) entries(v value) []entry {
	if v.absent() {
		return nil
	}
	if v.node.Kind != yaml.MappingNode {
		r.wrongKind(v, "a mapping")
		return nil
	}
	var own []entry
	var merged []value
	lines := make(map[string]int)
	for i := 0; i+1 < len(v.node.Content) && r.exhausted == nil; i += 2 {
		key := r.value(v.node.Content[i], v.path)
		if key.node != nil && key.node.Tag == "!!merge" {
			merged = append(merged, r.value(v.node.Content[i+1], v.path))
			continue
		}
		name := r.key(key)
		key.path = join(v.path, name)
		if line, twice := lines[name]; twice {
			r.problem(key, "key %q stands twice in one mapping, first on line %d; remove one", name, line)
			continue
		}
		lines[name] = key.line
		own = append(own, entry{key, name, r.value(v.node.Content[i+1], key.path)})
	}
	return r.merge(own, lines, merged)
}

// merge adds the keys of merged mappings that are not there yet: a mapping's
// own keys win, then the first merged mapping.
func (r *reader) merge(own []entry, lines map[string]int, merged []value) []entry {
	for _, source := range merged {
		for _, part := range r.mergeParts(source) {
			if r.merging[part.node] {
				r.problem(part, "a mapping is merged into itself; remove the merge (<<)")
				continue
			}
			r.merging[part.node] = true
			for _, e := range r.entries(part) {
				r.spend(e.key)
				if _, there := lines[e.name]; !there {
					lines[e.name] = e.key.line
					own = append(own, e)
				}
			}
			delete(r.merging, part.node)
		}
	}
	return own
}

// mergeParts returns what "<<" merges: a mapping, or each of a list of them.
func (r *reader) mergeParts(source value) []value {
	if source.node == nil || source.node.Kind != yaml.SequenceNode {
		return []value{source}
	}
	var parts []value
	for _, node := range source.node.Content {
		parts = append(parts, r.value(node, source.path))
	}
	return parts
}

func (r *reader) key(key value) string {
	if key.node == nil {
		return ""
	}
	if key.node.Kind != yaml.ScalarNode {
		r.problem(key, "a key of %s is no plain word; write a name there", key.where())
		return ""
	}
	return key.node.Value
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// A record is a mapping whose keys the format fixes.
type record struct {
	at      value
	fields  map[string]value
	unknown []string
}

// record reads a mapping with these keys. Others are tolerated, and noted.
func (r *reader) record(v value, keys ...string) record {
	rec := record{at: v, fields: make(map[string]value, len(keys))}
	for _, e := range r.entries(v) {
		if slices.Contains(keys, e.name) {
			rec.fields[e.name] = e.value
			continue
		}
		rec.unknown = append(rec.unknown, e.name)
		r.finding(e.key, "unknown key %q is ignored%s", e.name, strict.DidYouMean(e.name, keys))
	}
	return rec
}

// field returns the value of a key. Where the key is missing, the value is
// absent and stands where the mapping does.
func (rec record) field(key string) value {
	if v, ok := rec.fields[key]; ok {
		return v
	}
	return value{line: rec.at.line, column: rec.at.column, path: join(rec.at.path, key)}
}

// missing says what to do about a key that is missing: add it, or correct one
// that may be meant for it.
func (rec record) missing(key string) string {
	for _, unknown := range rec.unknown {
		if strict.Nearest(unknown, []string{key}) != "" {
			return fmt.Sprintf("is %q meant for %s?", unknown, key)
		}
	}
	return "add " + key
}
