package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// adminOnly answers 401 unless the request carries the admin token.
func (s *Server) adminOnly(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := bearer(r)
		switch {
		case token == "":
			writeError(w, http.StatusUnauthorized, "admin auth required")
		case !s.isAdmin(token):
			writeError(w, http.StatusUnauthorized, "invalid admin auth token")
		default:
			next(w, r)
		}
	}
}

// bearer returns the request's bearer token, empty where there is none or where
// the scheme is not spelled exactly "Bearer".
func bearer(r *http.Request) string {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return ""
	}
	return token
}

// isAdmin compares digests, so that neither content nor length of the admin
// token shows in the time it takes.
func (s *Server) isAdmin(token string) bool {
	digest := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(digest[:], s.token[:]) == 1
}

// client names whose requests the rate limit counts together. Tokens that are
// not the admin's are not told apart: anyone can invent them.
func (s *Server) client(r *http.Request) string {
	if s.isAdmin(bearer(r)) {
		return "admin"
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return "address " + host
}
