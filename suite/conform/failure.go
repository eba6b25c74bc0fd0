package conform

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/molecule-ai/byok-conformance/suite"
)

const (
	// maxExchanges is how many exchanges of one failure are printed.
	maxExchanges = 6
	// maxBody is how much of a body is printed, in bytes.
	maxBody = 400
)

// FailureText says what the command line says about a result that is no pass:
// the violations, the effect, the exchanges, and how to replay it, which is
// left out where it is empty. The engine has masked all credentials. It is
// empty for a result that passed or is waived.
func FailureText(r suite.Result, replay string) string {
	if r.Outcome == suite.Passed || r.Outcome == suite.Waived {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", r.Scenario.ID, r.Scenario.Title)
	switch {
	case r.Outcome != suite.Failed:
		write(&b, "  "+string(r.Outcome)+": ", r.Reason)
	case r.Reason != "":
		write(&b, "  not waived: ", r.Reason)
	}
	for _, v := range r.Violations {
		write(&b, "  "+v.Rule+": ", v.Message)
		write(&b, "    want: ", v.Want)
		write(&b, "    got:  ", v.Got)
	}
	write(&b, "  effect: ", r.Scenario.Effect)
	for i, x := range r.Exchanges {
		if i == maxExchanges {
			fmt.Fprintf(&b, "  … %d more exchanges\n", len(r.Exchanges)-i)
			break
		}
		writeExchange(&b, x)
	}
	if replay != "" {
		write(&b, "  replay: ", replay)
	}
	return b.String()
}

// writeExchange writes who was asked what, the answer, and both bodies.
func writeExchange(b *strings.Builder, x suite.Exchange) {
	text := fmt.Sprintf("%s %s -> ", x.Method, x.URL)
	if x.Status == 0 {
		text += "no answer"
	} else {
		text += fmt.Sprint(x.Status)
	}
	var notes []string
	for _, n := range []string{x.Stage, x.Credential, x.Note} {
		if n != "" {
			notes = append(notes, n)
		}
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, "; ") + ")"
	}
	who := x.Direction
	if x.Provider != "" {
		who += " " + x.Provider
	}
	write(b, "  "+who+": ", text)
	for _, side := range []struct{ mark, body string }{{"> ", x.RequestBody}, {"< ", x.ResponseBody}} {
		body := strings.TrimSpace(side.body)
		if len(body) > maxBody {
			body = fmt.Sprintf("%s… (%d more bytes)", body[:maxBody], len(body)-maxBody)
		}
		if body != "" {
			write(b, "    "+side.mark, strings.ReplaceAll(body, "\n", " "))
		}
	}
}

// write writes text after a label, further lines of it under the first. What
// would act on a terminal is replaced.
func write(b *strings.Builder, label, text string) {
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || strconv.IsPrint(r) {
			return r
		}
		return '\ufffd'
	}, strings.TrimSpace(text))
	b.WriteString(label + strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(label))) + "\n")
}

// Quote writes an argument for a POSIX shell.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
