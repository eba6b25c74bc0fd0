package gates

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

// lawfulReplies say the same in other words, or in another place.
var lawfulReplies = []Double{
	{
		Name:   "prose-only",
		Story:  "The refusal is a code and a sentence; provider and names stand in the sentence only (REF-2).",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) { refuseInProse(w, d, prose) }),
	},
	{
		Name:   "prose-in-german",
		Story:  "The refusal's text is in the tenant's language.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) { refuseInProse(w, d, german) }),
	},
	{
		Name:   "prose-in-lines",
		Story:  "The refusal's sentence is set in lines: the provider and each name begin one.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) { refuseInProse(w, d, proseInLines) }),
	},
	{
		Name:  "one-name-told",
		Story: "Of the names that would be accepted the refusal tells the last one only (REF-2 asks for at least one).",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) {
			if len(d.Accepted) > 1 {
				d.Accepted = d.Accepted[len(d.Accepted)-1:]
			}
			refuseInProse(w, d, prose)
		}),
	},
	{
		Name:  "display-name",
		Story: "The provider goes by the name that people know it by.",
		Gate: decided(func(reg *registry.Registry, _ gate.Request, d gate.Decision) gate.Decision {
			if p := reg.Provider(d.Provider); p != nil && d.Verdict == gate.Refused {
				d.Provider = p.DisplayName
				d.Message = prose(d)
			}
			return d
		}),
	},
	{
		Name:  "vendor-in-provider-field",
		Story: "The reply's provider field holds the vendor, and the sentence names the provider (REF-2).",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) {
			vendor, _, _ := strings.Cut(d.Provider, "-")
			writeObject(w, http.StatusUnprocessableEntity, map[string]any{"code": d.Code, "error": prose(d), "provider": "vendor:" + vendor})
		}),
	},
	{
		Name:  "rfc-code",
		Story: "A dead credential is INVALID_BYOK_CREDENTIAL, as the RFC spells it; the profile knows both (REF-1).",
		Server: func(c *server.Config) {
			next := c.Gate
			c.Gate = decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
				d, err := next.Decide(ctx, req)
				if d.Code == gate.InvalidCredential {
					d.Code = "INVALID_BYOK_CREDENTIAL"
				}
				return d, err
			})
		},
	},
	{
		Name:  "access-log",
		Story: "Every request is logged with its id, and every create with its runtime, model and the names of its secrets.",
		Server: func(c *server.Config) {
			if c.Log == nil {
				return
			}
			log := &locked{to: c.Log}
			c.Log = log
			c.Hooks.WriteRefusal = func(w http.ResponseWriter, r *http.Request, req server.CreateRequest, d gate.Decision) {
				logCreate(log, r, req, http.StatusUnprocessableEntity)
				server.WriteRefusal(w, r, req, d)
			}
			c.Hooks.WriteCreated = func(w http.ResponseWriter, r *http.Request, req server.CreateRequest, made server.Created, d gate.Decision) {
				logCreate(log, r, req, http.StatusCreated)
				server.WriteCreated(w, r, req, made, d)
			}
		},
	},
	{
		Name:   "loud-in-header",
		Story:  "An allow without proof is told in a header of the 201, and neither in its body nor, at create, in the log (LIV-11).",
		Server: loudInHeader,
	},
	{
		Name:   "loud-in-log",
		Story:  "An allow without proof is told in the log only, as a JSON line in the server's own words (LIV-11).",
		Server: loudInLog,
	},
}

// prose tells a decision in one sentence.
func prose(d gate.Decision) string {
	if d.Code == gate.MissingCredential {
		return fmt.Sprintf("This model is served by %q. Please add %s to the workspace, or ask an admin to.", d.Provider, strings.Join(d.Accepted, " or "))
	}
	return fmt.Sprintf("%q did not take your %s. Please replace it.", d.Provider, d.Credential)
}

// german says it in the tenant's language; names of providers and credentials stay.
func german(d gate.Decision) string {
	if d.Code == gate.MissingCredential {
		return fmt.Sprintf("Für den Anbieter „%s“ ist kein Zugangsschlüssel hinterlegt. Bitte hinterlegen Sie %s.", d.Provider, strings.Join(d.Accepted, " oder "))
	}
	return fmt.Sprintf("Der Anbieter „%s“ hat den Schlüssel %s abgelehnt. Bitte ersetzen Sie ihn.", d.Provider, d.Credential)
}

func proseInLines(d gate.Decision) string {
	if d.Code == gate.MissingCredential {
		return "No credential found for\n" + d.Provider + "\nAdd one of\n" + strings.Join(d.Accepted, "\n") + "\n"
	}
	return "Credential refused by\n" + d.Provider + "\nReplace\n" + d.Credential + "\n"
}

func refuseInProse(w http.ResponseWriter, d gate.Decision, tell func(gate.Decision) string) {
	writeObject(w, http.StatusUnprocessableEntity, map[string]any{"code": d.Code, "error": tell(d)})
}

// writeObject answers with a JSON object of strings.
func writeObject(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone; there is nobody to tell
}

func loudInHeader(c *server.Config) {
	if c.Log != nil {
		c.Log = lines{to: c.Log, drop: []byte(" stage=create")}
	}
	c.Hooks.WriteCreated = func(w http.ResponseWriter, r *http.Request, req server.CreateRequest, made server.Created, d gate.Decision) {
		for _, n := range d.Notices {
			w.Header().Add("X-Credential-Unproved", n.Provider+"; "+n.Credential+"; "+n.Cause)
		}
		d.Notices = nil
		server.WriteCreated(w, r, req, made, d)
	}
}

func loudInLog(c *server.Config) {
	if c.Log == nil {
		c.Log = io.Discard
	}
	log := &locked{to: c.Log}
	c.Log = log
	next := c.Gate
	c.Gate = decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		d, err := next.Decide(ctx, req)
		for _, n := range d.Notices {
			line, _ := json.Marshal(map[string]string{ // strings always encode
				"level": "warning", "text": "went ahead with " + n.Credential + " for \"" + n.Provider + "\" unseen: " + n.Cause,
			})
			_, _ = log.Write(append(line, '\n')) // a log that fails has nobody to tell
		}
		d.Notices = nil
		return d, err
	})
}

// logCreate writes an access line; a log that fails has nobody to tell.
func logCreate(log io.Writer, r *http.Request, req server.CreateRequest, status int) {
	line := fmt.Sprintf("%s %s %d id=%q runtime=%q model=%q secrets=%q\n", r.Method, r.URL.Path, status, r.Header.Get("X-Request-Id"), req.Runtime, req.Model,
		slices.Sorted(maps.Keys(req.Secrets)))
	_, _ = log.Write([]byte(line))
}

// lines passes on what is written to it, line by line, but for the lines that
// hold a text.
type lines struct {
	to   io.Writer
	drop []byte
}

func (l lines) Write(line []byte) (int, error) {
	if bytes.Contains(line, l.drop) {
		return len(line), nil
	}
	return l.to.Write(line)
}

// A locked writer takes one line at a time.
type locked struct {
	mu sync.Mutex
	to io.Writer
}

func (l *locked) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(line)
}
