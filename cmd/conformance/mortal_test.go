package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

// mortalCreates is how many creates a mortal server lives through, unless
// MORTAL_CREATES says otherwise.
const mortalCreates = 40

// mortal is a right server that starts a process of its own and dies in the
// middle of a run. It writes the process's id into the file that MORTAL_CHILD names.
func mortal() {
	lives := int64(mortalCreates)
	if n, err := strconv.ParseInt(os.Getenv("MORTAL_CREATES"), 10, 64); err == nil {
		lives = n
	}
	child := exec.Command("sleep", "600")
	if err := child.Start(); err != nil {
		panic(err)
	}
	if err := os.WriteFile(os.Getenv("MORTAL_CHILD"), fmt.Append(nil, child.Process.Pid), 0o600); err != nil {
		panic(err)
	}
	s, err := server.New(server.Config{
		Gate: gate.NewReference(registry.Embedded(), gate.Options{Budget: time.Second}), AdminToken: os.Getenv("ADMIN_TOKEN"),
	})
	if err != nil {
		panic(err)
	}
	var creates atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/workspaces" && creates.Add(1) > lives {
			fmt.Fprintln(os.Stderr, "fatal: the disk is full")
			os.Exit(7)
		}
		s.ServeHTTP(w, r)
	})
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), handler))
}
