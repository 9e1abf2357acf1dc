package main_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
	"strings"
)

// spelling is one of the ways in which a secret may stand in a text.
type spelling struct {
	canary
	form string
	text []byte
}

// window is how many bytes of a spelling a probe looks up. No secret is so short.
const window = 8

// probe finds any of many spellings in one pass over a text: it knows them by
// their first bytes.
type probe map[[window]byte][]spelling

// newProbe spells the secrets.
func newProbe(canaries map[canary]bool) probe {
	p := probe{}
	for c := range canaries {
		for name, text := range c.forms() {
			head := [window]byte(text)
			p[head] = append(p[head], spelling{c, name, text})
		}
	}
	return p
}

// all yields each spelling in a text and where it stands.
func (p probe) all(text []byte) iter.Seq2[int, spelling] {
	return func(yield func(int, spelling) bool) {
		for at := range max(0, len(text)-window+1) {
			for _, candidate := range p[[window]byte(text[at:])] {
				if bytes.HasPrefix(text[at:], candidate.text) && !yield(at, candidate) {
					return
				}
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
		spellBytes(forms, base64.StdEncoding, c.text)
	case "EncodingAESKey":
		spellBytes(forms, base64.StdEncoding, c.text+"=")
	case "access token": // a signature alone makes a known payload a token again
		spell(forms, "signature, ", []byte(c.text[strings.LastIndex(c.text, ".")+1:]))
	case "refresh token":
		if raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(c.text, "mrt_")); err == nil {
			spell(forms, "tag, ", raw[len(raw)-32:])
		}
	case "private key", "key file":
		spellBytes(forms, base64.RawURLEncoding, urlAlphabet.Replace(c.text))
	case ticketHash:
		if raw, err := hex.DecodeString(c.text); err == nil {
			spell(forms, "bytes, ", raw)
		}
	case "phone number":
		spellNumber(forms, c.text)
	}
	return forms
}

var urlAlphabet = strings.NewReplacer("+", "-", "/", "_", "=", "")

// spellBytes adds the spellings of what a secret is the base64 of.
func spellBytes(forms map[string][]byte, encoding *base64.Encoding, text string) {
	if raw, err := encoding.DecodeString(text); err == nil {
		spell(forms, "bytes, ", raw)
	}
}

// spellNumber adds what people make of a phone number, and what a hash without a
// key makes of it: there are so few numbers that each can be tried. With a country
// code before it, a number holds itself.
func spellNumber(forms map[string][]byte, national string) {
	for _, gap := range []string{" ", "-"} {
		spell(forms, "grouped by "+gap+", ", []byte(national[:3]+gap+national[3:7]+gap+national[7:]))
	}
	for _, before := range []string{"", "86", "+86", "86 ", "+86 "} {
		sum := sha256.Sum256([]byte(before + national))
		spell(forms, "SHA-256 of "+before+", ", sum[:])
	}
}

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
		"Go byte slice":  bytesOf(secret),
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
