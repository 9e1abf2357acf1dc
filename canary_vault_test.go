package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// canary is a secret of the run: it may stand in the fields of answers that are
// made for its kind, and nowhere else.
type canary struct {
	kind string
	text string
}

// homes are the fields made for a kind of secret. A kind without one leaves in
// no answer at all.
var homes = map[string]*regexp.Regexp{
	"access token":  regexp.MustCompile(`^data\.(login|refreshLogin)\.accessToken$`),
	"refresh token": regexp.MustCompile(`^data\.(login|refreshLogin)\.refreshToken$`),
	"phone number":  regexp.MustCompile(`^data\.decryptOpenData\.(phoneNumber|purePhoneNumber)$`),
	"open data":     regexp.MustCompile(`^data\.decryptOpenData\.(openGId|json)$`),
}

// vault knows the secrets of the run. It grows while the server runs.
type vault struct {
	mu       sync.Mutex
	canaries map[canary]bool
}

// add takes note of a secret; an empty text is none.
func (v *vault) add(kind, text string) {
	if text == "" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.canaries[canary{kind, text}] = true
}

// kinds counts the secrets of each kind.
func (v *vault) kinds() map[string]int {
	count := map[string]int{}
	for c := range v.canaries {
		count[c.kind]++
	}
	return count
}

// search fails the test for each secret that stands in a text, in any form.
func (v *vault) search(t *testing.T, where string, text []byte) {
	t.Helper()
	for c := range v.canaries {
		for name, form := range c.forms() {
			if at := bytes.Index(text, form); at >= 0 {
				t.Errorf("%s: a %s stands there as %s, in %.300q", where, c.kind, name, text[max(0, at-150):])
				break
			}
		}
	}
}

// forms are the ways a secret may be written.
func (c canary) forms() map[string][]byte {
	forms := map[string][]byte{}
	spell(forms, "", []byte(c.text))
	switch c.kind {
	case "session_key":
		if raw, err := base64.StdEncoding.DecodeString(c.text); err == nil {
			spell(forms, "bytes, ", raw)
		}
	case "access token": // a signature alone makes a known payload a token again
		spell(forms, "signature, ", []byte(c.text[strings.LastIndex(c.text, ".")+1:]))
	case "refresh token":
		if raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(c.text, "mrt_")); err == nil {
			spell(forms, "tag, ", raw[len(raw)-32:])
		}
	case "private key", "key file":
		if raw, err := base64.RawURLEncoding.DecodeString(urlAlphabet.Replace(c.text)); err == nil {
			spell(forms, "bytes, ", raw)
		}
	}
	return forms
}

var urlAlphabet = strings.NewReplacer("+", "-", "/", "_", "=", "")

// spell adds the spellings of a secret.
func spell(forms map[string][]byte, prefix string, secret []byte) {
	text := string(secret)
	quoted, _ := json.Marshal(text) // a string always can
	inJSON := strings.Trim(string(quoted), `"`)
	for name, form := range map[string]string{
		"plain":          text,
		"hex":            hex.EncodeToString(secret),
		"HEX":            strings.ToUpper(hex.EncodeToString(secret)),
		"URL query":      url.QueryEscape(text),
		"URL path":       url.PathEscape(text),
		"Go string":      strings.Trim(strconv.Quote(text), `"`),
		"JSON":           inJSON,
		"JSON, slashes":  strings.ReplaceAll(inJSON, "/", `\/`),
		"Go byte slice":  strings.Trim(strings.Join(strings.Fields(bytesOf(secret)), " "), "[]"),
		"base64":         inside(base64.StdEncoding, secret, 0),
		"base64, +1":     inside(base64.StdEncoding, secret, 1),
		"base64, +2":     inside(base64.StdEncoding, secret, 2),
		"base64url":      inside(base64.URLEncoding, secret, 0),
		"base64url, +1":  inside(base64.URLEncoding, secret, 1),
		"base64url, +2":  inside(base64.URLEncoding, secret, 2),
		"GraphQL string": strings.Trim(strconv.QuoteToASCII(text), `"`),
	} {
		forms[prefix+name] = []byte(form)
	}
}

// bytesOf is a secret as fmt prints a []byte.
func bytesOf(secret []byte) string {
	numbers := make([]string, len(secret))
	for i, b := range secret {
		numbers[i] = strconv.Itoa(int(b))
	}
	return strings.Join(numbers, " ")
}

// inside is what base64 makes of a secret that begins so many bytes into what is
// encoded, without the digits that its neighbours have a part in.
func inside(encoding *base64.Encoding, secret []byte, after int) string {
	digits := encoding.EncodeToString(append(make([]byte, after), secret...))
	first := (after*8 + 5) / 6
	last := (after + len(secret)) * 8 / 6
	return digits[first:last]
}

// residue is what an answer holds besides secrets in the fields made for them:
// each text, number and member name on a line of its own.
func (v *vault) residue(answer string) string {
	decoder := json.NewDecoder(strings.NewReader(answer))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return answer // not JSON: the text itself
	}
	var lines strings.Builder
	v.collect(&lines, "", value)
	return lines.String()
}

func (v *vault) collect(lines *strings.Builder, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			lines.WriteString(name + "\n")
			v.collect(lines, strings.TrimPrefix(path+"."+name, "."), member)
		}
	case []any:
		for _, item := range value {
			v.collect(lines, path, item)
		}
	case string:
		lines.WriteString(v.withoutResidents(path, value) + "\n")
	case json.Number:
		lines.WriteString(value.String() + "\n")
	}
}

// withoutResidents takes the secrets out of a text that are at home there.
func (v *vault) withoutResidents(path, text string) string {
	for kind, home := range homes {
		if !home.MatchString(path) {
			continue
		}
		for c := range v.canaries {
			if c.kind == kind {
				text = strings.ReplaceAll(text, c.text, "")
			}
		}
	}
	return text
}
