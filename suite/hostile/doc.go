// Package hostile drives the engine at servers that do one hostile or broken
// thing each, and holds it to ending in time, with a verdict that is right and
// that a person can read, and to leaving nothing open.
//
// What lives here are tests only. Commands that misbehave as processes are
// tested in suite/process, clients that misbehave at the proxy in fakes/proxy.
package hostile
