package server

import (
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"golang.org/x/net/http/httpguts"
	"gopkg.in/yaml.v3"
)

func readLoud(l *target.LoudLine, r *strict.Reader, n *yaml.Node) {
	r.Mapping(n, "loud", strict.Fields{"line": func(n *yaml.Node) {
		r.Str("line", (*string)(l))(n)
		sample := &scenarios.Step{Expect: scenarios.Expect{Providers: []string{"p"}, Probed: "workspace/C"}}
		switch _, err := l.Pattern(&registry.Registry{}, sample); {
		case err != nil:
			r.Fail(n, "line is no regular expression: %v", err)
		case !strings.Contains(string(*l), target.ProviderPlaceholder) || !strings.Contains(string(*l), target.CredentialPlaceholder):
			r.Fail(n, "line needs %s and %s, so that it can be told for which provider and which credential it is", target.ProviderPlaceholder, target.CredentialPlaceholder)
		}
	}})
	if *l == "" {
		r.Fail(n, "loud has no line; leave loud out, and any line that holds both names will do")
	}
}

// bodyVariables and idVariables are what a profile's expressions may use.
var (
	bodyVariables = []string{"$name", "$runtime", "$model", "$external", "$url", "$secrets", "$fields", "$key", "$value", "$id", "$token", "$values"}
	idVariables   = []string{"$id"}
)

func compile(r *strict.Reader, what string, variables []string, into **expression) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var text string
		r.Str(what, &text)(n)
		query, err := gojq.Parse(text)
		if err != nil {
			r.Fail(n, "%s is not a jq expression: %v", what, err)
			return
		}
		x, err := newExpression(query, variables)
		if err != nil {
			r.Fail(n, "%s is not a jq expression: %v", what, err)
			return
		}
		x.name = what
		*into = x
	}
}

func (c *call) read(r *strict.Reader, n *yaml.Node) {
	c.set, c.headers = true, map[string]string{}
	r.Mapping(n, "a request", strict.Fields{
		"method":  r.OneOf("method", []string{"GET", "POST", "PUT", "PATCH", "DELETE"}, &c.method),
		"path":    r.Str("path", &c.path),
		"headers": func(n *yaml.Node) { readHeaders(r, n, c.headers) },
		"body":    compile(r, "body", bodyVariables, &c.body),
	})
	if c.method == "" || c.path == "" || c.path[0] != '/' {
		r.Fail(n, "a request has a method and a path that begins with /")
	}
}

func readStrings(r *strict.Reader, n *yaml.Node, what string, into map[string]string) {
	r.Each(n, what, func(key string, _, v *yaml.Node) {
		var s string
		r.Str(key, &s)(v)
		into[key] = s
	})
}

// readHeaders reads headers that can be sent: a line break in one would begin another.
func readHeaders(r *strict.Reader, n *yaml.Node, into map[string]string) {
	readStrings(r, n, "headers", into)
	for name, value := range into {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			r.Fail(n, "%q cannot be sent as a header; a name is letters, digits and hyphens, and neither it nor the value has a line break", name+": "+value)
		}
	}
}

func duration(r *strict.Reader, what string, into *time.Duration) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var s string
		r.Str(what, &s)(n)
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			r.Fail(n, "%s is no length of time; write it like 20s or 500ms", what)
			return
		}
		*into = d
	}
}

func (h *healthCheck) read(r *strict.Reader, n *yaml.Node) {
	r.Mapping(n, "health", strict.Fields{
		"request": func(n *yaml.Node) { h.call.read(r, n) },
		"done":    compile(r, "done", nil, &h.call.done),
		"within":  duration(r, "within", &h.within),
	})
}

func (c *createCall) read(r *strict.Reader, n *yaml.Node) {
	r.Mapping(n, "create", strict.Fields{
		"request":     func(n *yaml.Node) { c.call.read(r, n) },
		"allowed":     compile(r, "allowed", nil, &c.allowed),
		"id":          compile(r, "id", nil, &c.id),
		"token":       compile(r, "token", nil, &c.token),
		"code":        compile(r, "code", nil, &c.code),
		"provider":    compile(r, "provider", nil, &c.provider),
		"accepted":    compile(r, "accepted", nil, &c.accepted),
		"credential":  compile(r, "credential", nil, &c.credential),
		"other":       compile(r, "other", nil, &c.other),
		"other-codes": r.Words("code", nil, &c.otherCodes),
	})
}

func (p *provisionCalls) read(r *strict.Reader, n *yaml.Node) {
	p.within = 20 * time.Second
	r.Mapping(n, "provision", strict.Fields{
		"again": func(n *yaml.Node) {
			readCall(r, n, "again", &p.again, nil)
			p.again.later = true // provisioning goes on behind the reply
		},
		"state": func(n *yaml.Node) {
			readCall(r, n, "state", &p.state, strict.Fields{
				"pending": compile(r, "pending", nil, &p.pending), "running": compile(r, "running", nil, &p.running),
			})
		},
		"failures": func(n *yaml.Node) {
			readCall(r, n, "failures", &p.failures, strict.Fields{"list": compile(r, "list", nil, &p.list)})
		},
		"reason": func(n *yaml.Node) {
			readCall(r, n, "reason", &p.reason, strict.Fields{"text": compile(r, "text", idVariables, &p.reasonText)})
		},
		"passed": r.Str("passed", &p.passed),
		"within": duration(r, "within", &p.within),
	})
}

func (c *call) readValues(r *strict.Reader, n *yaml.Node) {
	c.values = map[string]*expression{}
	r.Each(n, "values", func(key string, at, v *yaml.Node) {
		if slices.Contains(ownPlaceholders, key) {
			r.Fail(at, "values cannot be called %s, which paths have already", key)
		}
		var x *expression
		compile(r, key, nil, &x)(v)
		c.values[key] = x
	})
}

func (c *call) readThen(r *strict.Reader, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.Fail(n, "then is a list of requests; write {request: …}, or the word again for the first one again")
		return
	}
	for _, item := range n.Content {
		var f followUp
		if item.Kind == yaml.ScalarNode {
			var word string
			r.OneOf("a word in then", []string{"again"}, &word)(item)
			f.again = true
		} else {
			r.Mapping(item, "a request in then", strict.Fields{
				"request": func(n *yaml.Node) { f.call.read(r, n) },
				"done":    compile(r, "done", nil, &f.call.done),
			})
		}
		c.then = append(c.then, f)
	}
}

// readCall reads a mapping with a request and further fields.
func readCall(r *strict.Reader, n *yaml.Node, what string, c *call, more strict.Fields) {
	fields := strict.Fields{
		"request": func(n *yaml.Node) { c.read(r, n) },
		"done":    compile(r, "done", nil, &c.done),
		"values":  func(n *yaml.Node) { c.readValues(r, n) },
		"then":    func(n *yaml.Node) { c.readThen(r, n) },
	}
	for k, v := range more {
		fields[k] = v
	}
	r.Mapping(n, what, fields)
}

func (p *Profile) readSecrets(r *strict.Reader, n *yaml.Node) {
	scope := func(s *secretCalls) func(*yaml.Node) {
		return func(n *yaml.Node) {
			r.Mapping(n, "the secrets of a scope", strict.Fields{
				"set":        func(n *yaml.Node) { readCall(r, n, "set", &s.set, nil) },
				"remove":     func(n *yaml.Node) { readCall(r, n, "remove", &s.remove, nil) },
				"restarts":   r.Bool("restarts", &s.restarts),
				"unreadable": func(n *yaml.Node) { readCall(r, n, "unreadable", &s.unreadable, nil) },
				"list": func(n *yaml.Node) {
					readCall(r, n, "list", &s.list, strict.Fields{"names": compile(r, "names", nil, &s.names), "next": compile(r, "next", nil, &s.next)})
				},
			})
		}
	}
	r.Mapping(n, "secrets", strict.Fields{"workspace": scope(&p.workspace), "global": scope(&p.global)})
}

func (p *Profile) readWorkspaces(r *strict.Reader, n *yaml.Node) {
	r.Mapping(n, "workspaces", strict.Fields{
		"list": func(n *yaml.Node) {
			readCall(r, n, "list", &p.list.call, strict.Fields{"items": compile(r, "items", nil, &p.list.items), "next": compile(r, "next", nil, &p.list.next)})
		},
		"remove": func(n *yaml.Node) {
			readCall(r, n, "remove", &p.remove.call, strict.Fields{"removed": compile(r, "removed", nil, &p.remove.removed)})
		},
	})
}

func (p *Profile) readPrecedence(r *strict.Reader, n *yaml.Node) {
	p.precedence = registry.Precedence{}
	r.Each(n, "precedence", func(provider string, _, v *yaml.Node) {
		var names []string
		r.Words("credential name", nil, &names)(v)
		p.precedence[provider] = names
	})
}

func (l *rateLimit) read(r *strict.Reader, n *yaml.Node) {
	l.longest, l.window = 90*time.Second, time.Minute
	r.Mapping(n, "rate-limit", strict.Fields{
		"status": func(n *yaml.Node) {
			if r.Number("status", &l.status)(n); l.status < 400 || l.status > 599 {
				r.Fail(n, "rate-limit.status is a status that says no, from 400 to 599, such as 429")
			}
		},
		"wait":    r.Str("wait", &l.wait),
		"longest": duration(r, "longest", &l.longest),
		"limit":   r.Str("limit", &l.limit),
		"window":  duration(r, "window", &l.window),
		"raise":   r.Str("raise", &l.raise),
	})
}
