package draft

import "strings"

// tokenVariable is the environment variable that holds the server's token; a
// run makes one for a command that it starts.
const tokenVariable = "ADMIN_TOKEN"

// tokenHeaders are the usual ways to show a token, the likeliest first.
var tokenHeaders = []struct{ name, value string }{
	{"Authorization", "Bearer ${env:ADMIN_TOKEN}"},
	{"X-API-Key", "${env:ADMIN_TOKEN}"},
	{"X-Admin-Token", "${env:ADMIN_TOKEN}"},
	{"X-Auth-Token", "${env:ADMIN_TOKEN}"},
	{"X-Api-Token", "${env:ADMIN_TOKEN}"},
	{"X-Access-Token", "${env:ADMIN_TOKEN}"},
	{"X-Token", "${env:ADMIN_TOKEN}"},
	{"Authorization", "Token ${env:ADMIN_TOKEN}"},
	{"Authorization", "${env:ADMIN_TOKEN}"},
}

var healthPaths = []string{
	"/health", "/healthz", "/livez", "/readyz", "/ready", "/status", "/ping", "/up", "/api/health", "/api/healthz",
	"/v1/health", "/api/v1/health", "/_health", "/-/healthy", "/health/live", "/",
}

// Prefixes and nouns make the paths at which a workspace may be created.
var (
	prefixes = []string{"", "/v1", "/api", "/api/v1", "/v2", "/api/v2"}
	nouns    = []string{"workspaces", "agents", "workspace", "agent", "sandboxes", "sessions", "environments", "instances", "assistants", "bots", "runners", "projects", "machines", "deployments"}
)

// createPaths lists them, the likeliest first.
func createPaths() []string {
	var out []string
	for _, noun := range nouns {
		for _, prefix := range prefixes {
			out = append(out, prefix+"/"+noun)
		}
	}
	for _, prefix := range []string{"", "/rpc", "/api", "/api/rpc", "/v1"} {
		for _, noun := range []string{"workspace", "agent"} {
			title := strings.ToUpper(noun[:1]) + noun[1:]
			out = append(out, prefix+"/"+noun+".create", prefix+"/"+noun+"s.create", prefix+"/"+noun+"s/create", prefix+"/"+noun+"/create", prefix+"/create"+title, prefix+"/create_"+noun)
		}
	}
	return out
}

// fieldNames are the names under which a create may take each thing. The first
// few are tried first, because a strict server refuses names that it has not got.
var fieldNames = map[string][]string{
	"name":     {"name", "title", "label", "display_name", "displayName", "workspace_name", "workspaceName", "agent_name", "agentName", "slug"},
	"runtime":  {"runtime", "engine", "harness", "runtime_id", "runtimeId", "agent_runtime", "agentRuntime", "framework", "agent_type", "agentType", "kind"},
	"model":    {"model", "model_id", "modelId", "model_name", "modelName", "llm", "llm_model"},
	"secrets":  {"secrets", "env", "credentials", "environment", "variables", "env_vars", "envVars", "keys", "api_keys", "apiKeys", "vars"},
	"external": {"external", "is_external", "isExternal", "self_hosted", "selfHosted", "unmanaged"},
	"url":      {"url", "endpoint", "external_url", "externalUrl", "agent_url", "agentUrl"},
}

// wrappers are keys under which a create may want everything else, beside the
// last word of its path.
var wrappers = []string{"", "data", "workspace", "agent", "spec", "input", "params", "attributes"}

// removeWords, againWords and so on are the last words of paths.
var (
	removeWords = []string{"delete", "remove", "destroy", "archive", "terminate"}
	listWords   = []string{"list", "all", "index"}
	stateWords  = []string{"get", "status", "show", "state", "describe", "info"}
	againWords  = []string{"restart", "start", "starts", "provision", "reprovision", "redeploy", "deploy", "rebuild", "restarts", "reload", "relaunch", "launch", "provisions", "run", "runs", "refresh", "resume", "boot", "reboot"}
	eventWords  = []string{"events", "failures", "history", "logs", "activity", "runs", "provisions", "errors"}
	// secretWords name where secrets are kept.
	secretWords = []string{"secrets", "credentials", "env", "environment", "variables", "keys", "vault", "secret", "env-vars", "api-keys"}
	// tenantPaths stand before them where secrets are the tenant's.
	tenantPaths = []string{"", "/settings", "/global", "/tenant", "/org", "/organization", "/account", "/admin", "/config"}
	// pendingStates are states that a workspace passes through; those that were
	// seen at the server come before them.
	pendingStates = []string{"pending", "provisioning", "starting", "queued", "creating", "restarting"}
)

// The codes of a refusal as they may be spelled, and what the rules call them.
var (
	missingCode = "MISSING_BYOK_CREDENTIAL"
	invalidCode = "BYOK_CREDENTIAL_INVALID"
)
