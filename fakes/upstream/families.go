package upstream

import "strings"

// families are the providers whose answers are known. Texts without a source
// beside them follow the provider's envelope and are otherwise ours.
var families = []*family{
	{ // https://docs.claude.com/en/api/errors
		hosts: []string{"api.anthropic.com"},
		shape: anthropicShape,
		problems: map[int]problem{
			400: {Type: "invalid_request_error", Message: "The request was malformed."},
			401: {Type: "authentication_error", Message: "invalid x-api-key"},
			402: {Type: "billing_error", Message: "There is an issue with your billing or payment information."},
			403: {Type: "permission_error", Message: "This API key has been disabled."},
			404: {Type: "not_found_error", Message: "Not found"},
			429: {Type: "rate_limit_error", Message: "This request would exceed your organization's rate limit."},
			500: {Type: "api_error", Message: "Internal server error"},
			529: {Type: "overloaded_error", Message: "Overloaded"},
		},
		missing: problem{Type: "authentication_error", Message: "x-api-key header is required"},
		header:  map[string]string{"Request-Id": "req_{{id}}", "Server": "cloudflare", "Cf-Ray": "{{id}}-FRA"},
		limits: map[string]string{
			"Anthropic-Ratelimit-Requests-Limit": "50", "Anthropic-Ratelimit-Requests-Remaining": "0",
			"Anthropic-Ratelimit-Requests-Reset": "2026-01-01T00:00:30Z",
		},
		list: `{"data":[{"type":"model","id":"claude-sonnet-4-5-20250929","display_name":"Claude Sonnet 4.5","created_at":"2025-09-29T00:00:00Z"},` +
			`{"type":"model","id":"claude-haiku-4-5-20251001","display_name":"Claude Haiku 4.5","created_at":"2025-10-15T00:00:00Z"}],` +
			`"has_more":false,"first_id":"claude-sonnet-4-5-20250929","last_id":"claude-haiku-4-5-20251001"}`,
	},
	{ // https://developers.openai.com/docs/guides/error-codes; the 401 echoes: MichelNivard/gptstudio
		hosts: []string{"api.openai.com"},
		shape: openAIShape,
		problems: map[int]problem{
			401: {"invalid_request_error", "invalid_api_key", "Incorrect API key provided: {{masked}}. You can find your API key at https://platform.openai.com/account/api-keys."},
			402: {"insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan and billing details."},
			403: {"invalid_request_error", "key_disabled", "This API key has been disabled by its organization."},
			429: {"requests", "rate_limit_exceeded", "Rate limit reached for requests."},
			500: {"server_error", "", "The server had an error while processing your request. Sorry about that!"},
		},
		missing: problem{"invalid_request_error", "", "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."},
		header:  map[string]string{"X-Request-Id": "req_{{id}}", "Openai-Version": "2020-10-01", "Openai-Processing-Ms": "12"},
		limits: map[string]string{
			"X-Ratelimit-Limit-Requests": "500", "X-Ratelimit-Remaining-Requests": "0", "X-Ratelimit-Reset-Requests": "30s",
		},
		list: modelList("system", "gpt-5", "gpt-4o-mini"),
	},
	{ // https://platform.kimi.com/docs/api/errors
		hosts: []string{"api.moonshot.ai", "api.moonshot.cn"},
		shape: messageAndTypeShape,
		problems: map[int]problem{
			401: {Type: "invalid_authentication_error", Message: "Invalid Authentication"},
			403: {Type: "permission_denied_error", Message: "This API key has been disabled"},
			404: {Type: "resource_not_found_error", Message: "The requested resource was not found"},
			429: {Type: "rate_limit_reached_error", Message: "Your account reached its request rate, please try again later"},
		},
		header: map[string]string{"Msh-Request-Id": "{{id}}"},
		limits: map[string]string{"X-Ratelimit-Limit": "3", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "30"},
		list:   modelList("moonshot", "kimi-k2-0905-preview", "moonshot-v1-8k"),
		pages: []page{{suffix("/users/me/balance"),
			`{"code":0,"data":{"available_balance":10,"voucher_balance":0,"cash_balance":10},"scode":"0x0","status":true}`}},
	},
	{ // https://www.kimi.com/code/docs/en/kimi-code/error-reference.html
		hosts: []string{"api.kimi.com"},
		shape: messageAndTypeShape,
		problems: map[int]problem{
			401: {Type: "invalid_authentication_error", Message: "The API Key appears to be invalid or may have expired."},
			402: {Type: "invalid_request_error", Message: "We're unable to verify your membership benefits at this time."},
			403: {Type: "access_terminated_error", Message: "Access terminated"},
			429: {Type: "rate_limit_reached_error", Message: "Too many requests, please try again later"},
		},
		list: modelList("moonshot", "kimi-for-coding"),
	},
	{ // BerriAI/litellm#24483: the same text for a wrong key as for none
		hosts: []string{"api.minimax.io", "api.minimaxi.com"},
		shape: minimaxShape,
		problems: map[int]problem{
			401: {Type: "authorized_error", Message: "login fail: Please carry the API secret key in the 'Authorization' field of the request header (1004)"},
			402: {Type: "insufficient_balance_error", Message: "insufficient balance (1008)"},
			403: {Type: "permission_error", Message: "this API key has been disabled"},
			429: {Type: "rate_limit_error", Message: "rate limit (1002)"},
			500: {Type: "api_error", Message: "unknown error, 1000 (1000)"},
		},
		header: map[string]string{"Trace-Id": "{{id}}"},
		list:   modelList("minimax", "MiniMax-M2"),
	},
	{ // https://docs.z.ai/api-reference/api-code
		hosts: []string{"api.z.ai"},
		shape: zaiShape,
		problems: map[int]problem{
			401: {Code: "1000", Message: "Authentication Failed"},
			403: {Code: "1110", Message: "Your account is currently inactive. Please check your account information"},
			429: {Code: "1302", Message: "High concurrency usage of this API, please reduce concurrency or contact customer service to increase limits"},
			500: {Code: "500", Message: "Internal Error"},
		},
		missing: problem{Code: "1001", Message: "Authentication parameter not received in Header, unable to authenticate"},
		list:    modelList("z-ai", "glm-4.6", "glm-4.5-air"),
	},
	{ // can1357/oh-my-pi#1580
		hosts: []string{"api.xiaomimimo.com"},
		shape: xiaomiShape,
		problems: map[int]problem{
			401: {"invalid_key", "401", "Invalid API Key"},
			403: {"permission_denied", "403", "This API Key has been disabled"},
			429: {"rate_limit", "429", "Too many requests"},
		},
		list: modelList("xiaomi", "mimo-v2-pro"),
	},
	{ // https://api-docs.deepseek.com/quick_start/error_codes; the tail is echoed
		hosts: []string{"api.deepseek.com"},
		shape: openAIShape,
		problems: map[int]problem{
			401: {"authentication_error", "invalid_request_error", "Authentication Fails, Your api key: ****{{tail}} is invalid"},
			402: {"unknown_error", "invalid_request_error", "Insufficient Balance"},
		},
		missing: problem{"authentication_error", "invalid_request_error", "Authentication Fails (auth header format should be Bearer)"},
		list:    modelList("deepseek", "deepseek-chat", "deepseek-reasoner"),
		pages: []page{{suffix("/user/balance"),
			`{"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"10.00","granted_balance":"0.00","topped_up_balance":"10.00"}]}`}},
	},
	{ // tashfeenahmed/freellmapi#285; the 403: continuedev/continue#10513
		hosts: []string{"generativelanguage.googleapis.com"},
		shape: googleShape,
		problems: map[int]problem{
			400: {Type: "INVALID_ARGUMENT", Message: "Request contains an invalid argument."},
			401: {Type: "UNAUTHENTICATED", Message: "Request had invalid authentication credentials."},
			402: {Type: "RESOURCE_EXHAUSTED", Message: "Your account has no credit left."},
			403: {Type: "PERMISSION_DENIED", Message: "Your API key was reported as leaked. Please use another API key."},
			404: {Type: "NOT_FOUND", Message: "Requested entity was not found."},
			405: {Type: "UNIMPLEMENTED", Message: "Method not allowed."},
			408: {Type: "DEADLINE_EXCEEDED", Message: "The request took too long."},
			409: {Type: "ABORTED", Message: "The operation was aborted."},
			410: {Type: "NOT_FOUND", Message: "This endpoint has been retired."},
			413: {Type: "INVALID_ARGUMENT", Message: "The request is too large."},
			421: {Type: "INVALID_ARGUMENT", Message: "The request was sent to the wrong server."},
			423: {Type: "FAILED_PRECONDITION", Message: "The resource is locked."},
			424: {Type: "FAILED_PRECONDITION", Message: "Another request failed before this one."},
			418: {Type: "FAILED_PRECONDITION", Message: "Precondition check failed."},
			422: {Type: "INVALID_ARGUMENT", Message: "Request contains an invalid argument."},
			429: {Type: "RESOURCE_EXHAUSTED", Message: "Resource has been exhausted (e.g. check quota)."},
			451: {Type: "FAILED_PRECONDITION", Message: "Not available for legal reasons."},
			500: {Type: "INTERNAL", Message: "An internal error has occurred."},
			529: {Type: "UNAVAILABLE", Message: "The model is overloaded. Please try again later."},
		},
		header: map[string]string{"Content-Type": "application/json; charset=UTF-8", "Server": "scaffolding on HTTPServer2", "Vary": "Origin"},
		list:   modelList("google", "models/gemini-2.5-flash", "models/gemini-2.5-pro"),
		pages: []page{{func(path string) bool { return !compatible(path) },
			`{"models":[{"name":"models/gemini-2.5-flash","version":"001","displayName":"Gemini 2.5 Flash","supportedGenerationMethods":["generateContent"]}]}`}},
		emptyPages:    []page{{func(path string) bool { return !compatible(path) }, `{"models":[]}`}},
		listsProblems: true, // NousResearch/hermes-agent#7893
	},
	{ // Rekin226/aquascope#257
		hosts: []string{"api.groq.com"},
		shape: groqShape,
		problems: map[int]problem{
			401: {"invalid_request_error", "invalid_api_key", "Invalid API Key"},
			403: {"permissions_error", "key_disabled", "This API key has been disabled."},
			429: {"requests", "rate_limit_exceeded", "Rate limit reached for requests."},
			500: {"internal_server_error", "internal_server_error", "Internal Server Error"},
		},
		header: map[string]string{"X-Request-Id": "req_{{id}}", "X-Groq-Region": "fra"},
		limits: map[string]string{
			"X-Ratelimit-Limit-Requests": "1000", "X-Ratelimit-Remaining-Requests": "0", "X-Ratelimit-Reset-Requests": "30s",
		},
		list: modelList("Meta", "llama-3.3-70b-versatile", "openai/gpt-oss-120b"),
	},
	{ // https://openrouter.ai/docs/errors; "User not found.": OpenRouterTeam/docs#5
		hosts: []string{"openrouter.ai"},
		shape: openRouterShape,
		problems: map[int]problem{
			401: {Message: "User not found."},
			402: {Message: "Insufficient credits."},
			403: {Message: "This API key has been disabled."},
			429: {Message: "Rate limit exceeded."},
		},
		missing: problem{Message: "No auth credentials found"},
		limits:  map[string]string{"X-Ratelimit-Limit": "20", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "1767225630000"},
		list: `{"data":[{"id":"anthropic/claude-sonnet-4.5","name":"Anthropic: Claude Sonnet 4.5","created":1759161676,"context_length":1000000},` +
			`{"id":"openai/gpt-5","name":"OpenAI: GPT-5","created":1754587413,"context_length":400000}]}`,
		pages: []page{
			{suffix("/key"), `{"data":{"label":"conformance","limit":null,"limit_remaining":null,"usage":0,"is_free_tier":false,"rate_limit":{"requests":-1,"interval":"10s"}}}`},
			{suffix("/credits"), `{"data":{"total_credits":10,"total_usage":0}}`},
		},
	},
	{ // dmMaze/BallonsTranslator#1233 for the shape
		hosts: []string{"integrate.api.nvidia.com"},
		shape: nvidiaShape,
		problems: map[int]problem{
			401: {Message: "Authentication failed"},
			403: {Message: "Authorization failed"},
		},
		header: map[string]string{"Nvcf-Reqid": "{{id}}"},
		list:   modelList("nvidia", "nvidia/llama-3.3-nemotron-super-49b-v1", "meta/llama-3.1-8b-instruct"),
	},
}

// generic stands in for every host without facts.
var generic = &family{
	shape:  openAIShape,
	header: map[string]string{"X-Request-Id": "{{id}}"},
	list:   modelList("conformance", "conformance-large", "conformance-small"),
}

func suffix(s string) func(string) bool {
	return func(path string) bool { return strings.HasSuffix(path, s) }
}

// modelList writes a list of models as OpenAI does.
func modelList(owner string, ids ...string) string {
	type model struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Created int    `json:"created"`
		OwnedBy string `json:"owned_by"`
	}
	var models []model
	for _, id := range ids {
		models = append(models, model{id, "model", 1754587413, owner})
	}
	return jsonBody(struct {
		Object string  `json:"object"`
		Data   []model `json:"data"`
	}{"list", models})
}
