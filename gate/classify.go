package gate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// An answer is what the classification looks at.
type answer struct {
	host        string
	status      int
	contentType string
	body        []byte
	// err is what ended the body before its end; nil where it was whole.
	err error
}

// A row of the classification: the first whose conditions all hold decides.
// A zero condition holds for every answer.
type row struct {
	host     string // exact host
	from, to int    // statuses, both ends included
	html     bool   // it is a web page, by its content type or by what it holds
	markers  []string
	holds    func(answer) bool
	finding  Finding
	cause    string
}

// classification reads a provider's answer. The first rows are the providers'
// own dialects (DIA-1 to DIA-5), the last ones the plain rule (LIV-1 to LIV-3).
var classification = []row{
	{host: "generativelanguage.googleapis.com", from: 400, to: 400, markers: []string{`"API_KEY_INVALID"`}, finding: Dead, cause: "the provider says that the key is not valid"},
	{host: "api.minimax.io", from: 200, to: 200, holds: miniMaxRefuses, finding: Dead, cause: "the provider says that the key is not valid"},
	{host: "api.minimaxi.com", from: 200, to: 200, holds: miniMaxRefuses, finding: Dead, cause: "the provider says that the key is not valid"},
	{host: "api.anthropic.com", from: 400, to: 400, markers: []string{"organization has been disabled"}, finding: Dead, cause: "the provider says that the organization is disabled"},
	{host: "api.groq.com", from: 400, to: 400, markers: []string{"organization_restricted"}, finding: Dead, cause: "the provider says that the organization is restricted"},
	{host: "api.openai.com", from: 403, to: 403, markers: []string{"Missing scopes"}, finding: Unproven, cause: "the provider says that the key lacks a scope"},
	{host: "generativelanguage.googleapis.com", from: 403, to: 403, markers: []string{`"SERVICE_DISABLED"`}, finding: Unproven, cause: "the provider says that the key's project has not enabled the API"},
	{from: 403, to: 403, html: true, finding: Unproven, cause: "an edge in front of the provider answered 403 with a web page"},
	{host: "api.anthropic.com", from: 403, to: 403, holds: notAnthropicEnvelope, finding: Unproven, cause: "an edge in front of the provider answered 403"},
	{host: "integrate.api.nvidia.com", from: 200, to: 299, finding: Unproven, cause: "the provider's list answers anyone, so it proves nothing"},
	{from: 401, to: 401, finding: Dead, cause: "the provider answered 401"},
	{from: 403, to: 403, finding: Dead, cause: "the provider answered 403"},
	{from: 429, to: 429, finding: Unproven, cause: "the provider answered 429 (rate limited)"},
	{from: 200, to: 200, holds: listsModels, finding: Alive},
	{from: 201, to: 299, finding: Alive},
	{from: 200, to: 200, finding: Unproven, cause: "the provider answered 200 without the expected content"},
	{from: 400, to: 499, finding: Unproven, cause: "the provider answered with a client error that says nothing about the credential"},
	{from: 500, to: 599, finding: Unproven, cause: "the provider has a fault of its own"},
}

func classify(a answer) Outcome {
	for _, r := range classification {
		if r.matches(a) {
			return Outcome{r.finding, r.cause, a.status}
		}
	}
	return Outcome{Unproven, "the provider gave an answer that proves nothing", a.status}
}

func (r row) matches(a answer) bool {
	switch {
	case r.host != "" && r.host != a.host,
		r.from != 0 && (a.status < r.from || a.status > r.to),
		r.html && !isPage(a),
		r.holds != nil && !r.holds(a):
		return false
	}
	return !slices.ContainsFunc(r.markers, func(m string) bool { return !bytes.Contains(a.body, []byte(m)) })
}

// isPage reports whether an answer is a web page: an edge may leave the type of its
// page out, or call it JSON.
func isPage(a answer) bool {
	return strings.HasPrefix(strings.ToLower(a.contentType), "text/html") || bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<"))
}

// miniMaxRefuses reads the native error that MiniMax sends with status 200.
func miniMaxRefuses(a answer) bool {
	var body struct {
		BaseResp struct {
			StatusCode int `json:"status_code"`
		} `json:"base_resp"`
	}
	if a.err != nil || json.Unmarshal(a.body, &body) != nil {
		return false
	}
	return body.BaseResp.StatusCode == 1004 || body.BaseResp.StatusCode == 2049
}

// notAnthropicEnvelope reports whether a 403 came from the edge: the API's own
// errors say "type": "error" at the top.
func notAnthropicEnvelope(a answer) bool {
	var body struct {
		Type string `json:"type"`
	}
	return json.Unmarshal(a.body, &body) != nil || body.Type != "error"
}

// listsModels reports whether a 200 is a JSON object with content of its own:
// a list, or the answer of OpenRouter's /key.
func listsModels(a answer) bool {
	if a.err != nil {
		return false
	}
	var body struct {
		Data   any `json:"data"`
		Models any `json:"models"`
	}
	return json.Unmarshal(a.body, &body) == nil && (holdsSomething(body.Data) || holdsSomething(body.Models))
}

// holdsSomething reports whether a JSON value is a list or an object, and not empty.
func holdsSomething(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return false
}
