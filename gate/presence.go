package gate

import (
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// A Scope is where a credential is stored.
type Scope string

const (
	// WorkspaceScope is the create request's own secrets.
	WorkspaceScope Scope = "workspace"
	// GlobalScope is what the tenant stored once for all workspaces.
	GlobalScope Scope = "global"
)

// A Credential is the one that decides a request.
type Credential struct {
	Name  string
	Scope Scope
	// Secret's value is trimmed of surrounding white space.
	Secret Secret
}

// FindCredential is the presence predicate: the first of the provider's
// accepted names, in registry order, that is present, the workspace's value
// before the tenant's (PRE-2 to PRE-6, LIV-8). A blank workspace value does
// not hide a usable global one, which PRE-5 leaves to the server.
func FindCredential(p *registry.Provider, s Secrets) (Credential, bool) {
	for _, name := range p.AuthEnv {
		if v, ok := s.Workspace[name]; ok && v.Present() {
			return credential(name, WorkspaceScope, v), true
		}
		if v, ok := s.Global[name]; ok && v.Present() {
			return credential(name, GlobalScope, v), true
		}
	}
	return Credential{}, false
}

func credential(name string, scope Scope, s Secret) Credential {
	s.Value = strings.TrimSpace(s.Value)
	return Credential{Name: name, Scope: scope, Secret: s}
}

// InScope reports whether a name is present at either scope; DER-2 decides
// ties by it.
func (s Secrets) InScope(name string) bool {
	return s.Workspace[name].Present() || s.Global[name].Present()
}
