package gates

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

// refusalFaults say no in a wrong way.
var refusalFaults = []Double{
	{
		Name: "wrong-code", Rules: []string{"REF-1"},
		Story: "A code of the server's own taste.",
		Gate: decided(func(_ *registry.Registry, _ gate.Request, d gate.Decision) gate.Decision {
			if d.Verdict == gate.Refused {
				d.Code = "CREDENTIAL_ERROR"
			}
			return d
		}),
	},
	{
		Name: "codes-swapped", Rules: []string{"LIV-1", "PRE-1", "PRE-2"},
		Story: "A dead credential is called missing.",
		Gate: decided(func(_ *registry.Registry, _ gate.Request, d gate.Decision) gate.Decision {
			if d.Code == gate.InvalidCredential {
				d.Code, d.Accepted = gate.MissingCredential, []string{d.Credential}
			}
			return d
		}),
	},
	{
		Name: "status-400", Rules: []string{"REF-1"},
		Story:  "Bad input is 400, as everywhere else in this server.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) { refuseJSON(w, http.StatusBadRequest, d, d.Message) }),
	},
	{
		Name: "status-200", Rules: []string{"REF-1"},
		Story:  "Errors stand in the body, the status is always 200.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) { refuseJSON(w, http.StatusOK, d, d.Message) }),
	},
	{
		Name: "status-500", Rules: []string{"REF-1"},
		Story: "The gate's error is wrapped and comes out as an internal error.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) {
			refuseJSON(w, http.StatusInternalServerError, d, d.Message)
		}),
	},
	{
		Name: "text-refusal", Rules: []string{"REF-1"},
		Story: "The refusal is a line of text.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) {
			http.Error(w, string(d.Code)+": "+d.Message, http.StatusUnprocessableEntity)
		}),
	},
	{
		Name: "code-twice", Rules: []string{"REF-1"},
		Story: "The error handler writes a code, and the one around it another one; the JSON library keeps both.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			names := strings.Join(append(d.Accepted, d.Credential), " ")
			fmt.Fprintf(w, `{"code":"VALIDATION_ERROR","provider":%q,"error":%q,"code":%q}`+"\n", d.Provider, "no usable credential: "+names, d.Code)
		}),
	},
	{
		Name: "provider-not-named", Rules: []string{"REF-2"},
		Story: "The refusal says that a credential is missing, and not whose.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) {
			refuseJSON(w, http.StatusUnprocessableEntity, gate.Decision{Code: d.Code}, "a credential is missing or not valid: "+strings.Join(append(d.Accepted, d.Credential), " "))
		}),
	},
	{
		Name: "wrong-provider-named", Rules: []string{"REF-2"},
		Story: "The refusal names the vendor of the first credential in the catalogue.",
		Gate: decided(func(reg *registry.Registry, _ gate.Request, d gate.Decision) gate.Decision {
			if d.Verdict == gate.Refused {
				wrong := reg.Providers[0].Name
				if d.Provider == wrong {
					wrong = reg.Providers[1].Name
				}
				d.Message = strings.ReplaceAll(d.Message, d.Provider, wrong)
				d.Provider = wrong
			}
			return d
		}),
	},
	{
		Name: "accepted-names-not-told", Rules: []string{"REF-2"},
		Story: "The refusal names the provider and leaves the tenant to guess what it wants.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) {
			refuseJSON(w, http.StatusUnprocessableEntity, gate.Decision{Code: d.Code, Provider: d.Provider}, "no usable credential for "+d.Provider)
		}),
	},
	{
		Name: "created-then-failed", Rules: []string{"REF-4"},
		Story: "The create call answers 201; the gate runs where the workspace is provisioned.",
		Server: func(c *server.Config) {
			c.Hooks.GateRequest = func(id string, req gate.Request) gate.Request {
				if id == "" {
					req.External = true
				}
				return req
			}
		},
	},
	{
		Name: "row-left-behind", Rules: []string{"REF-3"},
		Story:  "The row is written first, and the refusal forgets to roll it back.",
		Server: func(c *server.Config) { c.Hooks.KeepRefused.Row = true },
	},
	{
		Name: "secrets-left-behind", Rules: []string{"REF-3"}, Remembers: true,
		Story:  "The secrets of the request are saved before the gate is asked.",
		Server: func(c *server.Config) { c.Hooks.KeepRefused.Secrets = true },
	},
	{
		Name: "status-403", Rules: []string{"REF-1"},
		Story:  "A credential that is missing or dead is a matter of permission.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) { refuseJSON(w, http.StatusForbidden, d, d.Message) }),
	},
	{
		Name: "code-missing", Rules: []string{"REF-1"},
		Story: "The refusal is a sentence in JSON; there is no code.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) {
			writeObject(w, http.StatusUnprocessableEntity, map[string]any{"error": d.Message, "provider": d.Provider})
		}),
	},
	{
		Name: "dead-credential-not-named", Rules: []string{"REF-2"}, Extended: true,
		Story: "The refusal says that the provider did not take the key, and not which one that was.",
		Server: refusing(func(w http.ResponseWriter, d gate.Decision) {
			if d.Code == gate.InvalidCredential {
				d.Message = d.Provider + " did not take the key"
			}
			refuseJSON(w, http.StatusUnprocessableEntity, d, d.Message)
		}),
	},
	{
		Name: "found-names-told", Rules: []string{"REF-2"},
		Story: "The refusal lists the names that are there, and not those that would do.",
		Server: func(c *server.Config) {
			c.Hooks.WriteRefusal = func(w http.ResponseWriter, _ *http.Request, req server.CreateRequest, d gate.Decision) {
				message := "no usable credential for " + d.Provider + "; found:"
				for name := range req.Secrets {
					message += " " + name
				}
				refuseJSON(w, http.StatusUnprocessableEntity, gate.Decision{Code: d.Code, Provider: d.Provider}, message)
			}
		},
	},
	{
		Name: "provisioned-all-the-same", Rules: []string{"REF-3"},
		Story:  "The refusal is sent, and the goroutine that provisions has been started already.",
		Server: func(c *server.Config) { c.Hooks.KeepRefused.Provisioning = true },
	},
}

func refusing(write func(http.ResponseWriter, gate.Decision)) func(*server.Config) {
	return func(c *server.Config) {
		c.Hooks.WriteRefusal = func(w http.ResponseWriter, _ *http.Request, _ server.CreateRequest, d gate.Decision) { write(w, d) }
	}
}

func refuseJSON(w http.ResponseWriter, status int, d gate.Decision, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	body := map[string]any{"code": d.Code, "error": message}
	if d.Provider != "" {
		body["provider"] = d.Provider
	}
	if err := json.NewEncoder(w).Encode(body); err != nil {
		fmt.Fprintln(w, err) // the client has gone; there is nobody to tell
	}
}
