package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/conform"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	budget := 3 * time.Second
	options := conform.Options{
		Handler: func(providers http.RoundTripper) (http.Handler, error) {
			return newServer(config{Token: "admin", Transport: providers, Budget: budget})
		},
		Env:    map[string]string{"ADMIN_TOKEN": "admin"},
		Budget: budget,
	}
	if testing.Short() {
		options.Matrix = scenarios.PairwiseMatrix
	}
	conform.Run(t, options)
}
