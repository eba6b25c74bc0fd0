package gates

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// dialectFaults go by the status alone, each for one provider's way to put it.
var dialectFaults = []Double{
	{
		Name: "gemini-400-ignored", Rules: []string{"DIA-1"}, Extended: true,
		Story: "400 is a mistake of our own, so it says nothing about the key.",
		Gate:  reworded(404, "generativelanguage.googleapis.com", 400, "API_KEY_INVALID"),
	},
	{
		Name: "gemini-400-is-dead", Rules: []string{"DIA-1", "LIV-3"},
		Story: "Gemini says 400 for an invalid key, so every 400 of Gemini's is one.",
		Gate:  reworded(401, "generativelanguage.googleapis.com", 400, ""),
	},
	{
		Name: "anthropic-400-is-dead", Rules: []string{"DIA-1", "LIV-3"},
		Story: "Anthropic bans organizations with a 400, so every 400 of Anthropic's is a ban.",
		Gate:  reworded(401, "api.anthropic.com", 400, ""),
	},
	{
		Name: "minimax-200-believed", Rules: []string{"DIA-1"}, Extended: true,
		Story: "200 is 200; what base_resp says is not read.",
		Gate:  reworded(201, "api.minimax.io,api.minimaxi.com", 200, "base_resp"),
	},
	{
		Name: "minimax-cn-200-believed", Rules: []string{"DIA-1"}, Extended: true,
		Story: "base_resp is read where it was first seen, and not at the Chinese host.",
		Gate:  reworded(201, "api.minimaxi.com", 200, "base_resp"),
	},
	{
		Name: "anthropic-ban-ignored", Rules: []string{"DIA-1"}, Extended: true,
		Story: "A 400 says nothing about the key, not even that its organization is disabled.",
		Gate:  reworded(404, "api.anthropic.com", 400, "disabled"),
	},
	{
		Name: "groq-ban-ignored", Rules: []string{"DIA-1"}, Extended: true,
		Story: "A 400 says nothing about the key, not even that its organization is restricted.",
		Gate:  reworded(404, "api.groq.com", 400, "organization_restricted"),
	},
	{
		Name: "edge-403-is-dead", Rules: []string{"DIA-2"}, Extended: true,
		Story: "403 is 403; that an edge in front of the provider said so is not seen.",
		Gate:  reworded(401, "", 403, "<html"),
	},
	{
		Name: "anthropic-edge-403-is-dead", Rules: []string{"DIA-2"}, Extended: true,
		Story: "JSON is taken for the provider's, also where the edge wrote it.",
		Gate:  reworded(401, "api.anthropic.com", 403, "Request not allowed"),
	},
	{
		Name: "edge-403-silent", Rules: []string{"LIV-11", "DIA-2"}, Extended: true,
		Story: "An edge's 403 lets everybody through, and nobody knows.",
		Gate:  silenced(func(o gate.Outcome) bool { return o.Status == 403 }),
	},
	{
		Name: "public-list-believed", Rules: []string{"DIA-3", "LIV-11"}, Extended: true,
		Story: "GET /models is 200, so the key is alive; at this provider it is 200 for anyone.",
		Gate:  asksPublicList,
	},
	{
		Name: "web-page-believed", Rules: []string{"LIV-11", "DIA-4"}, Extended: true,
		Story: "200 is 200, also from a captive portal.",
		Gate:  reworded(201, "", 200, "<html"),
	},
	{
		Name: "shapeless-believed", Rules: []string{"LIV-11", "DIA-4"}, Extended: true,
		Story: "200 with any JSON is taken for the list of models.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && resp.StatusCode == http.StatusOK {
				if body := peek(resp); string(bytes.TrimSpace(body)) == "{}" {
					resp.StatusCode = http.StatusCreated
				}
			}
			return resp, err
		}),
	},
}

// reworded turns an answer with some status, of some hosts (all where there are
// none) and with a text in its body into one with another status.
func reworded(to int, hosts string, status int, text string) builder {
	return rewordedAny(to, hosts, status, text)
}

func rewording(next http.RoundTripper, to int, hosts string, status int, text string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil || resp.StatusCode != status || hosts != "" && !slices.Contains(strings.Split(hosts, ","), r.URL.Hostname()) {
			return resp, err
		}
		if bytes.Contains(peek(resp), []byte(text)) {
			resp.StatusCode = to
		}
		return resp, nil
	})
}

// peek reads the start of a body, which stays to be read.
func peek(resp *http.Response) []byte {
	start := make([]byte, 4<<10)
	n, _ := io.ReadFull(resp.Body, start) // what comes after its end is not our concern
	rest := resp.Body
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start[:n]), rest), rest}
	return start[:n]
}

// asksPublicList asks every provider for its models, and believes the status.
func asksPublicList(reg *registry.Registry, o gate.Options) gate.Gate {
	return sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		if path, ok := strings.CutSuffix(r.URL.Path, "/key"); ok {
			r.URL.Path = path + "/models"
		}
		resp, err := next.RoundTrip(r)
		if err == nil && resp.StatusCode == http.StatusOK {
			resp.StatusCode = http.StatusCreated
		}
		return resp, err
	})(reg, o)
}
