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

// visible reports whether a character leaves a mark. Some that count as letters
// or marks leave none, such as the fillers of Hangul, and the blank of Braille.
func visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '\u2800' &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
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

// avatarURL returns an avatar's address as it is kept, or the rule it breaks. What
// chooseAvatar gives is a file on the phone (wxfile://tmp, or http://tmp and
// http://usr in the developer tools), which nobody else can open.
func avatarURL(text string) (kept, rule string) {
	for _, local := range []string{"wxfile://", "http://tmp", "http://usr"} {
		if strings.HasPrefix(strings.ToLower(text), local) {
			return "", "is a file on the phone: upload it first"
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || strings.Trim(u.Hostname(), ".") == "" || u.User != nil {
		return "", "must be an https address without a user in it"
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, breaksURL) {
		return "", "must not have spaces, quotes, brackets, control characters, or invisible ones"
	}
	if port, err := strconv.ParseUint(cmp.Or(u.Port(), "443"), 10, 16); err != nil || port == 0 {
		return "", "must not have a port that is none"
	}
	if kept = u.String(); len(kept) > maxURL {
		return "", fmt.Sprintf("must have at most %d bytes", maxURL)
	}
	return kept, ""
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
	for text, most := range map[*store.Optional]int{
		&p.NickName: maxName, &p.Language: maxLanguage, &p.City: maxName, &p.Province: maxName, &p.Country: maxName,
	} {
		trimmed := strings.TrimSpace(string(*text))
		if checkText(trimmed, most, disturbs) != "" {
			trimmed = ""
		}
		*text = store.Optional(trimmed)
	}
	avatar := string(p.AvatarURL)
	if u, err := url.Parse(avatar); err == nil && u.Scheme == "http" && strings.HasSuffix(u.Host, ".qlogo.cn") {
		u.Scheme = "https"
		avatar = u.String()
	}
	avatar, _ = avatarURL(avatar)
	p.AvatarURL = store.Optional(avatar)
	return p
}
