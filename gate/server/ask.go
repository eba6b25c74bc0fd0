package server

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
)

// leakLength is the number of consecutive characters of a value that count as a
// leak of it (SEC-1).
const leakLength = 8

// gateUnavailable is all that a client learns where the gate gave no verdict.
const gateUnavailable = "gate unavailable"

// ask puts req to the gate. Whatever is not a clear verdict, a panic included,
// comes back as an error whose text holds no credential value and can be logged.
func (s *Server) ask(ctx context.Context, workspaceID string, req gate.Request) (d gate.Decision, err error) {
	defer func() {
		if value := recover(); value != nil {
			// The value itself may quote a secret; type and place do not.
			d, err = gate.Decision{}, fmt.Errorf("the gate panicked with a %T at %s", value, panicPlace())
		}
	}()
	req = s.hooks.GateRequest(workspaceID, req)
	d, err = s.gate.Decide(ctx, req)
	if err != nil {
		return gate.Decision{}, errors.New(redact(err.Error(), req.Secrets))
	}
	if d.Verdict != gate.Allowed && d.Verdict != gate.Refused {
		return gate.Decision{}, fmt.Errorf("the gate's verdict is %q; want %q or %q", d.Verdict, gate.Allowed, gate.Refused)
	}
	return d, nil
}

// panicPlace returns file:line of the panic being recovered by its caller.
func panicPlace() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	panicking := false
	for {
		frame, more := frames.Next()
		ours := !strings.HasPrefix(frame.Function, "runtime.")
		if panicking && ours {
			return fmt.Sprintf("%s:%d", frame.File, frame.Line)
		}
		panicking = panicking || frame.Function == "runtime.gopanic"
		if !more {
			return "an unknown place"
		}
	}
}

// redact masks in text every run of leakLength bytes or more that stands in a
// secret's value, so that a quoted, cut or escaped value is masked too.
func redact(text string, secrets gate.Secrets) string {
	leaked := make([]bool, len(text))
	for _, scope := range []map[string]gate.Secret{secrets.Workspace, secrets.Global} {
		for _, secret := range scope {
			for i := 0; i+leakLength <= len(text); i++ {
				if strings.Contains(secret.Value, text[i:i+leakLength]) {
					for j := range leakLength {
						leaked[i+j] = true
					}
				}
			}
		}
	}
	var masked strings.Builder
	for i := range len(text) {
		switch {
		case !leaked[i]:
			masked.WriteByte(text[i])
		case i == 0 || !leaked[i-1]:
			masked.WriteString("[redacted]")
		}
	}
	return masked.String()
}
