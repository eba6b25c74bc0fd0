package gate_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/molecule-ai/byok-conformance/gate"
)

const (
	anywhere   = "https://api.vendor.example/v1"
	anthropic  = "https://api.anthropic.com/v1"
	gemini     = "https://generativelanguage.googleapis.com/v1beta/openai"
	miniMax    = "https://api.minimax.io/v1"
	miniMaxCN  = "https://api.minimaxi.com/v1"
	groq       = "https://api.groq.com/openai/v1"
	nvidia     = "https://integrate.api.nvidia.com/v1"
	openRouter = "https://openrouter.ai/api/v1"

	jsonType = "application/json"
	htmlType = "text/html; charset=UTF-8"

	list = `{"object":"list","data":[{"id":"m"}]}`
)

// Every row of the classification with its neighbours: the next status, another
// host, the marker missing.
func TestClassification(t *testing.T) {
	for _, c := range []struct {
		rule, name  string
		base        string
		status      int
		contentType string
		body        string
		want        gate.Finding
	}{
		{"LIV-1", "401", anywhere, 401, jsonType, `{"error":{}}`, gate.Dead},
		{"LIV-1", "401 with a web page", anywhere, 401, htmlType, `<html>`, gate.Dead},
		{"LIV-1", "401 without a body", anywhere, 401, "", ``, gate.Dead},
		{"LIV-1", "401 that looks like a list", anywhere, 401, jsonType, list, gate.Dead},
		{"LIV-1", "401 of a public list", nvidia, 401, jsonType, ``, gate.Dead},
		{"LIV-1", "403", anywhere, 403, jsonType, `{"error":{"type":"forbidden"}}`, gate.Dead},
		{"LIV-1", "403 without a content type", anywhere, 403, "", ``, gate.Dead},
		{"LIV-1", "403 in plain text", anywhere, 403, "text/plain", `forbidden`, gate.Dead},
		{"LIV-1", "403 in Anthropic's envelope", anthropic, 403, jsonType, `{"type":"error","error":{"type":"permission_error"}}`, gate.Dead},

		{"LIV-2", "429", anywhere, 429, jsonType, `{}`, gate.Unproven},
		{"LIV-2", "429 with a list", anywhere, 429, jsonType, list, gate.Unproven},
		{"LIV-2", "500", anywhere, 500, jsonType, `{}`, gate.Unproven},
		{"LIV-2", "500 with a list", anywhere, 500, jsonType, list, gate.Unproven},
		{"LIV-2", "529", anywhere, 529, jsonType, `{}`, gate.Unproven},
		{"LIV-2", "599", anywhere, 599, jsonType, `{}`, gate.Unproven},

		{"LIV-3", "200 with a list", anywhere, 200, jsonType, list, gate.Alive},
		{"LIV-3", "200 with a list under models", anywhere, 200, jsonType, `{"models":[{"name":"m"}]}`, gate.Alive},
		{"LIV-3", "200 with a list that says it is text", anywhere, 200, "text/plain", list, gate.Alive},
		{"LIV-3", "200 with more than a list", anywhere, 200, jsonType, `{"has_more":false,"data":[1],"error":null}`, gate.Alive},
		{"LIV-3", "201", anywhere, 201, jsonType, ``, gate.Alive},
		{"LIV-3", "204", anywhere, 204, "", ``, gate.Alive},
		{"LIV-3", "299", anywhere, 299, jsonType, ``, gate.Alive},
		{"LIV-3", "400", anywhere, 400, jsonType, `{}`, gate.Unproven},
		{"LIV-3", "402", anywhere, 402, jsonType, `{}`, gate.Unproven},
		{"LIV-3", "404", anywhere, 404, jsonType, `{}`, gate.Unproven},
		{"LIV-3", "428", anywhere, 428, jsonType, `{}`, gate.Unproven},
		{"LIV-3", "430", anywhere, 430, jsonType, `{}`, gate.Unproven},
		{"LIV-3", "499", anywhere, 499, jsonType, `{}`, gate.Unproven},
		{"SEC-4", "301", anywhere, 301, jsonType, list, gate.Unproven},
		{"SEC-4", "307", anywhere, 307, jsonType, list, gate.Unproven},
		{"SEC-4", "399", anywhere, 399, jsonType, list, gate.Unproven},

		{"DIA-1", "Gemini's invalid key", gemini, 400, jsonType, `{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}`, gate.Dead},
		{"DIA-1", "Gemini's host in capitals", "https://GenerativeLanguage.GoogleAPIs.com/v1", 400, jsonType, `["API_KEY_INVALID"]`, gate.Dead},
		{"DIA-1", "Gemini's other 400", gemini, 400, jsonType, `{"error":{"status":"FAILED_PRECONDITION"}}`, gate.Unproven},
		{"DIA-1", "Gemini's word in a message", gemini, 400, jsonType, `{"error":"no API_KEY_INVALID here"}`, gate.Unproven},
		{"DIA-1", "Gemini's marker with another status", gemini, 404, jsonType, `["API_KEY_INVALID"]`, gate.Unproven},
		{"DIA-1", "Gemini's marker at another host", anywhere, 400, jsonType, `["API_KEY_INVALID"]`, gate.Unproven},
		{"DIA-1", "MiniMax 1004", miniMax, 200, jsonType, `{"base_resp":{"status_code":1004}}`, gate.Dead},
		{"DIA-1", "MiniMax 2049", miniMax, 200, jsonType, `{"base_resp":{"status_code":2049}}`, gate.Dead},
		{"DIA-1", "MiniMax 1004 beside a list", miniMax, 200, jsonType, `{"data":[1],"base_resp":{"status_code":1004}}`, gate.Dead},
		{"DIA-1", "MiniMax China 1004", miniMaxCN, 200, jsonType, `{"base_resp":{"status_code":1004}}`, gate.Dead},
		{"DIA-1", "MiniMax China 2049", miniMaxCN, 200, jsonType, `{"base_resp":{"status_code":2049}}`, gate.Dead},
		{"DIA-1", "MiniMax 1008, no balance", miniMax, 200, jsonType, `{"base_resp":{"status_code":1008}}`, gate.Unproven},
		{"DIA-1", "MiniMax 0 beside a list", miniMax, 200, jsonType, `{"data":[1],"base_resp":{"status_code":0}}`, gate.Alive},
		{"DIA-1", "MiniMax's marker with another status", miniMax, 201, jsonType, `{"base_resp":{"status_code":1004}}`, gate.Alive},
		{"DIA-1", "MiniMax's marker at another host", anywhere, 200, jsonType, `{"data":[1],"base_resp":{"status_code":1004}}`, gate.Alive},
		{"DIA-1", "MiniMax and no JSON", miniMax, 200, jsonType, `1004`, gate.Unproven},
		{"DIA-1", "Anthropic's disabled organization", anthropic, 400, jsonType, `{"error":{"message":"This organization has been disabled."}}`, gate.Dead},
		{"DIA-1", "Anthropic's other 400", anthropic, 400, jsonType, `{"error":{"message":"Your credit balance is too low"}}`, gate.Unproven},
		{"DIA-1", "Anthropic's marker at another host", anywhere, 400, jsonType, `This organization has been disabled.`, gate.Unproven},
		{"DIA-1", "Groq's restricted organization", groq, 400, jsonType, `{"error":{"code":"organization_restricted"}}`, gate.Dead},
		{"DIA-1", "Groq's other 400", groq, 400, jsonType, `{"error":{"code":"bad_request"}}`, gate.Unproven},
		{"DIA-1", "Groq's marker at another host", anywhere, 400, jsonType, `organization_restricted`, gate.Unproven},

		{"DIA-2", "403 with a web page", anywhere, 403, htmlType, `<html>`, gate.Unproven},
		{"DIA-2", "403 with a web page, type in capitals", anywhere, 403, "Text/HTML", `<html>`, gate.Unproven},
		{"DIA-2", "403 with a web page without a type", anywhere, 403, "", "\r\n<!DOCTYPE html>", gate.Unproven},
		{"DIA-2", "403 with a web page that calls itself JSON", anywhere, 403, jsonType, `<html>`, gate.Unproven},
		{"DIA-2", "403 with a web page at Anthropic's", anthropic, 403, htmlType, `<html>`, gate.Unproven},
		{"DIA-2", "403 of Anthropic's edge", anthropic, 403, jsonType, `{"error":{"type":"forbidden","message":"Request not allowed"}}`, gate.Unproven},
		{"DIA-2", "403 of Anthropic's edge with another type", anthropic, 403, jsonType, `{"type":"forbidden"}`, gate.Unproven},

		{"DIA-5", "OpenAI's missing scopes", "https://api.openai.com/v1", 403, jsonType, `{"error":{"message":"Missing scopes: api.model.read"}}`, gate.Unproven},
		{"DIA-5", "OpenAI's other 403", "https://api.openai.com/v1", 403, jsonType, `{"error":{"message":"This API key has been disabled"}}`, gate.Dead},
		{"DIA-5", "OpenAI's words at another host", anywhere, 403, jsonType, `{"error":{"message":"Missing scopes: api.model.read"}}`, gate.Dead},
		{"DIA-5", "Gemini's API that is not enabled", gemini, 403, jsonType, `[{"error":{"details":[{"reason":"SERVICE_DISABLED"}]}}]`, gate.Unproven},

		{"DIA-3", "NVIDIA's list", nvidia, 200, jsonType, list, gate.Unproven},
		{"DIA-3", "NVIDIA's 299", nvidia, 299, jsonType, list, gate.Unproven},
		{"DIA-3", "NVIDIA's 403", nvidia, 403, jsonType, `{}`, gate.Dead},
		{"DIA-3", "OpenRouter's /key", openRouter, 200, jsonType, `{"data":{"label":"l"}}`, gate.Alive},

		{"DIA-4", "200 with a web page", anywhere, 200, htmlType, `<html>`, gate.Unproven},
		{"DIA-4", "200 without a body", anywhere, 200, jsonType, ``, gate.Unproven},
		{"DIA-4", "200 with {}", anywhere, 200, jsonType, `{}`, gate.Unproven},
		{"DIA-4", "200 with an error", anywhere, 200, jsonType, `{"error":{"code":401}}`, gate.Unproven},
		{"DIA-4", "200 with null", anywhere, 200, jsonType, `{"data":null,"models":null}`, gate.Unproven},
		{"DIA-4", "200 with an empty list", anywhere, 200, jsonType, `{"data":[ ]}`, gate.Unproven},
		{"DIA-4", "200 with an empty object", anywhere, 200, jsonType, `{"data":{ }}`, gate.Unproven},
		{"DIA-4", "200 with a text for a list", anywhere, 200, jsonType, `{"data":"nothing","models":"here"}`, gate.Unproven},
		{"DIA-4", "200 with a list and no object", anywhere, 200, jsonType, `[{"id":"m"}]`, gate.Unproven},
		{"DIA-4", "200 cut short", anywhere, 200, jsonType, list[:len(list)-1], gate.Unproven},
		{"DIA-4", "200 with something after it", anywhere, 200, jsonType, list + `<html>`, gate.Unproven},
	} {
		t.Run(c.rule+"/"+c.name, func(t *testing.T) {
			got := ask(t, answering(c.status, c.contentType, c.body), vendor("openai", c.base), named("VENDOR_API_KEY", value("k")))
			if got.Finding != c.want {
				t.Errorf("finding %v (%s), want %v", got.Finding, got.Cause, c.want)
			}
			if got.Status != c.status {
				t.Errorf("status %d, want the provider's %d", got.Status, c.status)
			}
			if (got.Cause == "") != (c.want == gate.Alive) {
				t.Errorf("cause %q with finding %v", got.Cause, c.want)
			}
		})
	}
}

// Every status is read like its neighbours; only five stand out.
func TestEveryStatus(t *testing.T) {
	for status := 200; status < 1000; status++ {
		want := gate.Unproven
		switch {
		case status == 401, status == 403:
			want = gate.Dead
		case status < 300:
			want = gate.Alive
		}
		if got := ask(t, answering(status, jsonType, list), vendor("openai", anywhere), named("VENDOR_API_KEY", value("k"))); got.Finding != want {
			t.Errorf("status %d: finding %v, want %v", status, got.Finding, want)
		}
	}
}

// What ends a body early takes nothing from a verdict that the status has given
// (LIV-1), and proves nothing where content was wanted (ROB-1).
func TestBodyThatBreaksOff(t *testing.T) {
	for _, c := range []struct {
		base   string
		status int
		start  string
		want   gate.Finding
	}{
		{anywhere, 200, list, gate.Unproven},
		{miniMax, 200, `{"base_resp":{"status_code":1004}}`, gate.Unproven},
		{anywhere, 401, ``, gate.Dead},
		{anywhere, 401, `{"error":{`, gate.Dead},
		{anywhere, 403, ``, gate.Dead},
		{anywhere, 204, ``, gate.Alive},
		{gemini, 400, `{"reason":"API_KEY_INVALID"`, gate.Dead},
	} {
		t.Run(fmt.Sprint(c.status, c.start), func(t *testing.T) {
			tr := &transport{answer: func(*http.Request) (*http.Response, error) {
				resp := response(c.status, jsonType, "")
				resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(c.start), iotest.ErrReader(errors.New("connection reset"))))
				return resp, nil
			}}
			if got := ask(t, tr, vendor("openai", c.base), named("VENDOR_API_KEY", value("k"))); got.Finding != c.want {
				t.Errorf("finding %v (%s), want %v", got.Finding, got.Cause, c.want)
			}
		})
	}
}

// A body is read up to a mebibyte: a list of that size counts, and what lies
// behind it is not asked for.
func TestBodyIsBounded(t *testing.T) {
	const mebibyte = 1 << 20
	for _, c := range []struct {
		size int
		want gate.Finding
	}{{mebibyte, gate.Alive}, {mebibyte + 1, gate.Unproven}, {100 << 20, gate.Unproven}} {
		body := &counted{next: io.LimitReader(io.MultiReader(strings.NewReader(`{"data":["`), endless{}), int64(c.size-len(`"]}`)))}
		tr := &transport{answer: func(*http.Request) (*http.Response, error) {
			resp := response(200, jsonType, "")
			resp.Body = io.NopCloser(io.MultiReader(body, strings.NewReader(`"]}`)))
			return resp, nil
		}}
		if got := ask(t, tr, vendor("openai", anywhere), named("VENDOR_API_KEY", value("k"))); got.Finding != c.want {
			t.Errorf("%d bytes: finding %v (%s), want %v", c.size, got.Finding, got.Cause, c.want)
		}
		if body.read > mebibyte {
			t.Errorf("%d bytes: %d were read, want at most %d", c.size, body.read, mebibyte)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

type counted struct {
	next io.Reader
	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.next.Read(p)
	c.read += n
	return n, err
}
