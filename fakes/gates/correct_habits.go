package gates

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/gate/server"
)

// Ways of a server with a database and approvals of its own, one each, and all of
// them together: no rule fixes any of them.
var lawfulHabits = []Double{
	{
		Name:   "pending-approvals",
		Story:  "A workspace secret that the administrator writes waits for an approval: 202, and nothing is set.",
		Server: func(c *server.Config) { c.Habits.Approvals = true },
	},
	{
		Name:  "rows-come-back",
		Story: "A delete while provisioning is under way is a 500, and the provisioning writes the row again.",
		Server: func(c *server.Config) {
			c.NoEngine, c.Habits.RowsComeBack, c.Habits.ProvisionTime = true, true, 20*time.Millisecond
		},
	},
	{
		Name:   "slow-restarts",
		Story:  "A provisioning takes its time before the gate is asked, as one does that pulls an image.",
		Server: func(c *server.Config) { c.Habits.ProvisionTime = 250 * time.Millisecond },
	},
	{
		Name:   "restarts-by-itself",
		Story:  "A changed secret restarts, after its reply, the workspaces that it touches; one that is being made meanwhile is held up.",
		Server: func(c *server.Config) { c.NoEngine, c.Habits.RestartDelay = true, time.Millisecond },
	},
	{
		Name:  "late-events",
		Story: "A failed provisioning's status and its event are two writes, and the event, without an id, comes later, that of an earlier one even after the restart.",
		Server: func(c *server.Config) {
			c.NoEngine, c.Habits.EventDelay, c.Habits.NoEventIDs, c.Habits.StaleFailure = true, 60*time.Millisecond, true, true
		},
	},
	{
		Name:  "seeded-root",
		Story: "A root workspace is there from the beginning, new ones nest under it, names get a suffix, and the list comes in pages.",
		Server: func(c *server.Config) {
			c.Habits.Root, c.Habits.NameSuffix, c.Habits.PageSize = "Org Concierge", " (2)", 7
		},
	},
	{
		Name:   "first-is-root",
		Story:  "The first workspace becomes the parent of the rest, and a delete takes those along that nest under it.",
		Server: func(c *server.Config) { c.Habits.Nests = true },
	},
	{
		Name:   "large-creates-queue",
		Story:  "Creates with many secrets are stored one after the other, and whoever comes meanwhile waits behind them.",
		Server: func(c *server.Config) { c.Habits.LargeCreateTime = 4 * time.Millisecond },
	},
	{
		Name:   "coloured-log",
		Story:  "The log is made for a terminal: colour escapes stand around and inside its words, and its lines come in several writes.",
		Server: func(c *server.Config) { c.Log = coloured(c.Log) },
	},
	{
		Name:   "json-log",
		Story:  "Each line of the log is a JSON object.",
		Server: func(c *server.Config) { c.Log = jsonLines(c.Log) },
	},
	{
		Name:  "workspace-server",
		Story: "All these ways at once, with a limit on its clients and creates that take their time, as the workspace server has them.",
		Server: func(c *server.Config) {
			c.NoEngine, c.Log = true, coloured(c.Log)
			c.RateLimit, c.RateWindow = 2000, time.Second
			c.Habits = server.Habits{
				Approvals: true, RowsComeBack: true, EventDelay: 60 * time.Millisecond, Root: "Org Concierge", PageSize: 50, SilentLimit: true,
				ProvisionTime: 10 * time.Millisecond, CreateTime: 5 * time.Millisecond,
			}
		},
	},
}

// words are the words of a log line, which are coloured, and inside which the
// colour changes once: some loggers colour what follows a separator.
var words = regexp.MustCompile(`[A-Za-z0-9_-]{3,}`)

// coloured writes log lines with colour escapes, in pieces.
func coloured(log io.Writer) io.Writer {
	if log == nil {
		return nil
	}
	pieces := server.InPieces(log, 16)
	return lineWriter(func(line []byte) {
		_, _ = pieces.Write(words.ReplaceAllFunc(line, func(word []byte) []byte {
			half := len(word) / 2
			return slices.Concat([]byte("\x1b[1;36m"), word[:half], []byte("\x1b[0m\x1b[36m"), word[half:], []byte("\x1b[0m"))
		}))
	})
}

// jsonLines writes each log line as a JSON object.
func jsonLines(log io.Writer) io.Writer {
	if log == nil {
		return nil
	}
	return lineWriter(func(line []byte) {
		text, _ := json.Marshal(map[string]any{"level": "warn", "ts": 1.5, "msg": string(bytes.TrimRight(line, "\n"))}) // always encodes
		_, _ = log.Write(append(text, '\n'))
	})
}

// A lineWriter is given whole lines, which is how the server logs.
type lineWriter func(line []byte)

func (w lineWriter) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}
