package store

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// The kinds of id. A client may rely on nothing but that an id stays the same.
const (
	UserPrefix      = "usr_"
	SessionPrefix   = "ses_"
	EventPrefix     = "evt_"
	ScanLoginPrefix = "scn_"
)

// RawID is an id without its prefix: 48 bits of Unix milliseconds, then 80
// random bits. Time comes first so that new records land beside each other in
// an ordered store.
type RawID [16]byte

var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an id of the kind that prefix names.
func NewID(prefix string, now time.Time) string {
	var raw RawID
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16)
	rand.Read(raw[6:])
	return raw.Text(prefix)
}

// Text writes the id as clients see it.
func (r RawID) Text(prefix string) string {
	return prefix + idText.EncodeToString(r[:])
}

// Time returns when the id was made, to the millisecond.
func (r RawID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(r[:8]) >> 16)).UTC()
}

// ParseID reads an id of the kind that prefix names. Each id has exactly one
// text; anything else is refused.
func ParseID(prefix, text string) (RawID, bool) {
	digits, ok := strings.CutPrefix(text, prefix)
	if !ok || len(digits) != idText.EncodedLen(len(RawID{})) {
		return RawID{}, false
	}
	var raw RawID
	if _, err := idText.Decode(raw[:], []byte(digits)); err != nil || raw.Text(prefix) != text {
		return RawID{}, false
	}
	return raw, true
}
