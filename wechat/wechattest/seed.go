package wechattest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"strings"
)

// seed turns names into values that look random and are the same in every
// run. It protects nothing: whoever knows the seed knows every value.
type seed [8]byte

func newSeed(n uint64) (s seed) {
	binary.BigEndian.PutUint64(s[:], n)
	return s
}

// bytes returns n bytes for these names. No name holds a NUL, so no two
// lists of names join to the same text.
func (s seed) bytes(n int, names ...string) []byte {
	key := sha256.Sum256([]byte(string(s[:]) + strings.Join(names, "\x00")))
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}

// id returns 28 characters of WeChat's openid alphabet, the first an "o".
func (s seed) id(names ...string) string {
	return "o" + base64.RawURLEncoding.EncodeToString(s.bytes(21, names...))[:27]
}

// alphanumeric returns n letters and digits.
func (s seed) alphanumeric(n int, names ...string) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := s.bytes(n, names...)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// fresh returns n bytes that no other call returns. The caller holds s.mu.
func (s *Simulator) fresh(n int, name string) []byte {
	return s.seed.bytes(n, name, strconv.FormatUint(s.next(), 10))
}
