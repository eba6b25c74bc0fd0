package text

import (
	"html"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// Markdown returns s as text that Markdown and HTML leave alone: every
// character that either gives a meaning to is a character reference.
func Markdown(s string) string {
	return replaceMarks.Replace(html.EscapeString(spelled.Line(s)))
}

var replaceMarks = strings.NewReplacer(
	`\`, "&#92;", "`", "&#96;", "*", "&#42;", "_", "&#95;", "~", "&#126;", "|", "&#124;",
	"[", "&#91;", "]", "&#93;", "!", "&#33;", "@", "&#64;", "$", "&#36;", "://", "&#58;//", "www.", "www&#46;",
)

// Code keeps, besides, mentions and links from being made of s.
func Code(s string) string { return "<code>" + Markdown(s) + "</code>" }

// Pre is a block of text as it is. Markdown has no meaning inside.
func Pre(s string) string { return "<pre>\n" + escapeTags.Replace(spelled.Text(s)) + "</pre>" }

// escapeTags leaves quotes alone, which text outside of tags may hold.
var escapeTags = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
