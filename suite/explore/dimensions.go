package explore

import (
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A dim is a dimension's place in the table.
type dim int

// The dimensions.
const (
	kind dim = iota
	provider
	pair
	spelling
	workspace
	answer
	shape
	beside
	foreign
	near
	strayAnswer
	tenant
	tenantAnswer
	tenantShape
	filler
	setting
	external
	addition
	malformed
	name
	times
	patience
	fate
	likeness
	change
	dims
)

// A dimension is one thing in which two steps of a walk may differ. Its first value
// is the plain one: small walks have nothing else.
type dimension struct {
	name string
	// why says which faults show themselves along it.
	why string
	// values are all of it, for a space.
	values func(*space) []string
	// plain is how seldom another value than the first is drawn: 100 less its weight.
	plain int
	// of are the kinds of step that it counts for; nil is creates only.
	of []string
	// requests: only a target with requests has it, and no Go value.
	requests bool
}

// table holds every dimension, in the order of the constants. A new one is a constant, an
// entry here, and what walk.go makes of it.
var table = [dims]dimension{
	kind: {name: "step", why: "A gate that is right once may be wrong the second time, at a restart, or behind a deleted workspace.", plain: 45,
		values: func(s *space) []string {
			out := []string{"create", "again"}
			if s.claims("provision-presence") {
				out = append(out, "restart")
			}
			if s.requests {
				out = append(out, "delete")
			}
			if s.looks {
				out = append(out, "look")
			}
			return out
		}},
	provider: {name: "provider", why: "One provider, or one kind of them, is forgotten.", plain: 75,
		values: func(s *space) []string {
			return slices.Concat([]string{"as before"}, s.providers, []string{"platform", "unknown runtime", "unowned model", "no model"})
		}},
	pair: {name: "pair", why: "One runtime, or models that only a pattern owns, go another way.", plain: 40,
		values: func(*space) []string {
			return []string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "last but one", "last"}
		}},
	spelling: {name: "spelling", why: "White space, case and suffixes of a model lead elsewhere, or nowhere.", plain: 85,
		values: func(*space) []string {
			return []string{"as listed", "blank around", "tab behind", "capitals", "[1m]", ":free", "dated", "custom: before", "runtime in capitals"}
		}},
	workspace: {name: "workspace", why: "What stands at the workspace is what a gate looks at first.", plain: 40,
		values: func(*space) []string {
			return []string{"accepted", "nothing", "last accepted", "all accepted", "foreign", "near miss", "invented", "every foreign"}
		}},
	answer: {name: "answer", why: "A status, or a failure of the connection, is read wrongly.", plain: 35, values: (*space).answers},
	shape:  {name: "shape", why: "White space, length and form of a value decide where they must not.", plain: 75, values: (*space).shapes},
	beside: {name: "beside", why: "Something else in scope counts as a credential, or hides one.", plain: 70,
		values: func(*space) []string {
			return []string{"nothing", "foreign", "near miss", "invented", "every foreign"}
		}},
	foreign: {name: "foreign name", why: "One name counts for providers that do not accept it.", of: []string{"create", "again", "restart"}, plain: 10,
		values: func(s *space) []string { return s.names }},
	near: {name: "near miss", why: "Names are compared without case, trimmed, or by their beginning.", of: []string{"create", "restart"}, plain: 10,
		values: func(*space) []string {
			return []string{"lower case", "capitalised", "blank behind", "blank before", "tab behind", "line end behind", "no-break space behind", "zero-width space inside",
				"quoted", "percent-encoded", "full-width", "dashed", "longer", "shorter", "prefixed"}
		}},
	strayAnswer: {name: "stray answer", why: "A credential that does not count is asked about, and its answer is.", of: []string{"create", "again", "restart"}, plain: 60,
		values: func(*space) []string { return []string{"live", "dead"} }},
	tenant: {name: "tenant", why: "Both scopes count; which one decides is where gates differ.", of: []string{"create", "restart"}, plain: 70,
		values: func(s *space) []string {
			if !s.claims("global-scope") {
				return []string{"as it is"}
			}
			return []string{"as it is", "nothing", "accepted", "last accepted", "foreign", "near miss", "invented", "every foreign"}
		}},
	tenantAnswer: {name: "tenant's answer", why: "The tenant's value is asked about, and its answer is read, in another place.", of: []string{"create", "restart"}, plain: 45,
		values: func(s *space) []string {
			if !s.claims("create-liveness") {
				return []string{"live"}
			}
			return []string{"live", "dead", "forbidden", "server-error", "rate-limited", "not-found"}
		}},
	tenantShape: {name: "tenant's shape", why: "Values that were stored are trimmed, or cannot be read.", of: []string{"create", "restart"}, plain: 75,
		values: func(s *space) []string {
			out := []string{"plain", "padded", "blank"}
			if s.claims("unreadable-secrets") {
				out = append(out, "unreadable")
			}
			return out
		}},
	filler: {name: "count", why: "Secrets are read in pages, or counted.", plain: 80,
		values: func(*space) []string {
			return []string{"0", "1", "9", "10", "49", "50", "51", "99", "101", "200"}
		}},
	setting: {name: "setting", why: "A base URL among the secrets moves the probe, or counts as a credential.", plain: 85,
		values: func(s *space) []string {
			out := []string{"none", "own base URL", "own base URL, blank", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OPENAI_API_BASE", "HTTPS_PROXY", "HTTP_PROXY", "url"}
			if s.claims("global-scope") {
				out = append(out, "tenant's own base URL", "tenant's HTTPS_PROXY")
			}
			return out
		}},
	external: {name: "external", why: "External workspaces are not gated; others are, also those with a url.", plain: 90,
		values: func(*space) []string { return []string{"no", "with a url", "external"} }},
	addition: {name: "addition", why: "A field, a query or a header switches the gate off, or moves the probe.", plain: 70, requests: true,
		values: func(*space) []string {
			out := []string{"none"}
			for _, s := range scenarios.Switches {
				out = append(out, s.Name)
			}
			return out
		}},
	malformed: {name: "malformed", why: "What cannot be read is let through, or breaks the server.", plain: 90, requests: true,
		values: func(*space) []string {
			out := []string{"no"}
			for _, m := range scenarios.Malformations {
				if m != scenarios.LongName {
					out = append(out, string(m))
				}
			}
			return append(out, string(scenarios.QuoteName), string(scenarios.EmojiName), string(scenarios.NULName), string(scenarios.LongName), string(scenarios.QuoteKey), string(scenarios.NULKey))
		}},
	name: {name: "name", why: "A name that was used before, refused or deleted, is let through.", of: []string{"create", "again"}, plain: 75, requests: true,
		values: func(*space) []string { return []string{"new", "as before"} }},
	times: {name: "times", why: "What comes at once, or once too often, is not checked.", of: []string{"create", "again"}, plain: 88,
		values: func(*space) []string {
			return []string{"once", "2 at once", "4 at once", "12 at once", "24 at once"}
		}},
	patience: {name: "client", why: "A client that hangs up cancels the probe, and that is taken for an outage.", of: []string{"create", "again"}, plain: 97, requests: true,
		values: func(s *space) []string { return []string{"waits", "hangs up"} }},
	fate: {name: "fate", why: "A verdict is kept, and the value dies or comes back meanwhile.", of: []string{"again", "restart"}, plain: 35,
		values: func(s *space) []string {
			if !s.claims("create-liveness") {
				return []string{"as before"}
			}
			return []string{"as before", "dead", "live", "server-error", "rate-limited", "forbidden"}
		}},
	likeness: {name: "likeness", why: "A verdict about another value decides, since both look alike.", of: []string{"again"}, plain: 50,
		values: func(*space) []string {
			return []string{"the same value", "another", "alike-head", "alike-tail", "alike-case", "alike-middle", "no value", "only foreign"}
		}},
	change: {name: "change", why: "A restart goes by what was in scope at the create.", of: []string{"restart"}, plain: 30,
		values: func(s *space) []string {
			out := []string{"none", "removed", "foreign instead", "another value", "foreign beside", "near miss instead", "blank instead"}
			if s.claims("global-scope") {
				out = append(out, "moved to the tenant", "foreign at the tenant instead")
			}
			return out
		}},
}

// A space is what the table comes to for a registry and a target.
type space struct {
	registry *registry.Registry
	level    scenarios.Level
	claimed  []string
	// requests, looks and connections: the target has requests, can be read, and can
	// be given connections that fail.
	requests, looks, connections bool
	// unlisted: the target takes models that only a pattern owns.
	unlisted bool
	// cache: the target keeps live verdicts for a stated time.
	cache bool

	providers []string
	names     []string
	routes    map[string][]registry.Route
	values    [dims][]string
	// drawn are the places of the kinds of step, as often as they are drawn.
	drawn []uint8
}

func (s *space) claims(area string) bool { return slices.Contains(s.claimed, area) }

func (s *space) prepare() *space {
	s.routes = map[string][]registry.Route{}
	for _, p := range s.registry.BYOK() {
		s.providers = append(s.providers, p.Name)
	}
	for _, r := range s.registry.Routes() {
		if r.By == registry.Verbatim || s.unlisted {
			s.routes[r.Provider.Name] = append(s.routes[r.Provider.Name], r)
		}
	}
	s.providers = slices.DeleteFunc(s.providers, func(p string) bool { return len(s.routes[p]) == 0 })
	s.names = slices.Clone(s.registry.CredentialNames())
	for d := range table {
		s.values[d] = table[d].values(s)
		if table[d].requests && !s.requests {
			s.values[d] = s.values[d][:1]
		}

	}
	s.drawn = weighted(len(s.values[kind]), table[kind].plain)
	return s
}

// weighted repeats places so that the first is drawn in plain of a hundred draws.
func weighted(n, plain int) []uint8 {
	if n == 1 {
		return []uint8{0}
	}
	out := make([]uint8, 0, 4*n)
	for range max(1, plain*(n-1)/(100-plain)) {
		out = append(out, 0)
	}
	for i := 1; i < n; i++ {
		out = append(out, uint8(i))
	}
	return out
}

// answers are what providers may say at the level: what is plain first, and then what
// decides most often.
func (s *space) answers() []string {
	if !s.claims("create-liveness") {
		return []string{"live"}
	}
	first := []string{"live", "dead", "forbidden"}
	out := slices.Clone(first)
	for _, a := range scenarios.Catalogue() {
		switch {
		case slices.Contains(first, a.Name), a.Waits, a.Late, a.Name == "huge-body", a.Connection && !s.connections:
		case a.Level == scenarios.Extended && (s.level != scenarios.Extended || a.Means == scenarios.Unverified || a.Name == "scope-missing" || a.Name == "gemini-service-disabled"):
		default:
			out = append(out, a.Name)
		}
	}
	return out
}

// shapes are how values are written.
func (s *space) shapes() []string {
	out := []string{"plain"}
	for _, v := range []scenarios.Shape{
		scenarios.Empty, scenarios.Blank, scenarios.BlankVerticalTab, scenarios.BlankNoBreak, scenarios.BlankLines, scenarios.BlankUnicode, scenarios.Padded, scenarios.Newline, scenarios.CRLF,
		scenarios.InnerNewline, scenarios.InnerCR, scenarios.InnerLF, scenarios.InnerNUL, scenarios.InnerSpace, scenarios.NonASCII, scenarios.FormBare, scenarios.FormShort, scenarios.FormDotted, scenarios.FormGoogle,
		scenarios.FormToken, scenarios.FormJSON, scenarios.FormLong, scenarios.BraceReference, scenarios.DollarReference, scenarios.EnvironReference,
	} {
		out = append(out, string(v))
	}
	if s.claims("unreadable-secrets") {
		out = append(out, string(scenarios.Unreadable))
	}
	return out
}

// nearMiss is a name that is nearly accepted.
func nearMiss(how, accepted string) string {
	switch how {
	case "capitalised":
		return accepted[:1] + strings.ToLower(accepted[1:])
	case "tab behind":
		return accepted + "\t"
	case "line end behind":
		return accepted + "\n"
	case "no-break space behind":
		return accepted + "\u00a0"
	case "zero-width space inside":
		return accepted[:4] + "\u200b" + accepted[4:]
	case "quoted":
		return `"` + accepted + `"`
	case "percent-encoded":
		return strings.Replace(accepted, "_", "%5F", 1)
	case "full-width":
		return string(rune(accepted[0])-'A'+'\uff21') + accepted[1:]
	case "blank behind":
		return accepted + " "
	case "blank before":
		return " " + accepted
	case "dashed":
		return strings.ReplaceAll(accepted, "_", "-")
	case "longer":
		return accepted + "_2"
	case "shorter":
		return accepted[:len(accepted)-1]
	case "prefixed":
		return "MY_" + accepted
	}
	return strings.ToLower(accepted)
}

// baseURLOf is the setting that client libraries read beside a credential.
func baseURLOf(credential string) string {
	for _, end := range []string{"_API_KEY", "_AUTH_TOKEN", "_TOKEN", "_KEY"} {
		if vendor, ok := strings.CutSuffix(credential, end); ok {
			return vendor + "_BASE_URL"
		}
	}
	return credential + "_BASE_URL"
}
