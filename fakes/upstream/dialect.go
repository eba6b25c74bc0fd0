package upstream

// A dialect is an answer that one provider, or an edge in front of any, gives
// in exactly these words. Headers come on top of the family's.
type dialect struct {
	body   string
	header map[string]string
	// edge says that the provider itself never saw the request, so that the
	// family's headers are missing.
	edge bool
}

var (
	jsonType = map[string]string{"Content-Type": "application/json"}
	htmlType = map[string]string{"Content-Type": "text/html; charset=UTF-8"}
)

var dialects = map[Answer]dialect{
	// Not in any provider's shape at all.
	"bad-gzip": {"these bytes have never seen a compressor",
		map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, false},
	"shapeless": {`{}`, jsonType, false},
	"web-page":  {webPage, htmlType, true},
	// tashfeenahmed/freellmapi#1298
	"edge-challenge": {challengePage, map[string]string{
		"Content-Type": "text/html; charset=UTF-8", "Server": "cloudflare", "Cf-Ray": "{{id}}-FRA",
		"Cf-Mitigated": "challenge", "Set-Cookie": "__cf_bm={{id}}; path=/; HttpOnly; Secure", "Cache-Control": "private, max-age=0, no-store",
	}, true},

	// tashfeenahmed/freellmapi#285
	"gemini-key-invalid": {jsonBody(envelope{googleError{
		Code: 400, Message: "API key not valid. Please pass a valid API key.", Status: "INVALID_ARGUMENT",
		Details: []any{errorInfo{
			Type: "type.googleapis.com/google.rpc.ErrorInfo", Reason: "API_KEY_INVALID", Domain: "googleapis.com",
			Metadata: map[string]string{"service": "generativelanguage.googleapis.com"},
		}},
	}}), jsonType, false},
	"gemini-location": {jsonBody(envelope{googleError{
		Code: 400, Message: "User location is not supported for the API use.", Status: "FAILED_PRECONDITION",
	}}), jsonType, false},

	// The same pages without a type, and with a wrong one.
	"web-page-untyped":       {webPage, nil, true},
	"web-page-as-json":       {webPage, jsonType, true},
	"edge-challenge-untyped": {challengePage, map[string]string{"Server": "cloudflare", "Cf-Ray": "{{id}}-FRA"}, true},
	"edge-challenge-as-json": {challengePage, map[string]string{"Content-Type": "application/json", "Server": "cloudflare", "Cf-Ray": "{{id}}-FRA"}, true},

	// Xojo-OpenAI#8: the key works, and may not list models.
	"scope-missing": {jsonBody(openAIShape(403, problem{Type: "invalid_request_error", Code: "missing_scope",
		Message: "You have insufficient permissions for this operation. Missing scopes: api.model.read. Check that you have the correct role in your organization and project, and if you're using a restricted API key, that it has the necessary scopes."})), jsonType, false},
	// https://ai.google.dev/gemini-api/docs/troubleshooting: the key works, and its project has not enabled the API.
	"gemini-service-disabled": {jsonBody(envelope{googleError{
		Code: 403, Message: "Generative Language API has not been used in project 123456789012 before or it is disabled. Enable it and retry.", Status: "PERMISSION_DENIED",
		Details: []any{errorInfo{
			Type: "type.googleapis.com/google.rpc.ErrorInfo", Reason: "SERVICE_DISABLED", Domain: "googleapis.com",
			Metadata: map[string]string{"service": "generativelanguage.googleapis.com"},
		}},
	}}), jsonType, false},

	// The markers of one provider, in another's reply.
	"marker-gemini": {jsonBody(envelope{googleError{
		Code: 400, Message: "A tool of this request failed: API key not valid. Please pass a valid API key.", Status: "INVALID_ARGUMENT",
		Details: []any{errorInfo{Type: "type.googleapis.com/google.rpc.ErrorInfo", Reason: "API_KEY_INVALID", Domain: "googleapis.com"}},
	}}), jsonType, false},
	"marker-minimax-1004": {`{"object":"list","data":[{"id":"model-1","object":"model"}],"base_resp":{"status_code":1004,"status_msg":"login fail"}}`, jsonType, false},
	"marker-minimax-2049": {`{"object":"list","data":[{"id":"model-1","object":"model"}],"base_resp":{"status_code":2049,"status_msg":"invalid api key"}}`, jsonType, false},
	"marker-anthropic":    {jsonBody(openAIShape(400, problem{"invalid_request_error", "bad_request", "This organization has been disabled."})), jsonType, false},
	"marker-groq":         {jsonBody(openAIShape(400, problem{"invalid_request_error", "organization_restricted", "Organization has been restricted."})), jsonType, false},

	// https://platform.minimax.io/docs/api-reference/errorcode
	"minimax-0":    {`{"object":"list","data":[{"id":"MiniMax-M2","object":"model"}],"base_resp":{"status_code":0,"status_msg":"success"}}`, jsonType, false},
	"minimax-1000": {`{"base_resp":{"status_code":1000,"status_msg":"unknown error"}}`, jsonType, false},
	"minimax-1002": {`{"base_resp":{"status_code":1002,"status_msg":"rate limit"}}`, jsonType, false},
	"minimax-1008": {`{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}`, jsonType, false},
	"minimax-2013": {`{"base_resp":{"status_code":2013,"status_msg":"invalid params"}}`, jsonType, false},
	"minimax-1004": {`{"base_resp":{"status_code":1004,"status_msg":"login fail: Please carry the API secret key in the 'Authorization' field of the request header"}}`, jsonType, false},
	"minimax-2049": {`{"base_resp":{"status_code":2049,"status_msg":"invalid api key"}}`, jsonType, false},

	// anthropics/claude-code#19028, anthropics/anthropic-sdk-typescript#618
	"anthropic-org-disabled": {anthropicBad("This organization has been disabled."), jsonType, false},
	"anthropic-credit-low": {anthropicBad("Your credit balance is too low to access the Anthropic API. " +
		"Please go to Plans & Billing to upgrade or purchase credits."), jsonType, false},
	// anthropics/anthropic-sdk-typescript#457: no top-level type, no request_id
	"anthropic-edge": {`{"error":{"type":"forbidden","message":"Request not allowed"}}`,
		map[string]string{"Content-Type": "application/json", "Server": "cloudflare", "Cf-Ray": "{{id}}-FRA"}, true},

	// songquanpeng/one-api#1764
	"groq-org-restricted": {jsonBody(groqShape(400, problem{"invalid_request_error", "organization_restricted",
		"Organization has been restricted. Please reach out to support if you believe this was in error."})), jsonType, false},
}

type errorInfo struct {
	Type     string            `json:"@type"`
	Reason   string            `json:"reason"`
	Domain   string            `json:"domain"`
	Metadata map[string]string `json:"metadata"`
}

func anthropicBad(message string) string {
	return jsonBody(anthropicShape(400, problem{Type: "invalid_request_error", Message: message}))
}

const webPage = `<!DOCTYPE html>
<html lang="en"><head><title>Sign in</title></head>
<body><form method="post" action="/login"><input name="user"><input name="password" type="password"></form></body></html>
`

const challengePage = `<!DOCTYPE html>
<html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex,nofollow"></head>
<body><div class="main-wrapper" role="main"><h1>Checking if the site connection is secure</h1>
<noscript>Enable JavaScript and cookies to continue</noscript></div></body></html>
`
