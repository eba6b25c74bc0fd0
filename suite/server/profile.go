package server

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/internal/textfile"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"gopkg.in/yaml.v3"
)

//go:embed profiles/*.yaml
var profiles embed.FS

// ProfileSchema is the value of a profile's schema field.
const ProfileSchema = "byok-conformance/profile/v1"

// A Profile says how to ask a server and how to read its answers. It does not
// change after loading.
type Profile struct {
	Name, About string
	Digest      string
	headers     map[string]string
	health      healthCheck
	create      createCall
	codes       map[string]gate.Code
	provision   provisionCalls
	workspace   secretCalls
	global      secretCalls
	list        listCall
	remove      removeCall
	rate        rateLimit
	unlisted    string
	registryAt  string
	offered     offeredCall
	cache       time.Duration
	precedence  registry.Precedence
	loud        target.LoudLine
	// Claims are the areas that the server says it covers.
	Claims []string
	raw    []byte
}

type call struct {
	method, path string
	headers      map[string]string
	body         *expression
	set          bool
	// done says whether what was asked for was done; nil means a 2xx but 202,
	// which is no more than a promise. later says that a promise is enough.
	done  *expression
	later bool
	// values are read from a reply that says that it is not done; then are the
	// requests that follow it, which may use them.
	values map[string]*expression
	then   []followUp
}

// A followUp is one request after a reply that was not done: one of its own, or
// the first one again.
type followUp struct {
	call  call
	again bool
}

type healthCheck struct {
	call   call
	within time.Duration
}

type createCall struct {
	call                 call
	allowed, id          *expression
	code, provider       *expression
	token                *expression
	accepted, credential *expression
	other                *expression
	otherCodes           []string
}

type provisionCalls struct {
	again, state, failures, reason     call
	pending, running, list, reasonText *expression
	passed                             string
	within                             time.Duration
}

// seesFailures reports whether a failed provisioning can be told at all. Events
// need no ids and no times: those that are alike are told apart by their number.
func (p *provisionCalls) seesFailures() bool {
	return p.failures.set && p.list != nil || p.reason.set && p.reasonText != nil
}

type secretCalls struct {
	set, list, remove, unreadable call
	names, next                   *expression
	// restarts: a change restarts the workspaces that it touches, after its reply.
	restarts bool
}

type listCall struct {
	call        call
	items, next *expression
}

type removeCall struct {
	call    call
	removed *expression
}

type rateLimit struct {
	status  int
	wait    string
	longest time.Duration
	// limit is the header that states how many requests a window takes, raise how
	// the server's operator allows more.
	limit, raise string
	window       time.Duration
}

// NoExternal reports whether a create's body has no place for $external: the server
// has no external workspaces, as far as the profile says.
func (p *Profile) NoExternal() bool {
	return p.create.call.body == nil || !strings.Contains(p.create.call.body.text, "$external")
}

// RefusesUnlisted reports whether the server refuses models that its registry
// does not list verbatim (see Traits).
func (p *Profile) RefusesUnlisted() bool { return p.unlisted == "refused" }

// Registry is a registry whose providers try their credentials in the order that the
// profile says its runtimes read them in (LIV-8).
func (p *Profile) Registry(reg *registry.Registry) (*registry.Registry, error) {
	out, err := reg.WithPrecedence(p.precedence)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", p.Name, err)
	}
	return out, nil
}

// LivenessCache is how long the server says that it keeps a live verdict; 0 where it
// keeps none (LIV-13).
func (p *Profile) LivenessCache() time.Duration { return p.cache }

// ProfileNames lists the built-in profiles.
func ProfileNames() []string {
	entries, err := fs.ReadDir(profiles, "profiles")
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return out
}

// LoadProfile returns a built-in profile by name, or reads one from a file.
// Errors name file, line and column.
func LoadProfile(nameOrFile string) (*Profile, error) {
	if slices.Contains(ProfileNames(), nameOrFile) {
		data, err := fs.ReadFile(profiles, "profiles/"+nameOrFile+".yaml")
		if err != nil {
			return nil, fmt.Errorf("reading the built-in profile %s: %w", nameOrFile, err)
		}
		return ParseProfile(nameOrFile+".yaml", data)
	}
	data, err := textfile.Read(nameOrFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no profile %q%s: it is neither built in (%s) nor a file", nameOrFile, strict.DidYouMean(nameOrFile, ProfileNames()), strings.Join(ProfileNames(), ", "))
	} else if err != nil {
		return nil, fmt.Errorf("reading the profile: %w", err)
	}
	return ParseProfile(nameOrFile, data)
}

// ParseProfile reads a profile. Errors name file, line and column.
func ParseProfile(file string, data []byte) (*Profile, error) {
	r := &strict.Reader{File: file}
	sum := sha256.Sum256(data)
	p := &Profile{Digest: "sha256:" + hex.EncodeToString(sum[:]), codes: map[string]gate.Code{}, headers: map[string]string{}, raw: bytes.Clone(data)}
	if root := r.Root(data); root != nil {
		p.read(r, root)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Profile) read(r *strict.Reader, root *yaml.Node) {
	var schema string
	r.Mapping(root, "a profile", strict.Fields{
		"schema":         r.OneOf("schema", []string{ProfileSchema}, &schema),
		"name":           r.Str("name", &p.Name),
		"about":          r.Str("about", &p.About),
		"headers":        func(n *yaml.Node) { readHeaders(r, n, p.headers) },
		"health":         func(n *yaml.Node) { p.health.read(r, n) },
		"create":         func(n *yaml.Node) { p.create.read(r, n) },
		"codes":          func(n *yaml.Node) { p.readCodes(r, n) },
		"provision":      func(n *yaml.Node) { p.provision.read(r, n) },
		"secrets":        func(n *yaml.Node) { p.readSecrets(r, n) },
		"workspaces":     func(n *yaml.Node) { p.readWorkspaces(r, n) },
		"loud":           func(n *yaml.Node) { readLoud(&p.loud, r, n) },
		"rate-limit":     func(n *yaml.Node) { p.rate.read(r, n) },
		"liveness-cache": duration(r, "liveness-cache", &p.cache),
		"precedence":     func(n *yaml.Node) { p.readPrecedence(r, n) },
		"offered": func(n *yaml.Node) {
			o := &p.offered
			r.Mapping(n, "offered", strict.Fields{
				"request": func(n *yaml.Node) { o.call.read(r, n) }, "done": compile(r, "done", nil, &o.call.done), "models": compile(r, "models", nil, &o.models),
			})
		},
		"registry-at":     r.Str("registry-at", &p.registryAt),
		"unlisted-models": r.OneOf("unlisted-models", []string{"accepted", "refused"}, &p.unlisted),
		"claims":          r.Words("claim", scenarios.Claims, &p.Claims),
	})
	for _, missing := range p.missing(schema) {
		r.Fail(root, "the profile has no %s", missing)
	}
	lintPlaceholders(r, root)
	p.lintVacuous(r, root)
}

// missing lists what a profile cannot do without: what its claims need to be asked.
func (p *Profile) missing(schema string) []string {
	var out []string
	need := func(what string, there bool) {
		if !there {
			out = append(out, what)
		}
	}
	claims := func(c string) bool { return slices.Contains(p.Claims, c) }
	need("schema; add `schema: "+ProfileSchema+"`", schema != "")
	need("name", p.Name != "")
	need("claims; name the areas that the server covers", len(p.Claims) > 0)
	need("create.request", p.create.call.set)
	need("create.allowed", p.create.allowed != nil)
	need("create.code", p.create.code != nil)
	need("create.id", p.create.id != nil)
	need("workspaces.remove, without which nothing is cleaned up", p.remove.call.set && p.remove.removed != nil)
	if claims("global-scope") {
		need("secrets.global.set, list and remove, but claims global-scope", p.global.set.set && p.global.list.set && p.global.remove.set && p.global.names != nil)
	}
	if claims("provision-presence") || claims("provision-liveness") {
		need("provision.again and provision.state, but claims provisioning", p.provision.again.set && p.provision.state.set && p.provision.pending != nil && p.provision.running != nil)
		need("provision.failures with a list, or provision.reason with a text, but claims provisioning; without one, no failed provisioning can be seen", p.provision.seesFailures())
		need("secrets.workspace.set and remove, but claims provisioning", p.workspace.set.set && p.workspace.remove.set)
	}
	if claims("unreadable-secrets") {
		need("secrets.workspace.unreadable, but claims unreadable-secrets", p.workspace.unreadable.set)
	}
	if claims("atomicity") {
		need("workspaces.list, but claims atomicity", p.list.call.set && p.list.items != nil)
	}
	return out
}

func (p *Profile) readCodes(r *strict.Reader, n *yaml.Node) {
	r.Each(n, "codes", func(key string, _, v *yaml.Node) {
		var code string
		r.OneOf("code", []string{string(gate.MissingCredential), string(gate.InvalidCredential)}, &code)(v)
		p.codes[key] = gate.Code(code)
	})
}

// code maps a code of the reply to one of the rules.
func (p *Profile) code(raw string) gate.Code {
	if c, ok := p.codes[raw]; ok {
		return c
	}
	if judge.Known(gate.Code(raw)) {
		return gate.Code(raw)
	}
	return ""
}
