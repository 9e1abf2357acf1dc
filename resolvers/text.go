package resolvers

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkText tells which rule a text that a person typed breaks, "" for none: it
// has 1 to most characters and none that is hidden.
func checkText(text string, most int, hidden func(rune) bool) (rule string) {
	switch n := utf8.RuneCountInString(text); {
	case n == 0 || n > most:
		return fmt.Sprintf("must have 1 to %d characters", most)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, hidden):
		return "must not have control characters"
	}
	return ""
}

// disturbs reports whether a character does something to the line instead of
// standing in it: breaks it, or turns the direction of what stands around. The last two ranges are the embeddings, overrides and isolates
// of Unicode's Bidirectional Algorithm (UAX 9).
func disturbs(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// maxURL is what every browser and proxy lets through, in bytes.
const maxURL = 2048

// checkAvatarURL tells which rule an avatar's address breaks, "" for none. What
// chooseAvatar gives is a file on the phone (wxfile://tmp, or http://tmp and
// http://usr in the developer tools), which nobody else can open.
func checkAvatarURL(text string) (rule string) {
	for _, local := range []string{"wxfile://", "http://tmp", "http://usr"} {
		if strings.HasPrefix(strings.ToLower(text), local) {
			return "is a file on the phone: upload it first"
		}
	}
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		return fmt.Sprintf("must have at most %d bytes", maxURL)
	case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
		return "must be an https address without a user in it"
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || disturbs(r) }):
		return "must not have spaces or control characters"
	}
	return ""
}
