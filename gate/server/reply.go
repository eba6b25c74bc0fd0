package server

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
)

// Created is a workspace that a create has just made.
type Created struct {
	ID string
	// Name differs from the one asked for where that was taken.
	Name   string
	Status string
	// AuthToken is the agent's; this server asks for it nowhere.
	AuthToken string
}

type warningBody struct {
	Provider   string `json:"provider"`
	Credential string `json:"credential"`
	Cause      string `json:"cause"`
}

type createdBody struct {
	ID              string        `json:"id"`
	Status          string        `json:"status"`
	WorkspaceAccess string        `json:"workspace_access"`
	AuthToken       string        `json:"auth_token"`
	Warnings        []warningBody `json:"warnings,omitempty"`
}

type externalBody struct {
	External   bool           `json:"external"`
	ID         string         `json:"id"`
	Status     string         `json:"status"`
	Connection connectionBody `json:"connection"`
	Warnings   []warningBody  `json:"warnings,omitempty"`
}

type connectionBody struct {
	WorkspaceID string `json:"workspace_id"`
	AuthToken   string `json:"auth_token"`
}

type refusedBody struct {
	Code       gate.Code `json:"code,omitempty"`
	Error      string    `json:"error"`
	Model      string    `json:"model"`
	Runtime    string    `json:"runtime"`
	Provider   string    `json:"provider,omitempty"`
	Accepted   []string  `json:"accepted,omitempty"`
	Credential string    `json:"credential,omitempty"`
}

// WriteCreated answers 201, with the gate's notices as warnings (LIV-11). It is
// the default of [Hooks].
func WriteCreated(w http.ResponseWriter, _ *http.Request, c CreateRequest, made Created, d gate.Decision) {
	var warnings []warningBody
	for _, notice := range d.Notices {
		warnings = append(warnings, warningBody(notice))
	}
	if c.External {
		writeJSON(w, http.StatusCreated, externalBody{
			External:   true,
			ID:         made.ID,
			Status:     made.Status,
			Connection: connectionBody{made.ID, made.AuthToken},
			Warnings:   warnings,
		})
		return
	}
	writeJSON(w, http.StatusCreated, createdBody{
		ID:              made.ID,
		Status:          made.Status,
		WorkspaceAccess: workspaceAccess,
		AuthToken:       made.AuthToken,
		Warnings:        warnings,
	})
}

// WriteRefusal answers 422 with the gate's code (REF-1), the provider, and what
// it accepts or which credential it rejected (REF-2). It is the default of
// [Hooks].
func WriteRefusal(w http.ResponseWriter, _ *http.Request, c CreateRequest, d gate.Decision) {
	body := refusedBody{
		Code:     d.Code,
		Error:    refusalText(c.Model, d),
		Model:    c.Model,
		Runtime:  c.Runtime,
		Provider: d.Provider,
	}
	switch d.Code {
	case gate.MissingCredential:
		body.Accepted = d.Accepted
	case gate.InvalidCredential:
		body.Credential = d.Credential
	}
	writeJSON(w, http.StatusUnprocessableEntity, body)
}

// refusalText is the gate's own message, or one made from its decision where the
// gate left that to its caller.
func refusalText(model string, d gate.Decision) string {
	switch {
	case d.Message != "":
		return d.Message
	case d.Code == gate.MissingCredential:
		return fmt.Sprintf("model %q resolves to BYOK provider %q but no credential it accepts (%s) exists at workspace or global scope",
			model, d.Provider, strings.Join(d.Accepted, ", "))
	case d.Code == gate.InvalidCredential:
		return fmt.Sprintf("BYOK provider %q of model %q rejected the credential %s; replace it and try again",
			d.Provider, model, d.Credential)
	}
	return fmt.Sprintf("the credential gate refused model %q", model)
}
