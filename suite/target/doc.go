// Package target says what a target is: the interface that the engine drives, its
// requests and replies, and the exchanges on the wire, as data. How a server is
// asked stands in suite/server, how a Go value is in suite/govalue; what a reply
// means for a rule is for suite/judge to say.
package target
