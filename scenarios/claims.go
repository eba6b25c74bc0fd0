package scenarios

import "slices"

// A Claim is an area that a target can be held to.
type Claim struct {
	Name string
	// Doc says what a target is held to that claims it.
	Doc string
	// Profile names what a server's profile has to say where it makes the claim.
	Profile []string
	// Trait is what the target itself has to offer.
	Trait Trait
	// follows reports whether the claim follows from what a scenario does.
	follows func(needsKey) bool
}

// A Trait is something that a claim asks of a target and no profile can give it.
type Trait string

const (
	// Output: what the target writes can be read.
	Output Trait = "output"
	// Unreadables: a secret can be stored that the target cannot decrypt.
	Unreadables Trait = "unreadable"
)

// claims is the one table of them.
var claims = []Claim{
	{
		Name: "create-presence", Doc: "A create without a credential that counts is refused.",
		follows: func(k needsKey) bool { return !k.provision && !k.liveness && len(k.entry.needs) == 0 },
	},
	{
		Name: "create-liveness", Doc: "A create with a credential that its provider rejects is refused.",
		follows: func(k needsKey) bool { return !k.provision && k.liveness },
	},
	{
		Name: "global-scope", Doc: "Credentials of the tenant count as those of the workspace do.",
		Profile: []string{"secrets.global.set", "secrets.global.list", "secrets.global.remove", "secrets.global.names"},
		follows: func(k needsKey) bool { return k.global },
	},
	{
		Name: "provision-presence", Doc: "A workspace is not started again without a credential that counts.", Profile: provisioning,
		follows: func(k needsKey) bool { return k.provision && !k.liveness },
	},
	{
		Name: "provision-liveness", Doc: "A workspace is not started again with a credential that its provider rejects.", Profile: provisioning,
		follows: func(k needsKey) bool { return k.provision && k.liveness },
	},
	{Name: "secrecy-logs", Doc: "What the target writes holds no credential, and tells of what went unproven.", Trait: Output},
	{Name: "atomicity", Doc: "A refusal leaves no row behind.", Profile: []string{"workspaces.list"}},
	{
		Name: "unreadable-secrets", Doc: "A credential that cannot be decrypted counts, and goes unproven.",
		Profile: []string{"secrets.workspace.unreadable"}, Trait: Unreadables,
		follows: func(k needsKey) bool { return k.unreadable },
	},
}

var provisioning = []string{"provision.again", "provision.state", "provision.pending", "provision.running", "secrets.workspace.set", "secrets.workspace.remove"}

// Claims are the names of all claims.
var Claims = func() []string {
	out := make([]string, len(claims))
	for i, c := range claims {
		out[i] = c.Name
	}
	return out
}()

// ClaimOf returns the claim of that name; one without a name where there is none.
func ClaimOf(name string) Claim {
	if i := slices.IndexFunc(claims, func(c Claim) bool { return c.Name == name }); i >= 0 {
		return claims[i]
	}
	return Claim{}
}

// needsKey is all that the claims of a scenario depend on.
type needsKey struct {
	entry                                   *template
	provision, liveness, global, unreadable bool
}

// needsOf returns the claims that a scenario's entry names and those that follow
// from what the scenario does: one list for all that need the same.
func (e *expander) needsOf(t *template, s *Scenario) []string {
	last := &s.Steps[len(s.Steps)-1]
	key := needsKey{entry: t, provision: last.Stage == Provision, liveness: last.Expect.Code == "BYOK_CREDENTIAL_INVALID" && last.Expect.Verdict == Refused}
	for i := range s.Steps {
		secrets := &s.Steps[i].Secrets
		key.global = key.global || len(secrets.Global) > 0
		key.unreadable = key.unreadable || secrets.any(func(v Value) bool { return v.Shape == Unreadable })
	}
	known, ok := e.needs[key]
	if !ok {
		known = slices.Clone(t.needs)
		for _, c := range claims {
			if c.follows != nil && c.follows(key) && !slices.Contains(known, c.Name) {
				known = append(known, c.Name)
			}
		}
		e.needs[key] = known
	}
	return known
}

// Classes are the kinds of scenario; each has a file of its own.
var Classes = []string{
	"missing", "mismatched", "dead", "forbidden", "transient", "rate-limited", "valid", "underivable",
	"platform", "external", "unprobeable", "unreadable", "refusal", "secrecy", "provision", "robustness", "dialect",
}

// Warning is the severity of a scenario that is new in a minor version: it is
// replayed and shown, and does not fail a run until the next one gives it another.
const Warning = "warning"

var severities = []string{"critical", "high", "medium", "low", Warning}
