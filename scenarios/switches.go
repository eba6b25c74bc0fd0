package scenarios

import "strings"

// A Switch is something in a create request that somebody may take for a way to
// switch the gate off (PRE-9).
type Switch struct {
	Name string
	// Fields are further fields of the request; values of one level are merged.
	Fields map[string]any
	// Query and Header are what it adds there.
	Query, Header map[string]string
}

// elsewhere is a base URL at a host that no registry has.
const elsewhere = "https://elsewhere.invalid/v1"

// endpoints are the spellings of a field that says where a provider is (LIV-4).
func endpoints(value string) map[string]any {
	out := map[string]any{}
	for _, name := range []string{
		"base_url", "baseUrl", "baseURL", "BaseURL", "base-url", "api_base", "apiBase", "api_base_url", "apiBaseUrl", "api_url", "apiUrl", "api_host",
		"apiHost", "host", "endpoint", "endpoint_url", "provider_url", "providerUrl", "llm_base_url", "openai_base_url", "anthropic_base_url", "proxy", "http_proxy", "https_proxy",
	} {
		out[name] = value
	}
	return out
}

// Switches are all that are tried, in order; the one named "all" is every other
// one at once, but for those that would move the probe.
var Switches = withAll([]Switch{
	{Name: "endpoint-fields", Fields: endpoints(elsewhere)},
	{Name: "endpoint-blank", Fields: endpoints(" ")},
	{Name: "endpoint-empty", Fields: endpoints("")},
	{Name: "endpoint-nested", Fields: map[string]any{
		"config": endpoints(elsewhere), "options": endpoints(elsewhere), "settings": endpoints(elsewhere), "llm": endpoints(elsewhere), "model_config": endpoints(elsewhere),
		"provider_config": endpoints(elsewhere), "llm_config": map[string]any{"client": endpoints(elsewhere)},
		"env": map[string]any{"ANTHROPIC_BASE_URL": elsewhere, "OPENAI_BASE_URL": elsewhere, "OPENAI_API_BASE": elsewhere, "HTTPS_PROXY": elsewhere},
	}},
	{Name: "endpoint-query", Query: map[string]string{"base_url": elsewhere, "api_base": elsewhere, "endpoint": elsewhere}, Header: map[string]string{"X-Base-Url": elsewhere, "X-Api-Base": elsewhere}},
	{Name: "skip-validation", Fields: map[string]any{"skip_validation": true, "skipValidation": true}},
	{Name: "skip-checks", Fields: map[string]any{"skip_checks": true, "skip_liveness": true, "skip_probe": true, "skip_preflight": true, "skip_byok": true, "no_verify": true}},
	{Name: "force", Fields: map[string]any{"force": true}},
	{Name: "dry-run", Fields: map[string]any{"dry_run": true, "dryRun": true}},
	{Name: "validate-false", Fields: map[string]any{"validate": false, "validate_credentials": false, "verify": false, "byok": false, "check": false}},
	{Name: "test", Fields: map[string]any{"test": true, "internal": true, "debug": true}},
	{Name: "billing", Fields: map[string]any{"billing_mode": "platform_managed", "llm_billing_mode": "platform_managed", "platform_managed": true, "managed": true}},
	{Name: "provider", Fields: map[string]any{"provider": "platform", "llm_provider": "platform", "auth_mode": "oauth"}},
	{Name: "template", Fields: map[string]any{"template": "default"}},
	{Name: "role", Fields: map[string]any{"role": "admin", "kind": "platform"}},
	{Name: "tier", Fields: map[string]any{"tier": 4, "plan": "enterprise"}},
	{Name: "nested", Fields: map[string]any{
		"options":  map[string]any{"skip_validation": true, "force": true, "dry_run": true, "validate": false},
		"config":   map[string]any{"skip_validation": true, "force": true, "validate_credentials": false},
		"metadata": map[string]any{"skip_validation": true, "internal": true},
		"settings": map[string]any{"byok": false, "validate": false},
	}},
	{Name: "template-named", Fields: map[string]any{"template": "platform", "template_id": "default", "from_template": true}},
	{Name: "tier-low", Fields: map[string]any{"tier": 0, "plan": "free", "trial": true}},
	{Name: "role-system", Fields: map[string]any{"role": "system", "created_by": "system", "is_admin": true}},
	{Name: "text-values", Fields: map[string]any{"skip_validation": "true", "force": "1", "dry_run": "yes", "validate": "false"}},
	{Name: "query", Query: map[string]string{"force": "true", "skip_validation": "1", "dry_run": "true", "validate": "false", "skip_checks": "true"}},
	{Name: "local-header", Header: map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "User-Agent": "internal-e2e-test/1.0", "Origin": "http://localhost"}},
	{Name: "bypass-header", Header: map[string]string{"X-Bypass": "1", "X-Byok-Skip": "true", "X-Admin": "true", "X-Role": "admin", "X-Debug": "1", "X-E2e-Test": "1", "Prefer": "handling=lenient"}},
	{Name: "header", Header: map[string]string{"X-Skip-Validation": "true", "X-Force": "true", "X-Dry-Run": "true", "X-Internal": "true", "X-Skip-Checks": "1", "X-Platform-Managed": "true", "X-Test": "1"}},
})

func withAll(list []Switch) []Switch {
	all := Switch{Name: "all", Fields: map[string]any{}, Query: map[string]string{}, Header: map[string]string{}}
	for _, s := range list {
		if s.Name == "text-values" || strings.HasPrefix(s.Name, "tier-") || strings.HasPrefix(s.Name, "role-") || strings.HasPrefix(s.Name, "endpoint-") {
			continue // the same fields with other values, or another matter (LIV-4)
		}
		for k, v := range s.Fields {
			all.Fields[k] = v
		}
		for k, v := range s.Query {
			all.Query[k] = v
		}
		for k, v := range s.Header {
			all.Header[k] = v
		}
	}
	return append(list, all)
}

// FindSwitch returns the switch of a name; nil where there is none.
func FindSwitch(name string) *Switch {
	for i := range Switches {
		if Switches[i].Name == name {
			return &Switches[i]
		}
	}
	return nil
}

func switchNames() []string {
	out := make([]string, len(Switches))
	for i, s := range Switches {
		out[i] = s.Name
	}
	return out
}
