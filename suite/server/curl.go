package server

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Curl returns shell commands that ask a server what the scenario asks, for a
// person who wants to see it without us. The server's address is $SERVER, the id
// of the workspace $ID, and what the profile reads from the environment stays a
// variable of that name. Foreign credentials are placeholders, since no
// provider is asked about them; one that must be alive is named to be filled in.
// The last commands clean up.
// An error means that the profile's body cannot be built for this scenario.
func (p *Profile) Curl(s *scenarios.Scenario) (string, error) {
	c := &curling{profile: p, name: "by-hand", alive: map[string]bool{}}
	for i := range s.Steps {
		step := &s.Steps[i]
		if step.Expect.Verdict == scenarios.Allowed {
			for name := range step.Secrets.Workspace {
				c.alive[name] = true
			}
			for name := range step.Secrets.Global {
				c.alive[name] = true
			}
		}
	}
	before := scenarios.Secrets{}
	for i := range s.Steps {
		step := &s.Steps[i]
		c.secrets(&p.global, before.Global, step.Secrets.Global)
		if step.Stage == scenarios.Create {
			c.create(step)
		} else {
			c.secrets(&p.workspace, before.Workspace, step.Secrets.Workspace)
			c.call(&p.provision.again, "", "", nil)
			c.call(&p.provision.state, "", "", nil)
			c.call(&p.provision.failures, "", "", nil)
		}
		before = step.Secrets
	}
	c.call(&p.remove.call, "", "", nil)
	c.secrets(&p.global, before.Global, nil)
	return strings.Join(c.lines, "\n") + "\n", c.err
}

type curling struct {
	profile *Profile
	name    string
	// alive are credentials that some step needs to be accepted.
	alive map[string]bool
	lines []string
	err   error
}

func (c *curling) create(step *scenarios.Step) {
	fields := step.Fields
	if fields == nil {
		fields = map[string]any{}
	}
	secrets := map[string]any{}
	for name, v := range step.Secrets.Workspace {
		secrets[name] = c.value(name, v)
	}
	c.call(&c.profile.create.call, "", "", []any{c.name, step.Runtime, step.Model, step.External, step.URL, secrets, fields, "", "", "", "", map[string]any{}})
	c.lines = append(c.lines, "ID=the-id-from-the-reply")
}

// secrets changes the secrets of a scope from one step's to the next one's.
func (c *curling) secrets(calls *secretCalls, from, to map[string]scenarios.Value) {
	for _, name := range strict.SortedKeys(from) {
		if _, kept := to[name]; !kept {
			c.call(&calls.remove, name, "", nil)
		}
	}
	for _, name := range strict.SortedKeys(to) {
		if v, kept := from[name]; !kept || v.String() != to[name].String() {
			c.call(&calls.set, name, c.value(name, to[name]), nil)
		}
	}
}

func (c *curling) value(name string, v scenarios.Value) string {
	switch {
	case v.Shape == scenarios.Empty:
		return ""
	case v.Shape.IsBlank():
		return "   "
	case c.alive[name]:
		return "(a live " + name + ")"
	}
	return "placeholder"
}

// call adds one request of the profile. Variables are those of its body; nil
// means the key, the value and the id only.
func (c *curling) call(call *call, key, value string, variables []any) {
	if !call.set {
		return
	}
	if variables == nil {
		variables = subject{workspace: target.Workspace{ID: "$ID", Token: "$TOKEN"}, key: key, value: value}.variables()
	}
	fill := placeholders{"id": "$ID", "name": c.name, "actual-name": c.name, "key": key, "token": "$TOKEN"}
	line := fmt.Sprintf("curl -sS -X %s \"$SERVER%s\"", call.method, fill.fill(call.path, func(s string) string { return s }))
	headers := map[string]string{}
	for _, from := range []map[string]string{c.profile.headers, call.headers} {
		for name, v := range from {
			headers[name] = v
		}
	}
	for _, name := range strict.SortedKeys(headers) {
		line += " -H " + doubleQuoted(name+": "+fill.fill(headers[name], func(s string) string { return s }))
	}
	if call.body != nil {
		v, err := call.body.build(variables)
		if err != nil {
			c.err = fmt.Errorf("building the body of %s %s: %w", call.method, call.path, err)
			return
		}
		body, err := json.Marshal(v)
		if err != nil {
			c.err = fmt.Errorf("building the body of %s %s: %w", call.method, call.path, err)
			return
		}
		text := strings.ReplaceAll(string(body), "'", `'\''`)
		line += ` -H "Content-Type: application/json" -d '` + strings.ReplaceAll(text, "$ID", `'"$ID"'`) + "'"
	}
	c.lines = append(c.lines, line)
}

// shellReference finds what stays a variable of the shell.
var shellReference = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}|\$ID\b`)

// doubleQuoted writes a header for the shell, with ${env:NAME} as $NAME.
func doubleQuoted(s string) string {
	var b strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`)
	last := 0
	for _, at := range shellReference.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(escape.Replace(s[last:at[0]]))
		if name := at[2:4]; !slices.Contains(name, -1) {
			b.WriteString("$" + s[name[0]:name[1]])
		} else {
			b.WriteString("$ID")
		}
		last = at[1]
	}
	b.WriteString(escape.Replace(s[last:]))
	return `"` + b.String() + `"`
}
