package wechat

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Push is a message that WeChat sent for an app. Absent texts are empty; none
// has more than 128 bytes.
type Push struct {
	// ID names the message. It is the same when WeChat sends the message again,
	// though it encrypts and signs it anew.
	ID [sha256.Size]byte

	AppID     string
	Event     string    // in lower case, such as "user_authorization_revoke"; empty for what is no event
	OpenID    string    // the user whom the event is about; WeChat has left it out of user_info_modified
	UnionID   string    // of that user
	CreatedAt time.Time // whole seconds, UTC
	Revoked   []int     // the numbers of RevokeInfo, as WeChat's page 授权用户信息变更 lists them
}

const (
	// maxPushText is the longest text that a field may have, in bytes. An OpenID
	// has 28.
	maxPushText = 128

	// maxPushTags is how many tags XML, and how many commas JSON may have. Real
	// messages have less than a hundred; thirty thousand would take 25 MB, before
	// any signature is checked.
	maxPushTags = 4096
)

// identifying are the fields that tell a message without MsgId from others.
// WeChat names FromUserName and CreateTime. For the events about users these do
// not do: FromUserName is WeChat's own account, so that the second of two users
// in one second would be taken for the first.
var identifying = []string{
	"FromUserName", "CreateTime", "MsgType", "Event", "OpenID", "UnionID", "RevokeInfo", "OpenPID", "PluginID",
}

// readPush reads the message and refuses one that names another app. It wants a
// CreateTime: without it, a user's second event would have the ID of the first.
func readPush(appID string, o *object) (Push, bool) {
	text := func(name string) string {
		s := o.identifier(name)
		o.odd = o.odd || len(s) > maxPushText
		return s
	}
	p := Push{
		ID:        pushID(appID, text),
		AppID:     appID,
		OpenID:    text("OpenID"),
		UnionID:   text("UnionID"),
		CreatedAt: o.instant("CreateTime"),
		Revoked:   readNumbers(text("RevokeInfo")),
	}
	// The table of WeChat's page writes "Event", its sample "event".
	if strings.EqualFold(text("MsgType"), "event") {
		p.Event = strings.ToLower(text("Event"))
	}
	named := text("AppID")
	return p, !o.odd && (named == "" || named == appID)
}

// pushID hashes each text behind its length, so that no two lists of texts are
// the same bytes.
func pushID(appID string, text func(name string) string) [sha256.Size]byte {
	names := []string{"MsgId"}
	if text("MsgId") == "" {
		names = identifying
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%d:%s", len(appID), appID)
	for _, name := range names {
		fmt.Fprintf(hash, "%d:%s", len(text(name)), text(name))
	}
	return [sha256.Size]byte(hash.Sum(nil))
}

// readNumbers reads the numbers in a text: WeChat's page shows one and does not
// say how it writes two.
func readNumbers(text string) []int {
	var numbers []int
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(part); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// parsePush reads JSON or XML by what it looks like: the console of WeChat lets
// the operator choose either, at any time.
func parsePush(data []byte) (*object, bool) {
	data = bytes.TrimSpace(data)
	// encoding/json would turn invalid UTF-8 into U+FFFD and go on.
	if !utf8.Valid(data) {
		return nil, false
	}
	if bytes.HasPrefix(data, []byte("<")) {
		return parsePushXML(data)
	}
	return parsePushJSON(data)
}

// parsePushJSON takes the spaces off names and texts that stand in WeChat's
// samples (" OpenID"). Names that differ in nothing else are one name, twice.
func parsePushJSON(data []byte) (*object, bool) {
	if bytes.Count(data, []byte(",")) > maxPushTags {
		return nil, false
	}
	raw, ok := parseObject(data)
	if !ok {
		return nil, false
	}
	o := &object{members: make(map[string]json.RawMessage, len(raw.members))}
	for name, value := range raw.members {
		name = strings.TrimSpace(name)
		if _, twice := o.members[name]; twice {
			return nil, false
		}
		var text string
		if json.Unmarshal(value, &text) == nil {
			value = quoteTrimmed(text)
		}
		o.members[name] = value
	}
	return o, true
}

// pushXML is a message in XML.
type pushXML struct {
	XMLName xml.Name `xml:"xml"`
	Fields  []struct {
		XMLName xml.Name
		Text    string     `xml:",chardata"`
		Inner   []struct{} `xml:",any"`
	} `xml:",any"`
}

func parsePushXML(data []byte) (*object, bool) {
	if bytes.Count(data, []byte("<")) > maxPushTags {
		return nil, false
	}
	// WeChat's sample has < OpenPID>, which is not XML.
	dec := xml.NewDecoder(bytes.NewReader(bytes.ReplaceAll(data, []byte("< "), []byte("<"))))
	var root pushXML
	if dec.Decode(&root) != nil {
		return nil, false
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, false
	}
	return root.object(), true
}

// object returns the fields as members, their texts as strings. WeChat writes a
// list as one element several times and an object as elements in an element; in
// a field that must be a text, both are odd.
func (m pushXML) object() *object {
	o := &object{members: make(map[string]json.RawMessage, len(m.Fields))}
	for _, field := range m.Fields {
		name, value := field.XMLName.Local, quoteTrimmed(field.Text)
		if o.has(name) || field.Inner != nil {
			value = json.RawMessage("[]")
		}
		o.members[name] = value
	}
	return o
}

// quoteTrimmed writes the text as JSON, which no string refuses.
func quoteTrimmed(text string) json.RawMessage {
	quoted, _ := json.Marshal(strings.TrimSpace(text))
	return quoted
}
