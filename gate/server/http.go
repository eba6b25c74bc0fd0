package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// maxBody is what a request body may hold, in bytes: room for a secret of 1 MiB
// (ROB-2) and as much again.
const maxBody = 2 << 20

const requestIDHeader = "X-Request-Id"

func requestID(r *http.Request) string { return r.Header.Get(requestIDHeader) }

type errorBody struct {
	Error string `json:"error"`
}

type statusBody struct {
	Status string `json:"status"`
}

func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, errorBody{message})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		// No type of ours can bring this about.
		status, data = http.StatusInternalServerError, []byte(`{"error":"reply cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may be gone; there is no one to tell
}

// readJSON decodes the body, one JSON value and nothing after it, into v. It
// answers the request itself where that fails: 413 where the body is too large,
// else 400 with the given message.
func readJSON(w http.ResponseWriter, r *http.Request, v any, message string) bool {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		writeError(w, http.StatusRequestEntityTooLarge, "request body too large")
	case err != nil:
		writeError(w, http.StatusBadRequest, message)
	}
	return err == nil
}

// redirectToWorkspaces keeps method and body of a request with a slash too many.
func redirectToWorkspaces(w http.ResponseWriter, r *http.Request) {
	target := "/workspaces"
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, target, http.StatusTemporaryRedirect)
}
