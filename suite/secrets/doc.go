// Package secrets makes the credential values of a run, knows whose each one is,
// and finds and masks pieces of them in texts: as they are, in percent and JSON
// escapes, in base64, and in the names of headers. That a piece in a reply is a
// violation is for suite/judge to say.
package secrets
