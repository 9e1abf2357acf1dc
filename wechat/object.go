package wechat

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object whose members are read by their exact names. A struct
// would not do: encoding/json takes "openID" for "openId" and the last of two
// members of one name, while the one who reads the same JSON after us may not,
// and what we checked would not be what they use. Here a name is its letters,
// and an object that gives one twice is refused. A null member counts as
// absent.
type object struct {
	members map[string]json.RawMessage
	odd     bool // a member that was asked for had another type than it must have
}

// parseObject reads data as one JSON object, and nothing after it.
func parseObject(data []byte) (*object, bool) {
	if !json.Valid(data) {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	o := &object{members: make(map[string]json.RawMessage)}
	for dec.More() {
		if !o.readMember(dec) {
			return nil, false
		}
	}
	return o, true
}

func (o *object) readMember(dec *json.Decoder) bool {
	token, err := dec.Token()
	if err != nil {
		return false
	}
	name, ok := token.(string)
	if _, twice := o.members[name]; twice || !ok {
		return false
	}
	var value json.RawMessage
	if dec.Decode(&value) != nil {
		return false
	}
	o.members[name] = value
	return true
}

// has reports whether one of names is there.
func (o *object) has(names ...string) bool {
	for _, name := range names {
		if value := o.members[name]; value != nil && string(value) != "null" {
			return true
		}
	}
	return false
}

// decode reads the member into v. An absent member leaves v as it is.
func (o *object) decode(name string, v any) {
	if o.has(name) && json.Unmarshal(o.members[name], v) != nil {
		o.odd = true
	}
}

// text returns a string, "" when it is absent.
func (o *object) text(name string) string {
	var s string
	o.decode(name, &s)
	return s
}

// identifier returns a string, or the digits of a whole number: WeChat has
// written both, for one field, in different years.
func (o *object) identifier(name string) string {
	value := string(o.members[name])
	if value != "" && strings.Trim(value, "0123456789") == "" {
		return value
	}
	return o.text(name)
}

// whole returns a whole number, also one that is written as a string; 0 when it
// is absent.
func (o *object) whole(name string) int64 {
	if !o.has(name) {
		return 0
	}
	n, err := strconv.ParseInt(strings.Trim(string(o.members[name]), `"`), 10, 64)
	if err != nil {
		o.odd = true
	}
	return n
}

// integer is whole for numbers that fit the 32 bits of a GraphQL Int.
func (o *object) integer(name string) int {
	n := o.whole(name)
	if n < math.MinInt32 || n > math.MaxInt32 {
		o.odd = true
		return 0
	}
	return int(n)
}

// lastSecond ends the year 9999, the last that RFC 3339 can write.
const lastSecond = 253402300799

// instant returns a Unix time in seconds, which must be there and lie between
// 1970 and 9999.
func (o *object) instant(name string) time.Time {
	n := o.whole(name)
	if n <= 0 || n > lastSecond {
		o.odd = true
	}
	return time.Unix(n, 0).UTC()
}
