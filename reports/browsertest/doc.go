// Package browsertest opens the HTML report in headless Chromium and uses it as
// a person does: it filters, clicks, types, follows a deep link, turns the
// lights out, holds a phone and prints.
//
// What lives here are tests only; the page itself lives in reports. They need a
// program called chromium, and fail where there is none. With -shots DIR they
// leave a picture of each look there.
package browsertest
