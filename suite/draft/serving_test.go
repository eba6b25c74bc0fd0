package draft

import (
	"net/http"
	"net/http/httptest"
)

// serving is a handler as a transport.
type serving struct{ handler http.Handler }

func (s serving) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}
