package upstream

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// scriptsFor returns every script of a host's family: the catalogue, and the
// answers of an exchange that no credential asked for.
func scriptsFor(host string) map[Answer]*script { return allScripts()[familyOf(host)] }

var allScripts = sync.OnceValue(func() map[*family]map[Answer]*script {
	all := map[*family]map[Answer]*script{}
	for _, f := range append(families, generic) {
		scripts := map[Answer]*script{
			NoCredential:      f.refusal(NoCredential),
			UnknownCredential: f.says(UnknownCredential, 401, f.problem(401)),
			NoVersion: f.says(NoVersion, 400,
				problem{Type: "invalid_request_error", Message: "anthropic-version: header is required"}),
			// NousResearch/hermes-agent#7893
			ManyCredentials: f.says(ManyCredentials, 400,
				problem{Type: "INVALID_ARGUMENT", Message: "Multiple authentication credentials received. Please pass only one."}),
		}
		for _, spec := range catalogue {
			scripts[spec.Name] = f.script(spec)
		}
		all[f] = scripts
	}
	return all
})

// refusalScript answers for a host that nobody stands in for.
var refusalScript = func() *script {
	s := &script{answer: UnknownHost, status: http.StatusForbidden, body: newTemplate("not a registry host; nothing is forwarded\n")}
	s.setHeader(map[string]string{"Content-Type": "text/plain; charset=utf-8"})
	return s
}()

// refusal is the answer to a request without a key.
func (f *family) refusal(answer Answer) *script {
	p := f.missing
	if p == (problem{}) {
		p = f.problem(401)
	}
	return f.says(answer, 401, p)
}

// script prepares one answer of the catalogue.
func (f *family) script(spec Spec) *script {
	if fault, ok := faults[spec.Name]; ok {
		return &script{answer: spec.Name, fault: fault}
	}
	if dialect, ok := dialects[spec.Name]; ok {
		s := &script{answer: spec.Name, status: spec.Status, body: newTemplate(dialect.body)}
		if spec.Status >= 400 && !dialect.edge {
			s.pages = f.listed(dialect.body)
		}
		if dialect.edge {
			s.setHeader(dialect.header)
		} else {
			s.setHeader(f.header, dialect.header)
		}
		return s
	}
	switch spec.Name {
	case "no-content", "not-modified", "dead-empty", "forbidden-empty":
		s := &script{answer: spec.Name, status: spec.Status}
		s.setHeader(f.header)
		s.header.Del("Content-Type")
		return s
	case "rate-limited-bare":
		s := f.says(spec.Name, spec.Status, f.problem(spec.Status))
		s.header.Del("Retry-After")
		return s
	case "dead-retry-after":
		s := f.says(spec.Name, spec.Status, f.problem(spec.Status))
		s.header.Set("Retry-After", "1")
		return s
	case "unavailable-hour":
		s := htmlError(spec, "nginx")
		s.header.Set("Retry-After", "3600")
		return s
	case "quota-exhausted":
		s := f.says(spec.Name, spec.Status, problem{"insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan and billing details."})
		for name := range f.limits {
			s.header.Del(name)
		}
		s.header.Del("Retry-After")
		return s
	case "error-in-200":
		s := f.says(spec.Name, spec.Status, f.problem(http.StatusUnauthorized))
		return s
	case "public-list":
		s := f.says(spec.Name, http.StatusUnauthorized, f.problem(401))
		s.public = f.lists(spec.Name, http.StatusOK)
		return s
	case "bad-gateway":
		return htmlError(spec, "nginx: the origin said 401 Unauthorized, invalid API key")
	case "unavailable", "gateway-timeout", "dead-page":
		return htmlError(spec, "nginx")
	case "origin-error", "origin-timeout", "origin-handshake":
		return htmlError(spec, "cloudflare")
	case "redirect-loop", "redirect-other-host", "redirect-sibling", "redirect-http", "redirect-see-other", "redirect-permanent", "redirect-subdomain":
		s := &script{answer: spec.Name, status: spec.Status, location: locations[spec.Name], body: newTemplate("")}
		s.setHeader(map[string]string{"Server": "nginx"})
		return s
	case "echo-dead", "echo-forbidden", "echo-error":
		return f.echo(spec)
	}
	if spec.Status < 300 {
		s := f.lists(spec.Name, spec.Status)
		s.deliver = deliveries[spec.Name]
		return s
	}
	s := f.says(spec.Name, spec.Status, f.problem(spec.Status))
	s.deliver = deliveries[spec.Name]
	return s
}

// says writes a problem in the family's envelope.
func (f *family) says(answer Answer, status int, p problem) *script {
	s := &script{answer: answer, status: status, body: newTemplate(f.body(status, p)), pages: f.listed(f.body(status, p))}
	extra := map[string]string{}
	switch status {
	case http.StatusTooManyRequests:
		maps.Copy(extra, f.limits)
		extra["Retry-After"] = "30"
	case http.StatusUnauthorized:
		if slices.Contains(f.hosts, "api.openai.com") {
			extra["Www-Authenticate"] = "Bearer" // which invites nobody to ask again (LIV-9)
		}
	case http.StatusMethodNotAllowed:
		extra["Allow"] = "POST"
	}
	s.setHeader(map[string]string{"Content-Type": "application/json"}, f.header, extra)
	return s
}

// listed is the page of a family that puts its problems into a list below its
// OpenAI-compatible path; nil for all others.
func (f *family) listed(body string) []scriptPage {
	if !f.listsProblems {
		return nil
	}
	return []scriptPage{{compatible, newTemplate("[" + body + "]")}}
}

// lists is the list of models.
func (f *family) lists(answer Answer, status int) *script {
	s := &script{answer: answer, status: status, body: newTemplate(f.list)}
	// A cache that keeps a list by its URL would let one value's list prove another's life (LIV-12).
	s.setHeader(map[string]string{"Content-Type": "application/json", "Cache-Control": "public, max-age=3600"}, f.header)
	switch answer {
	case "empty-list":
		s.body = newTemplate(`{"object":"list","data":[]}`)
		for _, p := range f.emptyPages {
			s.pages = append(s.pages, scriptPage{p.matches, newTemplate(p.body)})
		}
	case "live", "created", "queued", "partial", "late-live":
		for _, p := range f.pages {
			s.pages = append(s.pages, scriptPage{p.matches, newTemplate(p.body)})
		}
	}
	return s
}

// echo is a problem that holds the whole credential.
func (f *family) echo(spec Spec) *script {
	p := f.problem(spec.Status)
	p.Message = "Rejected the API key {{credential}}: " + p.Message
	s := f.says(spec.Name, spec.Status, p)
	s.fields = append(s.fields, field{"X-Rejected-Key", newTemplate("{{credential}}")})
	return s
}

// htmlError is the page of an edge in front of the provider.
func htmlError(spec Spec, server string) *script {
	title := statusLines[spec.Status]
	s := &script{answer: spec.Name, status: spec.Status, body: newTemplate("<html>\r\n<head><title>" + title + "</title></head>\r\n" +
		"<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>" + server + "</center>\r\n</body>\r\n</html>\r\n")}
	name, _, _ := strings.Cut(server, ":")
	s.setHeader(map[string]string{"Content-Type": "text/html", "Server": name})
	return s
}

// setHeader sets the headers, later maps over earlier ones.
func (s *script) setHeader(headers ...map[string]string) {
	s.header = http.Header{}
	merged := map[string]string{}
	for _, h := range headers {
		maps.Copy(merged, h)
	}
	for name, value := range merged {
		name = http.CanonicalHeaderKey(name)
		if t := newTemplate(value); t.parts != nil {
			s.fields = append(s.fields, field{name, t})
		} else {
			s.header.Set(name, value)
		}
	}
}
