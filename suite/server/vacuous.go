package server

import (
	"reflect"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"gopkg.in/yaml.v3"
)

// lintVacuous fails where a profile finds a verdict, a code or an id that the reply
// does not hold: what rests on it would pass whatever the server does.
func (p *Profile) lintVacuous(r *strict.Reader, root *yaml.Node) {
	at := func(path ...string) *yaml.Node { return nodeAt(root, path...) }
	c := &p.create
	for _, x := range []struct {
		name string
		x    *expression
		more bool
	}{{"allowed", c.allowed, false}, {"other", c.other, false}, {"code", c.code, true}, {"id", c.id, true}} {
		switch n := at("create", x.name); {
		case x.x == nil:
		case len(x.x.reads) == 0:
			r.Fail(n, "create.%s is the same for every reply, so nothing that the server does shows in it; read it from .status, .body, .text or .headers", x.name)
		case x.more && slices.Equal(x.x.reads, []string{"status"}):
			r.Fail(n, "create.%s follows from the status alone, so what the reply holds would not be looked at; read it from .body, .text or .headers", x.name)
		}
	}
	if c.allowed != nil && len(c.allowed.reads) > 0 && always(c.allowed) {
		r.Fail(at("create", "allowed"), "create.allowed is true for every reply, also for a refusal and for a fault of the server")
	}
	if code := p.madeUp(); code != "" && !slices.Equal(c.code.reads, []string{"status"}) && len(c.code.reads) > 0 {
		r.Fail(at("create", "code"), "create.code finds %s in a reply that holds nothing, so no refusal would have to say it", code)
	}
	same(r, at("create", "other"), "create.allowed and create.other are one expression, so a reply would be both", c.allowed, c.other)
	same(r, at("provision", "state", "running"), "pending and running are one expression, so a provisioning would be both", p.provision.pending, p.provision.running)
	p.lintCodes(r, root)
}

// lintCodes fails where codes cannot tell what they stand for.
func (p *Profile) lintCodes(r *strict.Reader, root *yaml.Node) {
	for raw, to := range p.codes {
		switch n := nodeAt(root, "codes", raw); {
		case strings.TrimSpace(raw) == "":
			r.Fail(n, "an empty code would stand for %s, so a reply without one would count as that refusal; leave it out", to)
		case judge.Known(gate.Code(raw)) && gate.Code(raw) != to:
			r.Fail(n, "%s is a code of the rules, and cannot stand for %s", raw, to)
		}
	}
	for _, raw := range p.create.otherCodes {
		n := nodeAt(root, "create", "other-codes")
		if strings.TrimSpace(raw) == "" {
			r.Fail(n, "an empty code in other-codes would make every reply without one a refusal for another reason; leave it out")
		} else if p.code(raw) != "" {
			r.Fail(n, "%s is a code of the gate, and cannot be a refusal for another reason", raw)
		}
	}
}

func same(r *strict.Reader, n *yaml.Node, message string, a, b *expression) {
	if a != nil && b != nil && a.text == b.text {
		r.Fail(n, "%s", message)
	}
}

// nodeAt is what stands at a path of fields; the last one that there is.
func nodeAt(n *yaml.Node, path ...string) *yaml.Node {
	for _, field := range path {
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == field {
				n = n.Content[i+1]
				break
			}
		}
	}
	return n
}

// bare are replies that hold nothing but a status.
func bare() []map[string]any {
	var out []map[string]any
	for _, status := range []int{200, 201, 202, 204, 302, 400, 401, 402, 403, 404, 409, 422, 429, 500, 503} {
		for _, body := range []any{nil, map[string]any{}} {
			out = append(out, map[string]any{"status": status, "headers": map[string]any{}, "body": body, "text": ""})
		}
	}
	return out
}

// always reports whether an expression is true for replies of all kinds.
func always(x *expression) bool {
	replies := bare()
	for _, code := range []gate.Code{gate.MissingCredential, gate.InvalidCredential} {
		replies = append(replies, map[string]any{"status": 422, "headers": map[string]any{}, "text": string(code), "body": map[string]any{
			"code": string(code), "error": map[string]any{"code": string(code), "message": string(code)}, "message": string(code), "detail": string(code), "type": string(code),
		}})
	}
	for _, reply := range replies {
		if value, err := x.run(reply); value != true || err != nil {
			return false
		}
	}
	return true
}

// madeUp is a code of the rules that create.code finds where no reply holds any;
// empty where it finds none.
func (p *Profile) madeUp() gate.Code {
	for _, reply := range bare() {
		value, _ := p.create.code.run(reply)
		if raw, _ := value.(string); p.code(raw) != "" {
			return p.code(raw)
		}
	}
	return ""
}

// readsOf are the fields of its input that a query reads, sorted; "." is the whole.
func readsOf(query *gojq.Query) []string {
	found := map[string]bool{}
	var visit func(v reflect.Value)
	visit = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() {
				return
			}
			if x, ok := v.Interface().(*gojq.Term); ok {
				switch {
				case x.Type == gojq.TermTypeIndex && x.Index.Name != "":
					found[x.Index.Name] = true
				case x.Type == gojq.TermTypeIndex, x.Type == gojq.TermTypeIdentity, x.Type == gojq.TermTypeRecurse:
					found["."] = true
				}
			}
			visit(v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				visit(v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				visit(v.Index(i))
			}
		}
	}
	visit(reflect.ValueOf(query))
	return strict.SortedKeys(found)
}
