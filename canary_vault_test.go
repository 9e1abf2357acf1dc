package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// canary is a secret of the run: it may stand in the fields of answers that are
// made for its kind, before the eyes of its owner, and nowhere else.
type canary struct {
	kind  string
	text  string
	owner string // who may read it, besides administrators; "" when whoever gets it may
}

// administrator is the reader who sees what belongs to others.
const administrator = "an administrator"

// homes are the fields made for a kind of secret. A kind without one leaves in
// no answer at all. The user at the top is menshen export's.
var homes = map[string]*regexp.Regexp{
	"access token":  regexp.MustCompile(`^data\.(login|refreshLogin|redeemScanLogin\.login)\.accessToken$`),
	"refresh token": regexp.MustCompile(`^data\.(login|refreshLogin|redeemScanLogin\.login)\.refreshToken$`),
	"ticket secret": regexp.MustCompile(`^data\.createScanLogin\.secret$`),
	"phone number": regexp.MustCompile(`^(data\.decryptOpenData|user\.phoneNumber|data\.(me|node|user|userLoggedIn|users\.edges\.node)\.phoneNumber` +
		`|data\.(redeemScanLogin\.login|\w+)\.user\.phoneNumber)\.(phoneNumber|purePhoneNumber)$`),
	"open data": regexp.MustCompile(`^data\.decryptOpenData\.(openGId|json)$`),
}

// vault knows the secrets of the run. It grows while the server runs.
type vault struct {
	mu       sync.Mutex
	canaries map[canary]bool
	atHome   map[string]int // how often a kind was found in a field made for it
}

// ticketHash is a kind that is at home in the store alone.
const ticketHash = "SHA-256 of a ticket secret"

// addTicket takes note of the secret that a web page gets with its ticket.
func (v *vault) addTicket(secret string) {
	sum := sha256.Sum256([]byte(secret))
	v.add("ticket secret", secret)
	v.add(ticketHash, hex.EncodeToString(sum[:]))
}

// add takes note of a secret; an empty text is none.
func (v *vault) add(kind, text string) { v.addOf("", kind, text) }

// addOf takes note of a secret that its owner may read.
func (v *vault) addOf(owner, kind, text string) {
	if text == "" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.canaries[canary{kind, text, owner}] = true
}

// known are the secrets so far.
func (v *vault) known() map[canary]bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.canaries)
}

// stored are the secrets that the store is to hold as they are, and unstored all
// others.
func (v *vault) stored() (stored, unstored map[canary]bool) {
	stored, unstored = v.known(), v.known()
	maps.DeleteFunc(stored, func(c canary, _ bool) bool { return c.kind != ticketHash })
	maps.DeleteFunc(unstored, func(c canary, _ bool) bool { return c.kind == ticketHash })
	return stored, unstored
}

// samples are the secrets so far, one of each kind.
func (v *vault) samples() map[string]string {
	one := map[string]string{}
	for c := range v.known() {
		one[c.kind] = c.text
	}
	return one
}

// kinds counts the secrets of each kind.
func (v *vault) kinds() map[string]int {
	count := map[string]int{}
	for c := range v.known() {
		count[c.kind]++
	}
	return count
}

// search fails the test for each secret that stands in a text, in any form.
func (v *vault) search(t *testing.T, index probe, where string, text []byte) {
	t.Helper()
	told := map[canary]bool{}
	for at, found := range index.all(text) {
		if !told[found.canary] {
			t.Errorf("%s: a %s stands there as %s, in %.300q", where, found.kind, found.form, text[max(0, at-150):])
		}
		told[found.canary] = true
	}
}

// residue is what a reader gets in an answer besides secrets in the fields made
// for them: each text, number and member name on a line of its own.
func (v *vault) residue(e exchange) string {
	decoder := json.NewDecoder(strings.NewReader(e.body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return e.body // not JSON: the text itself
	}
	var lines strings.Builder
	v.collect(&lines, e.reader, "", value)
	return lines.String()
}

func (v *vault) collect(lines *strings.Builder, reader, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			lines.WriteString(name + "\n")
			v.collect(lines, reader, strings.TrimPrefix(path+"."+name, "."), member)
		}
	case []any:
		for _, item := range value {
			v.collect(lines, reader, path, item)
		}
	case string:
		lines.WriteString(v.withoutResidents(reader, path, value) + "\n")
	case json.Number:
		lines.WriteString(value.String() + "\n")
	}
}

// withoutResidents takes the secrets out of a text that are at home there and
// that the reader may see.
func (v *vault) withoutResidents(reader, path, text string) string {
	for kind, home := range homes {
		if !home.MatchString(path) {
			continue
		}
		for c := range v.canaries {
			if c.kind == kind && c.readableBy(reader) && strings.Contains(text, c.text) {
				text = strings.ReplaceAll(text, c.text, "")
				v.atHome[kind]++
			}
		}
	}
	return text
}

func (c canary) readableBy(reader string) bool {
	return c.owner == "" || reader == c.owner || reader == administrator
}
