package upstream

import (
	"slices"
	"strings"
)

// A reading is what is known about the headers that a host reads.
type reading struct {
	headers []string
	// version says that anthropic-version is required.
	version bool
	// notBearer lists the credential names that are refused as a bearer token.
	notBearer []string
	// source says where the fact comes from.
	source string
}

// readings is the table of what is known. The Anthropic-compatible third
// parties (Kimi, Z.ai, Xiaomi, DeepSeek, Moonshot, MiniMax) read both headers,
// as do hosts without facts (LIV-5), so neither has a row.
var readings = map[string]reading{
	"api.anthropic.com": {
		headers: []string{"x-api-key", "authorization"}, version: true, notBearer: []string{"ANTHROPIC_API_KEY"},
		source: "https://docs.claude.com/en/api/overview; BerriAI/litellm#21039 for bearer tokens",
	},
	"api.openai.com":           {headers: bearerOnly, source: "https://platform.openai.com/docs/api-reference/authentication"},
	"api.groq.com":             {headers: bearerOnly, source: "https://console.groq.com/docs/api-reference"},
	"integrate.api.nvidia.com": {headers: bearerOnly, source: "https://docs.api.nvidia.com/nim/reference/llm-apis"},
	"generativelanguage.googleapis.com": {
		headers: []string{"authorization", "x-goog-api-key"}, source: "https://ai.google.dev/gemini-api/docs/openai and /api-key",
	},
	"openrouter.ai": {
		headers: bothHeaders, source: "https://openrouter.ai/docs/guides/overview/auth/api-keys",
	},
}

var (
	bearerOnly  = []string{"authorization"}
	bothHeaders = []string{"authorization", "x-api-key"}
)

// Reads returns the lower-case names of the headers in which a host reads a
// credential of that name, in the order in which it looks. In "authorization"
// it reads a bearer token. The host is as in a URL, the port may be left out.
func Reads(host, credentialName string) []string {
	fact, ok := readings[canonicalHost(host)]
	if !ok {
		return slices.Clone(bothHeaders)
	}
	if slices.Contains(fact.notBearer, credentialName) {
		return slices.DeleteFunc(slices.Clone(fact.headers), func(h string) bool { return h == "authorization" })
	}
	return slices.Clone(fact.headers)
}

// reads is Reads for one header, without its copies.
func reads(host, header, credentialName string) bool {
	fact, ok := readings[host]
	if !ok {
		return slices.Contains(bothHeaders, header)
	}
	return slices.Contains(fact.headers, header) &&
		(header != "authorization" || !slices.Contains(fact.notBearer, credentialName))
}

// NeedsVersion reports whether a host answers 400 to a request without an
// anthropic-version header.
func NeedsVersion(host string) bool { return readings[canonicalHost(host)].version }

// canonicalHost lower-cases a host and drops a trailing dot and the ports that
// http and https imply.
func canonicalHost(host string) string {
	host = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(host), ":443"), ":80")
	return strings.TrimSuffix(host, ".")
}
