// Package server drives a server under test over HTTP: a Profile says in YAML how
// it is asked and how its answers are read, and a Target does so. The built-in
// profiles stand in profiles/, the schema for editors beside this file. How a
// server is started and stopped is for suite/process.
package server
