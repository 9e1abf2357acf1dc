package resolvers

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"menshen/store"
)

// checkText tells which rule a text that a person typed breaks, "" for none: it
// has 1 to most characters, one that can be seen, and none that is forbidden.
func checkText(text string, most int, forbidden func(rune) bool) (rule string) {
	switch n := utf8.RuneCountInString(text); {
	case n == 0 || n > most || !strings.ContainsFunc(text, visible):
		return fmt.Sprintf("must have 1 to %d characters, one of them visible", most)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, forbidden):
		return "must not have control characters, or invisible ones that change what stands around"
	}
	return ""
}

// visible reports whether a character leaves a mark. The fillers of Hangul and
// the blank of Braille count as letters and leave none.
func visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !strings.ContainsRune("\u115f\u1160\u2800\u3164\uffa0", r)
}

// disturbs reports whether a character does something to the line instead of
// standing in it: breaks it, turns its direction, or hides in it. Joiners stand
// inside words and emoji, and tags inside flags.
func disturbs(r rune) bool {
	if r == '\u200c' || r == '\u200d' || r >= '\U000e0020' && r <= '\U000e007f' {
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
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
	case err != nil || u.Scheme != "https" || strings.Trim(u.Hostname(), ".") == "" || u.User != nil:
		return "must be an https address without a user in it"
	case !utf8.ValidString(text) || strings.ContainsFunc(text, breaksURL):
		return "must not have spaces, quotes, brackets, control characters, or invisible ones"
	}
	if _, err := strconv.ParseUint(cmp.Or(u.Port(), "443"), 10, 16); err != nil {
		return "must not have a port that is none"
	}
	return ""
}

// breaksURL reports whether a character may not stand in an address (RFC 3986,
// section 2), or would end one that somebody writes into a page.
func breaksURL(r rune) bool {
	return unicode.IsSpace(r) || disturbs(r) || strings.ContainsRune("\"<>\\^`{|}", r)
}

// keepable is a profile of open data as it is kept: by the rules for what a user
// types, since CBC lets whoever spoils a block bend the next one. What breaks a
// rule is left out. WeChat's own old addresses are http, and answer to https.
func keepable(p store.Profile) store.Profile {
	for _, text := range []*store.Optional{&p.NickName, &p.Language, &p.City, &p.Province, &p.Country} {
		if checkText(string(*text), maxName, disturbs) != "" {
			*text = ""
		}
	}
	if u, err := url.Parse(string(p.AvatarURL)); err == nil && u.Scheme == "http" && strings.HasSuffix(u.Hostname(), ".qlogo.cn") {
		u.Scheme = "https"
		p.AvatarURL = store.Optional(u.String())
	}
	if checkAvatarURL(string(p.AvatarURL)) != "" {
		p.AvatarURL = ""
	}
	return p
}
