package upstream

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/molecule-ai/byok-conformance/registry"
)

// A reading is what is known about the headers that a host reads.
type reading struct {
	headers []string
	// openai are the headers read below a path with /openai in it; nil: the same.
	openai []string
	// single: two credentials at once are refused, whatever they are worth.
	single bool
	// version says that anthropic-version is required.
	version bool
	// notBearer lists the credential names that are refused as a bearer token.
	notBearer []string
}

// readings is the table of what is known. The Anthropic-compatible third
// parties (Kimi, Z.ai, Xiaomi, DeepSeek, Moonshot, MiniMax) read both headers,
// as do hosts without facts (LIV-5), so neither has a row.
var readings = map[string]reading{
	// https://docs.claude.com/en/api/overview; bearer tokens: BerriAI/litellm#21039.
	"api.anthropic.com": {
		headers: []string{"x-api-key", "authorization"}, version: true, notBearer: []string{"ANTHROPIC_API_KEY"},
	},
	// https://platform.openai.com/docs/api-reference/authentication
	"api.openai.com": {headers: bearerOnly},
	// NousResearch/hermes-agent#62259 and #7893
	"generativelanguage.googleapis.com": {headers: []string{"x-goog-api-key"}, openai: bearerOnly, single: true},
	// https://console.groq.com/docs/api-reference
	"api.groq.com": {headers: bearerOnly},
	// https://docs.api.nvidia.com/nim/reference/llm-apis
	"integrate.api.nvidia.com": {headers: bearerOnly},
	// https://openrouter.ai/docs/guides/overview/auth/api-keys
	"openrouter.ai": {headers: bothHeaders},
}

var (
	bearerOnly  = []string{"authorization"}
	bothHeaders = []string{"authorization", "x-api-key"}
)

// Reads returns the lower-case names of the headers in which a host reads a
// credential of that name below a path, in the order in which it looks. In
// "authorization" it reads a bearer token. The host is as in a URL, the port may be
// left out; the path may hold a query.
func Reads(host, path, credentialName string) []string {
	host = canonicalHost(host)
	return slices.DeleteFunc(slices.Clone(headersOf(host, path)), func(header string) bool {
		return !reads(host, path, header, credentialName)
	})
}

// headersOf returns the headers that a canonical host reads for some
// credential below a path, in the order in which it looks.
func headersOf(host, path string) []string {
	fact, ok := readings[host]
	switch {
	case !ok:
		return bothHeaders
	case fact.openai != nil && compatible(path):
		return fact.openai
	}
	return fact.headers
}

// compatible reports whether a path of a provider with an API of its own belongs to
// the one that speaks OpenAI's.
func compatible(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	return strings.Contains(path+"/", "/openai/")
}

// reads is Reads for one header of a canonical host, without its copies.
func reads(host, path, header, credentialName string) bool {
	return slices.Contains(headersOf(host, path), header) &&
		(header != "authorization" || !slices.Contains(readings[host].notBearer, credentialName))
}

// NeedsVersion reports whether a host answers 400 to a request without an
// anthropic-version header.
func NeedsVersion(host string) bool { return readings[canonicalHost(host)].version }

// Hosts returns a provider's hosts as an [Exchange] has them: those of the
// registry, with names in other alphabets as they stand on the wire. It is not to
// be modified.
func Hosts(p *registry.Provider) []string {
	hosts := p.Hosts()
	for i, h := range hosts {
		if c := canonicalHost(h); c != h {
			hosts = slices.Clone(hosts)
			hosts[i] = c
		}
	}
	return hosts
}

// canonicalHost is a host as DNS knows it, without the ports that http and https
// imply.
func canonicalHost(host string) string {
	host = registry.CanonicalHost(host, "")
	for i := range len(host) {
		if host[i] >= utf8.RuneSelf {
			name, port, ported := strings.Cut(host, ":")
			ascii, err := idna.Lookup.ToASCII(name)
			switch {
			case err != nil:
				return host // no name that anybody could dial
			case ported:
				return ascii + ":" + port
			}
			return ascii
		}
	}
	return host
}
