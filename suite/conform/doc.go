// Package conform is the plain door of the harness: it replays the corpus at a
// server from the server's own Go tests, offline, without Ginkgo. One subtest is
// one scenario, named by its id:
//
//	func TestGate(t *testing.T) {
//		conform.Run(t, conform.Options{
//			Handler: func(providers http.RoundTripper) (http.Handler, error) {
//				return server.New(server.Config{Transport: providers, AdminToken: "t"})
//			},
//			Env: map[string]string{"ADMIN_TOKEN": "t"},
//		})
//	}
//
// What lives here is what both doors for Go servers share: the options, how a
// gate, a handler or a server is opened as a target, which scenarios it is held
// to, and the text of a failure. Package suite/specs declares the same as
// Ginkgo specs. Replaying and judging are the engine's (suite). Servers that
// are not started from Go are the command line's business.
package conform
