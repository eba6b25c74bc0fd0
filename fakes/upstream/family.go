package upstream

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A family is how one provider writes its answers. Its sources stand beside
// the rows in families.go; what has none is written like OpenAI's.
type family struct {
	hosts []string
	// shape puts a problem into the provider's envelope.
	shape func(status int, p problem) any
	// problems are what it says, by status. generalProblems fills the gaps.
	problems map[int]problem
	// missing is what it says where no key was sent; zero: the same as to an invalid one.
	missing problem
	// header is on every JSON reply. Values may have placeholders.
	header map[string]string
	// limits are on a 429, beside Retry-After.
	limits map[string]string
	// list is the body of the list of models.
	list string
	// pages are other authenticated paths with a body of their own.
	pages []page
	// emptyPages are those where an empty list looks otherwise than OpenAI's.
	emptyPages []page
	// listsProblems: below its OpenAI-compatible path a problem stands in a list.
	listsProblems bool
}

// A page is an authenticated path that does not answer with the list of models.
type page struct {
	matches func(path string) bool
	body    string
}

// A problem is what is wrong, in the three parts that most envelopes have.
type problem struct{ Type, Code, Message string }

// generalProblems are used where a family has nothing of its own to say.
var generalProblems = map[int]problem{
	400: {"invalid_request_error", "bad_request", "The request could not be processed."},
	401: {"invalid_request_error", "invalid_api_key", "Invalid API key provided."},
	402: {"insufficient_quota", "insufficient_quota", "Your account has no credit left."},
	403: {"permission_error", "key_disabled", "This API key has been disabled."},
	404: {"invalid_request_error", "not_found", "The requested resource was not found."},
	405: {"invalid_request_error", "method_not_allowed", "This method is not allowed here."},
	406: {"invalid_request_error", "not_acceptable", "There is no answer of a type that you accept."},
	408: {"timeout_error", "request_timeout", "The request took too long."},
	409: {"invalid_request_error", "conflict", "The request conflicts with another one."},
	410: {"invalid_request_error", "gone", "This endpoint has been retired."},
	412: {"invalid_request_error", "precondition_failed", "A condition of the request does not hold."},
	413: {"invalid_request_error", "content_too_large", "The request is too large."},
	415: {"invalid_request_error", "unsupported_media_type", "This media type is not supported."},
	418: {"invalid_request_error", "teapot", "This endpoint is a teapot."},
	421: {"invalid_request_error", "misdirected", "The request was sent to the wrong server."},
	423: {"invalid_request_error", "locked", "The resource is locked."},
	424: {"invalid_request_error", "failed_dependency", "Another request failed before this one."},
	422: {"invalid_request_error", "unprocessable", "The request is well formed but cannot be followed."},
	425: {"invalid_request_error", "too_early", "The request might be replayed."},
	426: {"invalid_request_error", "upgrade_required", "This protocol is not supported here."},
	428: {"invalid_request_error", "precondition_required", "The request has to be conditional."},
	429: {"rate_limit_error", "rate_limit_exceeded", "Too many requests. Please slow down."},
	431: {"invalid_request_error", "headers_too_large", "The request's headers are too large."},
	434: {"invalid_request_error", "unassigned", "The request could not be processed."},
	451: {"invalid_request_error", "unavailable_for_legal_reasons", "Not available for legal reasons."},
	499: {"invalid_request_error", "client_closed_request", "The request was cancelled."},
	500: {"server_error", "internal_error", "The server had an error while processing your request."},
	501: {"server_error", "not_implemented", "This is not implemented."},
	507: {"server_error", "insufficient_storage", "There is no storage left."},
	529: {"overloaded_error", "overloaded", "The service is overloaded."},
	599: {"server_error", "unassigned", "The server had an error while processing your request."},
	600: {"server_error", "unassigned", "The server had an error while processing your request."},
	999: {"server_error", "unassigned", "The request was denied."},
}

// problem returns what the family says with a status.
func (f *family) problem(status int) problem {
	if p, ok := f.problems[status]; ok {
		return p
	}
	return generalProblems[status]
}

// body writes a problem in the family's envelope.
func (f *family) body(status int, p problem) string {
	return jsonBody(f.shape(status, p))
}

func jsonBody(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // our own structs of strings and numbers always encode
	return strings.TrimSuffix(b.String(), "\n")
}

// familyOf returns the family of a host.
func familyOf(host string) *family {
	for _, f := range families {
		if slices.Contains(f.hosts, host) {
			return f
		}
	}
	return generic
}

// The envelopes.

type openAIError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func openAIShape(_ int, p problem) any {
	e := openAIError{Message: p.Message, Type: p.Type}
	if p.Code != "" {
		e.Code = &p.Code
	}
	return envelope{Error: e}
}

type envelope struct {
	Error any `json:"error"`
}

type anthropicEnvelope struct {
	Type      string `json:"type"`
	Error     any    `json:"error"`
	RequestID string `json:"request_id"`
}

type typeAndMessage struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

func anthropicShape(_ int, p problem) any {
	return anthropicEnvelope{"error", typeAndMessage{p.Type, p.Message}, "req_{{id}}"}
}

func minimaxShape(status int, p problem) any {
	type withCode struct {
		Type     string `json:"type"`
		Message  string `json:"message"`
		HTTPCode string `json:"http_code"`
	}
	return anthropicEnvelope{"error", withCode{p.Type, p.Message, fmt.Sprint(status)}, "{{id}}"}
}

func messageAndTypeShape(_ int, p problem) any {
	return envelope{struct {
		Message string `json:"message"`
		Type    string `json:"type"`
	}{p.Message, p.Type}}
}

func groqShape(_ int, p problem) any {
	return envelope{struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    string `json:"code"`
	}{p.Message, p.Type, p.Code}}
}

func zaiShape(_ int, p problem) any {
	return envelope{struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{p.Code, p.Message}}
}

func xiaomiShape(_ int, p problem) any {
	return envelope{struct {
		Message string `json:"message"`
		Param   string `json:"param"`
		Code    string `json:"code"`
		Type    string `json:"type"`
	}{p.Message, "Please provide valid API Key", p.Code, p.Type}}
}

func openRouterShape(status int, p problem) any {
	return envelope{struct {
		Message string `json:"message"`
		Code    int    `json:"code"`
	}{p.Message, status}}
}

func googleShape(status int, p problem) any {
	return envelope{googleError{Code: status, Message: p.Message, Status: p.Type}}
}

type googleError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Status  string `json:"status"`
	Details []any  `json:"details,omitempty"`
}

func nvidiaShape(status int, p problem) any {
	title := http.StatusText(status)
	if title == "" {
		title = "Error"
	}
	return struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}{status, title, p.Message}
}
